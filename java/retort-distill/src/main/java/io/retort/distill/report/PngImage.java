package io.retort.distill.report;

import io.retort.distill.Prediction;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Base64;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** The pixels of a test image as a PNG that a page holds within itself. */
final class PngImage {

  private PngImage() {}

  /**
   * The image as a {@code data:} URI, one pixel a pixel.
   *
   * @throws IOException if the image has no pixels, a number of them that does not fit its sizes, a
   *     value outside [0, 255], or neither 1 nor 3 channels
   */
  static String dataUri(Prediction image) throws IOException {
    check(image);
    int type = image.channels() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB;
    BufferedImage picture = new BufferedImage(image.width(), image.height(), type);
    picture.getRaster().setPixels(0, 0, image.width(), image.height(), image.pixels());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (var stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(picture, "png", stream);
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static void check(Prediction image) throws IOException {
    String name = "test image " + image.index();
    if (image.channels() != 1 && image.channels() != 3) {
      throw new IOException(name + " has " + image.channels() + " channels, not 1 or 3");
    }
    long pixels = (long) image.height() * image.width() * image.channels();
    if (image.height() < 1 || image.width() < 1 || image.pixels().length != pixels) {
      throw new IOException(
          "%s has %d values, which is not %d x %d x %d"
              .formatted(
                  name, image.pixels().length, image.height(), image.width(), image.channels()));
    }
    for (int value : image.pixels()) {
      if (value < 0 || value > 255) {
        throw new IOException(name + " has the value " + value + ", outside [0, 255]");
      }
    }
  }
}
