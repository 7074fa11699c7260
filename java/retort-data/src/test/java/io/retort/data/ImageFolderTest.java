package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFolderTest {
  @TempDir Path directory;

  /** A 2x3 image in which every sample differs. */
  private static BufferedImage colours(int salt) {
    BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 6; i++) {
      image.setRGB(i % 3, i / 3, (salt + i) << 16 | (salt + 10 + i) << 8 | (salt + 20 + i));
    }
    return image;
  }

  private static BufferedImage grey(int height, int width, int value) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.getRaster().setSample(x, y, 0, value);
      }
    }
    return image;
  }

  private Path write(String name, BufferedImage image) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    String format = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    assertThat(ImageIO.write(image, format, file.toFile())).isTrue();
    return file;
  }

  private Path write(String name, byte[] bytes) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private DatasetSplits load() throws IOException {
    return Datasets.load("folder", directory);
  }

  private void assertRefused(String... messageParts) {
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(this::load)
        .withMessageContainingAll(messageParts);
  }

  private static int[] labels(ImageDataset dataset) {
    int[] labels = new int[dataset.size()];
    Arrays.setAll(labels, dataset::label);
    return labels;
  }

  private static int[] firstBytes(ImageDataset dataset) {
    int[] bytes = new int[dataset.size()];
    Arrays.setAll(bytes, i -> dataset.pixels(i)[0] & 0xff);
    return bytes;
  }

  @Test
  void foldersAreClassesInTheOrderOfTheirNames() throws IOException {
    write("train/dog/a.png", grey(2, 3, 200));
    write("train/cat/a.png", grey(2, 3, 100));
    write("train/emu/a.png", grey(2, 3, 50));
    write("test/emu/a.png", grey(2, 3, 40));

    DatasetSplits splits = load();

    assertThat(splits.train().classNames()).containsExactly("cat", "dog", "emu");
    assertThat(splits.test().classNames()).containsExactly("cat", "dog", "emu");
    assertThat(splits.train()).hasToString("3 images of 2x3x1 in 3 classes");
    assertThat(firstBytes(splits.train())).containsExactly(100, 200, 50);
    assertThat(labels(splits.test())).containsExactly(2);
  }

  @Test
  void theFirstImageOfEachClassComesBeforeTheSecondOfAny() throws IOException {
    write("train/cat/1.png", grey(1, 1, 1));
    write("train/cat/2.png", grey(1, 1, 2));
    write("train/cat/3.png", grey(1, 1, 3));
    write("train/dog/1.png", grey(1, 1, 11));
    write("train/dog/2.png", grey(1, 1, 12));
    write("test/dog/1.png", grey(1, 1, 13));

    ImageDataset train = load().train();

    assertThat(firstBytes(train)).containsExactly(1, 11, 2, 12, 3);
    assertThat(labels(train)).containsExactly(0, 1, 0, 1, 0);
  }

  @Test
  void colourPngIsReadByteForByte() throws IOException {
    write("train/cat/a.png", colours(30));
    write("test/cat/a.PNG", colours(60));

    DatasetSplits splits = load();

    assertThat(splits.train()).hasToString("1 images of 2x3x3 in 1 classes");
    assertThat(splits.train().pixels(0))
        .containsExactly(30, 40, 50, 31, 41, 51, 32, 42, 52, 33, 43, 53, 34, 44, 54, 35, 45, 55);
    assertThat(splits.test().pixels(0)).startsWith(60, 70, 80);
  }

  @Test
  void transparencyIsLeftOut() throws IOException {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x40_64_32_16);
    write("train/cat/a.png", image);
    write("test/cat/a.png", image);

    assertThat(load().train().pixels(0)).containsExactly(0x64, 0x32, 0x16);
    assertThat(Datasets.load("folder", directory, new ImageSize(2, 2)).train().pixels(0))
        .startsWith(0x64, 0x32, 0x16);
  }

  @Test
  void greyLevelsAreReadAsTheyAreStored() throws IOException {
    BufferedImage ramp = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
    byte[] levels = new byte[256];
    for (int i = 0; i < 256; i++) {
      levels[i] = (byte) i;
    }
    ramp.getRaster().setDataElements(0, 0, 256, 1, levels);
    write("train/cat/a.png", ramp);
    write("test/cat/a.png", ramp);

    assertThat(load().train().pixels(0)).isEqualTo(levels);
  }

  @Test
  void greyLevelsOfSixteenBitsKeepTheUpperEight() throws IOException {
    BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setSample(0, 0, 0, 0xABCD);
    write("train/cat/a.png", image);
    write("test/cat/a.png", image);

    assertThat(load().train().pixels(0)).containsExactly(0xAB);
  }

  @Test
  void blackAndWhiteImagesAreGrey() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
    image.setRGB(1, 0, 0xffffff);
    write("train/cat/a.png", image);
    write("test/cat/a.png", image);

    DatasetSplits splits = load();

    assertThat(splits.train().channels()).isEqualTo(1);
    assertThat(splits.train().pixels(0)).containsExactly(0, 255);
  }

  @Test
  void palettesOfColoursAreColours() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED);
    image.setRGB(0, 0, 0xff0000);
    image.setRGB(1, 0, 0x0000ff);
    write("train/cat/a.png", image);
    write("test/cat/a.png", image);

    assertThat(load().train().pixels(0)).containsExactly(255, 0, 0, 0, 0, 255);
  }

  @Test
  void greyImagesAmongColouredOnesBecomeColoured() throws IOException {
    write("train/cat/a.png", grey(2, 3, 99));
    write("train/cat/b.png", grey(2, 3, 98));
    write("test/cat/a.png", colours(1));

    DatasetSplits splits = load();

    assertThat(splits.train().channels()).isEqualTo(3);
    assertThat(splits.train().pixels(1)).containsOnly(98).hasSize(18);
  }

  @ParameterizedTest
  @ValueSource(strings = {"jpg", "jpeg"})
  void jpegIsRead(String extension) throws IOException {
    write("train/cat/a." + extension, grey(16, 8, 123));
    write("test/cat/a." + extension, grey(16, 8, 45));

    DatasetSplits splits = load();

    assertThat(splits.train()).hasToString("1 images of 16x8x1 in 1 classes");
    // A constant block is its mean alone: the quantisation of that is off by one level at most.
    for (byte pixel : splits.train().pixels(0)) {
      assertThat(pixel & 0xff).isBetween(122, 124);
    }
  }

  @Test
  void imagesAreResizedWhereASizeIsAsked() throws IOException {
    write("train/cat/a.png", grey(40, 20, 77));
    write("train/cat/b.png", grey(5, 7, 78));
    write("train/cat/c.png", grey(6, 6, 79));
    write("test/cat/a.png", grey(6, 12, 80));

    DatasetSplits splits = Datasets.load("folder", directory, new ImageSize(6, 6));

    assertThat(splits.train()).hasToString("3 images of 6x6x1 in 1 classes");
    for (int i = 0; i < 3; i++) {
      for (byte pixel : splits.train().pixels(i)) {
        assertThat((int) pixel).isBetween(76 + i, 78 + i);
      }
    }
  }

  @Test
  void shrinkingTakesEveryPixelIntoAccount() throws IOException {
    // One bright column in eight: a filter that looks at two pixels of eight would miss it.
    BufferedImage stripes = grey(64, 64, 0);
    for (int y = 0; y < 64; y++) {
      for (int x = 0; x < 64; x += 8) {
        stripes.getRaster().setSample(x, y, 0, 200);
      }
    }
    write("train/cat/a.png", stripes);
    write("test/cat/a.png", stripes);

    DatasetSplits splits = Datasets.load("folder", directory, new ImageSize(8, 8));

    for (byte pixel : splits.train().pixels(0)) {
      assertThat(pixel & 0xff).isBetween(22, 28);
    }
  }

  @Test
  void otherFilesAreLeftAlone() throws IOException {
    write("train/cat/a.png", grey(2, 3, 1));
    write("train/cat/.hidden.png", new byte[] {1});
    write("train/cat/notes.txt", new byte[] {1});
    write("train/README", new byte[] {1});
    write("train/.cache/x.png", new byte[] {1});
    write("test/cat/a.png", grey(2, 3, 1));

    assertThat(load().train().size()).isEqualTo(1);
    assertThat(load().train().classNames()).containsExactly("cat");
  }

  @Test
  void imagesOfDifferentSizesAreRefusedWhereNoSizeIsAsked() throws IOException {
    Path first = write("train/cat/a.png", grey(2, 3, 1));
    write("train/cat/b.png", grey(2, 3, 1));
    Path odd = write("test/cat/a.png", grey(3, 2, 1));

    assertRefused(odd + " is 3x2, but " + first + " is 2x3", "ask for a size");
  }

  @Test
  void aFileThatIsNoImageIsRefused() throws IOException {
    write("test/cat/a.png", grey(2, 3, 1));
    Path file = write("train/cat/a.png", "not an image".getBytes(StandardCharsets.UTF_8));

    assertRefused(file + " is no JPEG or PNG image");
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    write("test/cat/a.png", grey(2, 3, 1));
    Path file = write("train/cat/a.jpg", new byte[0]);

    assertRefused(file + " is no JPEG or PNG image");
  }

  @ParameterizedTest
  @ValueSource(strings = {"png", "jpg"})
  void anImageCutShortIsRefused(String format) throws IOException {
    BufferedImage noise = new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 64 * 64; i++) {
      noise.setRGB(i % 64, i / 64, i * 0x9E3779B1);
    }
    write("test/cat/a.png", noise);
    Path file = write("train/cat/a." + format, noise);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));

    assertRefused(file + " cannot be decoded after byte", "remove it or fetch it again");
  }

  @Test
  void aDamagedImageIsRefusedOrReadButNeverCrashes() throws IOException {
    write("test/cat/a.png", colours(1));
    Path file = write("train/cat/a.png", colours(1));
    byte[] bytes = Files.readAllBytes(file);
    int refused = 0;
    for (int i = 0; i < bytes.length; i++) {
      byte[] damaged = bytes.clone();
      damaged[i] ^= 0x55;
      Files.write(file, damaged);
      try {
        load();
      } catch (DataException e) {
        assertThat(e).hasMessageContaining(".png");
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void aHeaderThatAnnouncesMorePixelsThanMemoryHoldsIsRefused() throws IOException {
    write("test/cat/a.png", grey(2, 3, 1));
    Path file = write("train/cat/a.png", grey(2, 3, 1));
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer.wrap(bytes).putInt(16, 60_000).putInt(20, 50_000);
    CRC32 checksum = new CRC32();
    checksum.update(bytes, 12, 17);
    ByteBuffer.wrap(bytes).putInt(29, (int) checksum.getValue());
    Files.write(file, bytes);

    assertRefused(file + " is 50000x60000, more than");
  }

  @Test
  void aMissingSplitIsNamed() throws IOException {
    write("train/cat/a.png", grey(2, 3, 1));

    assertRefused("not complete", directory.resolve("test") + " is missing");
  }

  @Test
  void splitsWithoutClassesAreRefused() throws IOException {
    Files.createDirectories(directory.resolve("test"));
    Files.createDirectories(directory.resolve("train"));
    assertRefused(directory.resolve("train") + " has no folder of a class");

    write("train/cat/a.png", grey(2, 3, 1));
    assertRefused(directory.resolve("test") + " has no folder of a class");
  }

  @Test
  void aClassWithoutImagesIsRefused() throws IOException {
    write("train/cat/a.png", grey(2, 3, 1));
    write("test/cat/a.png", grey(2, 3, 1));
    Path empty = Files.createDirectories(directory.resolve("train/dog"));

    assertRefused(empty + " has no image");
  }

  @Test
  void aClassThatOnlyTheTestHasIsRefused() throws IOException {
    write("train/cat/a.png", grey(2, 3, 1));
    write("test/dog/a.png", grey(2, 3, 1));

    assertRefused(directory.resolve("test/dog") + " is a class that", "does not have");
  }

  @Test
  void aMissingDirectoryIsNamedWithTheRemedy() {
    Path missing = directory.resolve("nowhere");

    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Datasets.load("folder", missing))
        .withMessage(
            "The image folder was not found in "
                + missing
                + "; put images in train/CLASS and test/CLASS or pass --data-dir DIR");
  }
}
