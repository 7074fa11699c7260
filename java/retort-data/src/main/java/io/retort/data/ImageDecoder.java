package io.retort.data;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import net.coobird.thumbnailator.resizers.Resizers;

/**
 * Reads JPEG and PNG files of one size, or resizes them to one.
 *
 * <p>Transparency and an orientation in the metadata are left out of account. Grey samples of 16
 * bits keep their upper eight.
 */
final class ImageDecoder {
  /** A header can announce more pixels than any memory holds; photographs have far fewer. */
  private static final long MOST_PIXELS = 1L << 28;

  private final ImageSize target;

  /** The first image's size, which the others must have when none is asked for. */
  private ImageSize expected;

  private Path first;

  /** With a null target each image keeps its size. */
  ImageDecoder(ImageSize target) {
    this.target = target;
  }

  DecodedImage decode(Path path) throws IOException {
    BufferedImage image;
    try (InputStream bytes = Files.newInputStream(path);
        ImageInputStream in = new MemoryCacheImageInputStream(bytes)) {
      image = read(path, in);
    }
    BufferedImage plain = isGrey(image) ? grey(image) : rgb(image);
    return decoded(target == null ? plain : resize(plain));
  }

  private BufferedImage read(Path path, ImageInputStream in) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
    if (!readers.hasNext()) {
      throw new DataException(path + " is no JPEG or PNG image; remove it or fetch it again");
    }
    ImageReader reader = readers.next();
    try {
      reader.setInput(in, true, true);
      List<String> warnings = new ArrayList<>();
      reader.addIIOReadWarningListener((source, message) -> warnings.add(message));
      checkSize(path, reader.getWidth(0), reader.getHeight(0));
      BufferedImage image = reader.read(0);
      // The JPEG reader fills what is missing with grey and only warns.
      for (String warning : warnings) {
        if (warning.contains("Truncated") || warning.contains("premature end")) {
          throw corrupt(path, in, warning, null);
        }
      }
      return image;
    } catch (DataException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Readers answer corrupt files with exceptions of many kinds.
      throw corrupt(path, in, String.valueOf(e.getMessage()), e);
    } finally {
      reader.dispose();
    }
  }

  private static DataException corrupt(
      Path path, ImageInputStream in, String message, Exception cause) throws IOException {
    return new DataException(
        "%s cannot be decoded after byte %d (%s); remove it or fetch it again"
            .formatted(path, in.getStreamPosition(), message),
        cause);
  }

  private void checkSize(Path path, int width, int height) throws DataException {
    if ((long) width * height > MOST_PIXELS) {
      throw new DataException(
          "%s is %dx%d, more than %d pixels; make it smaller"
              .formatted(path, height, width, MOST_PIXELS));
    }
    ImageSize size = new ImageSize(height, width);
    if (expected == null) {
      expected = size;
      first = path;
    }
    if (target == null && !size.equals(expected)) {
      throw new DataException(
          "%s is %s, but %s is %s; ask for a size that all images are brought to"
              .formatted(path, size, first, expected));
    }
  }

  private static boolean isGrey(BufferedImage image) {
    if (image.getColorModel() instanceof IndexColorModel palette) {
      return IntStream.range(0, palette.getMapSize())
          .allMatch(
              i ->
                  palette.getRed(i) == palette.getGreen(i)
                      && palette.getRed(i) == palette.getBlue(i));
    }
    return image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
  }

  /** Eight bits a pixel, without transparency. */
  private static BufferedImage grey(BufferedImage image) {
    BufferedImage grey =
        new BufferedImage(image.getWidth(), image.getHeight(), BufferedImage.TYPE_BYTE_GRAY);
    grey.getRaster().setSamples(0, 0, image.getWidth(), image.getHeight(), 0, greySamples(image));
    return grey;
  }

  /**
   * Taken from the raster where there is no palette: asking a grey image for its colours would
   * brighten it, for Java's grey is linear and its RGB is not.
   */
  private static int[] greySamples(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    if (image.getColorModel() instanceof IndexColorModel) {
      int[] colours = image.getRGB(0, 0, width, height, null, 0, width);
      return Arrays.stream(colours).map(colour -> colour & 0xff).toArray();
    }
    Raster raster = image.getRaster();
    int shift = raster.getSampleModel().getSampleSize(0) - Byte.SIZE;
    int[] samples = raster.getSamples(0, 0, width, height, 0, (int[]) null);
    return Arrays.stream(samples).map(sample -> sample >> shift).toArray();
  }

  /** Red, green and blue of eight bits each, without transparency. */
  private static BufferedImage rgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    BufferedImage rgb = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    rgb.setRGB(0, 0, width, height, image.getRGB(0, 0, width, height, null, 0, width), 0, width);
    return rgb;
  }

  /**
   * Bilinear, by halves where the image shrinks to less than half, so that every pixel has its
   * share.
   */
  private BufferedImage resize(BufferedImage image) {
    if (image.getWidth() == target.width() && image.getHeight() == target.height()) {
      return image;
    }
    BufferedImage resized = new BufferedImage(target.width(), target.height(), image.getType());
    Resizers.PROGRESSIVE.resize(image, resized);
    return resized;
  }

  private static DecodedImage decoded(BufferedImage image) {
    Raster raster = image.getRaster();
    int[] samples = raster.getPixels(0, 0, raster.getWidth(), raster.getHeight(), (int[]) null);
    byte[] bytes = new byte[samples.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) samples[i];
    }
    ImageSize size = new ImageSize(raster.getHeight(), raster.getWidth());
    return new DecodedImage(size, raster.getNumBands(), bytes);
  }
}
