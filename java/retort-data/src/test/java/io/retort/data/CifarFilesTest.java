package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CifarFilesTest {
  private static final int IMAGE = 3072;

  @TempDir Path directory;

  /** One record: its label bytes, then planes whose bytes are told from each other by position. */
  private static byte[] record(int salt, int... labels) {
    byte[] record = new byte[labels.length + IMAGE];
    for (int k = 0; k < labels.length; k++) {
      record[k] = (byte) labels[k];
    }
    for (int i = 0; i < IMAGE; i++) {
      record[labels.length + i] = planar(salt, i / 1024, i % 1024);
    }
    return record;
  }

  private static byte planar(int salt, int channel, int position) {
    return (byte) (salt + 85 * channel + 3 * position);
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static void assertPixels(ImageDataset dataset, int example, int salt) {
    byte[] expected = new byte[IMAGE];
    for (int i = 0; i < IMAGE; i++) {
      expected[i] = planar(salt, i % 3, i / 3);
    }
    assertThat(dataset.pixels(example)).isEqualTo(expected);
  }

  private void writeCifar10(Path where) throws IOException {
    Files.createDirectories(where);
    for (int i = 1; i <= 5; i++) {
      Files.write(
          where.resolve("data_batch_" + i + ".bin"), join(record(i, i), record(10 * i, 9 - i)));
    }
    Files.write(where.resolve("test_batch.bin"), record(77, 3));
  }

  private void writeCifar100() throws IOException {
    Files.write(directory.resolve("train.bin"), join(record(1, 19, 99), record(2, 0, 42)));
    Files.write(directory.resolve("test.bin"), record(3, 4, 5));
  }

  private void assertRefused(String name, String... messageParts) {
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Datasets.load(name, directory))
        .withMessageContainingAll(messageParts);
  }

  @Test
  void cifar10IsTheFiveBatchesInOrderWithInterleavedChannels() throws IOException {
    writeCifar10(directory);

    DatasetSplits splits = Datasets.load("cifar-10", directory);

    assertThat(splits.train()).hasToString("10 images of 32x32x3 in 10 classes");
    for (int i = 1; i <= 5; i++) {
      assertPixels(splits.train(), 2 * i - 2, i);
      assertPixels(splits.train(), 2 * i - 1, 10 * i);
      assertThat(splits.train().label(2 * i - 2)).isEqualTo(i);
      assertThat(splits.train().label(2 * i - 1)).isEqualTo(9 - i);
    }
    assertPixels(splits.test(), 0, 77);
    assertThat(splits.test().label(0)).isEqualTo(3);
  }

  @Test
  void cifar100HasTheFineLabels() throws IOException {
    writeCifar100();

    DatasetSplits splits = Datasets.load("cifar-100", directory);

    assertThat(splits.train()).hasToString("2 images of 32x32x3 in 100 classes");
    assertThat(splits.train().label(0)).isEqualTo(99);
    assertThat(splits.train().label(1)).isEqualTo(42);
    assertThat(splits.test().label(0)).isEqualTo(5);
    assertPixels(splits.train(), 1, 2);
  }

  @Test
  void theDirectoryThatTheArchiveUnpacksToIsFound() throws IOException {
    writeCifar10(directory.resolve("cifar-10-batches-bin"));

    assertThat(Datasets.load("cifar-10", directory).train().size()).isEqualTo(10);
  }

  @Test
  void classNamesComeFromTheMetaFile() throws IOException {
    writeCifar10(directory);
    Files.writeString(
        directory.resolve("batches.meta.txt"),
        "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");

    assertThat(Datasets.load("cifar-10", directory).test().classNames())
        .containsExactly(
            "airplane",
            "automobile",
            "bird",
            "cat",
            "deer",
            "dog",
            "frog",
            "horse",
            "ship",
            "truck");
  }

  @Test
  void fineClassNamesComeFromTheirFile() throws IOException {
    writeCifar100();
    Files.writeString(
        directory.resolve("fine_label_names.txt"),
        IntStream.range(0, 100).mapToObj(i -> "fine" + i + "\r\n").collect(Collectors.joining()));

    assertThat(Datasets.load("cifar-100", directory).train().classNames().get(42))
        .isEqualTo("fine42");
  }

  @Test
  void classesAreNumberedWhereNoFileNamesThem() throws IOException {
    writeCifar100();

    assertThat(Datasets.load("cifar-100", directory).train().classNames())
        .hasSize(100)
        .startsWith("0", "1")
        .endsWith("99");
  }

  @Test
  void aFileThatNamesTooFewClassesIsRefused() throws IOException {
    writeCifar10(directory);
    Files.writeString(directory.resolve("batches.meta.txt"), "airplane\nautomobile\n");

    assertRefused("cifar-10", "batches.meta.txt names 2 classes, but CIFAR-10 has 10");
  }

  @Test
  void aMissingDirectoryIsNamedWithTheRemedy() {
    Path missing = directory.resolve("nowhere");

    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Datasets.load("cifar-100", missing))
        .withMessage(
            "CIFAR-100 was not found in "
                + missing
                + "; unpack cifar-100-binary.tar.gz there or pass --data-dir DIR");
  }

  @Test
  void aMissingBatchIsNamed() throws IOException {
    writeCifar10(directory);
    Files.delete(directory.resolve("data_batch_4.bin"));

    assertRefused("cifar-10", "data_batch_4.bin is missing", "cifar-10-binary.tar.gz");
  }

  @Test
  void aBatchCutShortIsRefused() throws IOException {
    writeCifar10(directory);
    Path file = directory.resolve("data_batch_2.bin");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 4000));

    assertRefused("cifar-10", file + " is cut short", "byte 4000", "3073 bytes");
  }

  @Test
  void bytesAfterTheLastRecordAreRefused() throws IOException {
    writeCifar100();
    Path file = directory.resolve("test.bin");
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 3075));

    assertRefused("cifar-100", file.toString(), "byte 3075", "3074 bytes");
  }

  @Test
  void anEmptyBatchIsRefused() throws IOException {
    writeCifar10(directory);
    Files.write(directory.resolve("test_batch.bin"), new byte[0]);

    assertRefused("cifar-10", "test_batch.bin", "byte 0");
  }

  @Test
  void aLabelOutOfRangeIsRefused() throws IOException {
    writeCifar10(directory);
    Path file = directory.resolve("data_batch_3.bin");
    Files.write(file, join(record(1, 9), record(1, 10)));

    assertRefused("cifar-10", file + " has the label 10 of 10 classes at byte 3073");
  }

  @Test
  void aCoarseOrFineLabelOutOfRangeIsRefused() throws IOException {
    writeCifar100();
    Path file = directory.resolve("train.bin");

    Files.write(file, record(1, 20, 0));
    assertRefused("cifar-100", file + " has the label 20 of 20 classes at byte 0");

    Files.write(file, record(1, 0, 100));
    assertRefused("cifar-100", file + " has the label 100 of 100 classes at byte 1");
  }
}
