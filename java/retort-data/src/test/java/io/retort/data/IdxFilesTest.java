package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdxFilesTest {
  private static final String TRAIN_IMAGES = "train-images-idx3-ubyte";
  private static final String TRAIN_LABELS = "train-labels-idx1-ubyte";
  private static final String TEST_IMAGES = "t10k-images-idx3-ubyte";
  private static final String TEST_LABELS = "t10k-labels-idx1-ubyte";

  @TempDir Path directory;

  /** Three training images and two test images of 2x3 pixels. */
  @BeforeEach
  void writeFiles() throws IOException {
    write(TRAIN_IMAGES, images(3, 2, 3));
    write(TRAIN_LABELS, labels(9, 0, 3));
    write(TEST_IMAGES, images(2, 2, 3));
    write(TEST_LABELS, labels(4, 1));
  }

  /** Pixel k of the file has the value 10 k, modulo 256. */
  private static byte[] images(int count, int height, int width) {
    int bytes = count * height * width;
    ByteBuffer file = ByteBuffer.allocate(16 + bytes);
    file.putInt(0x803).putInt(count).putInt(height).putInt(width);
    for (int i = 0; i < bytes; i++) {
      file.put((byte) (10 * i));
    }
    return file.array();
  }

  private static byte[] labels(int... labels) {
    ByteBuffer file = ByteBuffer.allocate(8 + labels.length);
    file.putInt(0x801).putInt(labels.length);
    for (int label : labels) {
      file.put((byte) label);
    }
    return file.array();
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(directory.resolve(name), bytes);
  }

  private DatasetSplits load() throws IOException {
    return Datasets.load("mnist", directory);
  }

  private void assertRefused(String... messageParts) {
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(this::load)
        .withMessageContainingAll(messageParts);
  }

  private static void assertAsWritten(DatasetSplits splits) {
    ImageDataset train = splits.train();
    assertThat(train).hasToString("3 images of 2x3x1 in 10 classes");
    assertThat(splits.test()).hasToString("2 images of 2x3x1 in 10 classes");
    assertThat(train.pixels(0)).containsExactly(0, 10, 20, 30, 40, 50);
    assertThat(train.pixels(2)).containsExactly(120, 130, 140, 150, 160, 170);
    assertThat(new int[] {train.label(0), train.label(1), train.label(2)}).containsExactly(9, 0, 3);
    assertThat(splits.test().label(1)).isEqualTo(1);
  }

  @Test
  void plainFilesAreRead() throws IOException {
    assertAsWritten(load());
    assertThat(load().train().classNames().get(7)).isEqualTo("7");
  }

  @Test
  void compressedFilesAreRead() throws IOException {
    for (String name : new String[] {TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS}) {
      write(name + ".gz", gzip(Files.readAllBytes(directory.resolve(name))));
      Files.delete(directory.resolve(name));
    }

    assertAsWritten(load());
  }

  @Test
  void fashionMnistHasItsOwnClassNames() throws IOException {
    DatasetSplits splits = Datasets.load("fashion-mnist", directory);

    assertAsWritten(splits);
    assertThat(splits.train().classNames())
        .hasSize(10)
        .startsWith("T-shirt/top")
        .endsWith("Ankle boot");
  }

  @Test
  void aMissingDirectoryIsNamedWithTheRemedy() {
    Path missing = directory.resolve("nowhere");

    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Datasets.load("fashion-mnist", missing))
        .withMessage(
            "Fashion-MNIST was not found in "
                + missing
                + "; install Debian's package dataset-fashion-mnist or pass --data-dir DIR");
  }

  @Test
  void aMissingFileIsNamedWithTheRemedy() throws IOException {
    Files.delete(directory.resolve(TEST_LABELS));

    assertRefused("MNIST is not complete", TEST_LABELS, "is missing", "--data-dir DIR");
  }

  @Test
  void imagesCutShortAreRefused() throws IOException {
    Path file = write(TRAIN_IMAGES, Arrays.copyOf(images(3, 2, 3), 30));

    assertRefused(file + " is cut short: it ends at byte 30, but 3 images should end at byte 34");
  }

  @Test
  void aHeaderCutShortIsRefused() throws IOException {
    Path file = write(TRAIN_IMAGES, Arrays.copyOf(images(3, 2, 3), 10));

    assertRefused(file.toString(), "ends at byte 10", "the number of rows", "byte 12");
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    Path file = write(TEST_LABELS, new byte[0]);

    assertRefused(file.toString(), "ends at byte 0", "the magic number");
  }

  @Test
  void labelsCutShortAreRefused() throws IOException {
    Path file = write(TRAIN_LABELS, Arrays.copyOf(labels(9, 0, 3), 10));

    assertRefused(file + " is cut short: it ends at byte 10, but 3 labels should end at byte 11");
  }

  @Test
  void bytesAfterTheImagesAreRefused() throws IOException {
    Path file = write(TRAIN_IMAGES, Arrays.copyOf(images(3, 2, 3), 35));

    assertRefused(file + " has more bytes than its header announces at byte 34");
  }

  @Test
  void bytesAfterTheLabelsAreRefused() throws IOException {
    Path file = write(TEST_LABELS, Arrays.copyOf(labels(4, 1), 12));

    assertRefused(file + " has more bytes than its header announces at byte 10");
  }

  @Test
  void labelsInThePlaceOfImagesAreRefused() throws IOException {
    Path file = write(TRAIN_IMAGES, labels(1, 2, 3));

    assertRefused(file.toString(), "0x00000801, not 0x00000803", "at byte 0");
  }

  @Test
  void imagesInThePlaceOfLabelsAreRefused() throws IOException {
    Path file = write(TRAIN_LABELS, images(3, 2, 3));

    assertRefused(file.toString(), "0x00000803, not 0x00000801", "at byte 0");
  }

  @Test
  void aDifferentNumberOfLabelsAndImagesIsRefused() throws IOException {
    Path file = write(TRAIN_LABELS, labels(1, 2));

    assertRefused(file.toString(), "2 labels", TRAIN_IMAGES, "3 images", "at byte 4");
  }

  @Test
  void aLabelOutOfRangeIsRefused() throws IOException {
    Path file = write(TRAIN_LABELS, labels(1, 10, 2));

    assertRefused(file + " has the label 10 of 10 classes at byte 9");
  }

  @Test
  void testImagesOfAnotherSizeAreRefused() throws IOException {
    Path file = write(TEST_IMAGES, images(2, 3, 2));

    assertRefused(file + " says at byte 8", "3x2", TRAIN_IMAGES, "2x3");
  }

  @Test
  void aHeaderThatAnnouncesNothingIsRefused() throws IOException {
    Path file = write(TRAIN_IMAGES, images(0, 2, 3));

    assertRefused(file + " gives 0 as the number of images at byte 4");
  }

  @Test
  void aHeaderWithANegativeSizeIsRefused() throws IOException {
    byte[] bytes = images(3, 2, 3);
    ByteBuffer.wrap(bytes).putInt(12, -1);
    Path file = write(TRAIN_IMAGES, bytes);

    assertRefused(file + " gives 4294967295 as the number of columns at byte 12");
  }

  @Test
  void aHeaderWhoseSizesOverflowIsRefused() throws IOException {
    byte[] bytes = images(3, 2, 3);
    ByteBuffer.wrap(bytes).putInt(4, 1 << 20).putInt(8, 1 << 20).putInt(12, 1 << 24);
    Path file = write(TRAIN_IMAGES, bytes);

    assertRefused(file.toString(), "more than 2 GiB", "at byte 4");
  }

  @Test
  void aHeaderThatLiesDoesNotExhaustMemory() throws IOException {
    byte[] bytes = images(3, 2, 3);
    ByteBuffer.wrap(bytes).putInt(4, 300_000_000);
    Path file = write(TRAIN_IMAGES, bytes);

    assertRefused(file + " is cut short: it ends at byte 34");
  }

  @Test
  void aFileThatIsNotCompressedButSaysSoIsRefused() throws IOException {
    Files.delete(directory.resolve(TRAIN_IMAGES));
    Path file = write(TRAIN_IMAGES + ".gz", images(3, 2, 3));

    assertRefused(file + " is no gzip file");
  }

  @Test
  void aCompressedFileCutShortIsRefused() throws IOException {
    Files.delete(directory.resolve(TRAIN_IMAGES));
    byte[] compressed = gzip(images(300, 20, 30));
    Path file = write(TRAIN_IMAGES + ".gz", Arrays.copyOf(compressed, compressed.length - 20));

    assertRefused(file + " is broken after byte", "fetch it again");
  }

  @Test
  void aCompressedFileWithAWrongChecksumIsRefused() throws IOException {
    Files.delete(directory.resolve(TRAIN_IMAGES));
    byte[] compressed = gzip(images(3, 2, 3));
    compressed[compressed.length - 8] ^= 1;
    Path file = write(TRAIN_IMAGES + ".gz", compressed);

    assertRefused(file + " is broken after byte 34");
  }

  @Test
  void aCompressedFileWithADamagedBodyIsRefused() throws IOException {
    Files.delete(directory.resolve(TRAIN_IMAGES));
    byte[] compressed = gzip(images(3, 2, 3));
    // The first byte after the header says of which type the block is; there is no type 3.
    compressed[10] = 7;
    Path file = write(TRAIN_IMAGES + ".gz", compressed);

    assertRefused(file + " is broken after byte 0");
  }

  @Test
  void randomDamageNeverGivesAnythingButADataSetOrADataException() throws IOException {
    byte[] images = gzip(images(3, 2, 3));
    Files.delete(directory.resolve(TRAIN_IMAGES));
    for (int i = 0; i < images.length; i++) {
      byte[] damaged = images.clone();
      damaged[i] ^= 0x55;
      write(TRAIN_IMAGES + ".gz", damaged);
      try {
        load();
      } catch (DataException e) {
        assertThat(e).hasMessageContaining("train-");
      }
    }
  }
}
