package io.retort.data;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The binary version of CIFAR-10 and CIFAR-100.
 *
 * <p>A file is a row of records without header: the label bytes (CIFAR-10: one; CIFAR-100: coarse,
 * then fine), then 3072 pixel bytes: 32x32 red, 32x32 green, 32x32 blue. A file may have any number
 * of records, so that a part of the data set can be used in its format.
 */
final class CifarFiles {
  private static final int SIDE = 32;
  private static final int CHANNELS = 3;
  private static final int PLANE = SIDE * SIDE;
  private static final int IMAGE = PLANE * CHANNELS;

  private final Origin origin;
  private final String subdirectory;
  private final List<String> trainFiles;
  private final List<String> testFiles;
  private final String namesFile;

  /** How many values each label byte of a record may have; the last of them is the class. */
  private final int[] labelRanges;

  private CifarFiles(
      Origin origin,
      String subdirectory,
      List<String> trainFiles,
      List<String> testFiles,
      String namesFile,
      int... labelRanges) {
    this.origin = origin;
    this.subdirectory = subdirectory;
    this.trainFiles = trainFiles;
    this.testFiles = testFiles;
    this.namesFile = namesFile;
    this.labelRanges = labelRanges;
  }

  static CifarFiles cifar10(Origin origin) {
    List<String> train =
        IntStream.rangeClosed(1, 5).mapToObj(i -> "data_batch_" + i + ".bin").toList();
    return new CifarFiles(
        origin, "cifar-10-batches-bin", train, List.of("test_batch.bin"), "batches.meta.txt", 10);
  }

  static CifarFiles cifar100(Origin origin) {
    return new CifarFiles(
        origin,
        "cifar-100-binary",
        List.of("train.bin"),
        List.of("test.bin"),
        "fine_label_names.txt",
        20,
        100);
  }

  DatasetSplits read() throws IOException {
    origin.requireDirectory();
    // The archive unpacks into a directory of its own.
    Path unpacked = origin.directory().resolve(subdirectory);
    Path directory = Files.isDirectory(unpacked) ? unpacked : origin.directory();
    List<Path> train = find(directory, trainFiles);
    List<Path> test = find(directory, testFiles);
    List<String> classNames = readClassNames(directory.resolve(namesFile));
    return new DatasetSplits(readFiles(train, classNames), readFiles(test, classNames));
  }

  private List<Path> find(Path directory, List<String> names) throws DataException {
    List<Path> paths = names.stream().map(directory::resolve).toList();
    for (Path path : paths) {
      if (!Files.isRegularFile(path)) {
        throw origin.missing(path);
      }
    }
    return paths;
  }

  private int classes() {
    return labelRanges[labelRanges.length - 1];
  }

  /** One name a line; the numbers of the classes when the file is not there. */
  private List<String> readClassNames(Path path) throws IOException {
    if (!Files.isRegularFile(path)) {
      return IntStream.range(0, classes()).mapToObj(Integer::toString).toList();
    }
    // Every byte is a character of this charset, so no content can make the decoding fail.
    List<String> names =
        Files.readAllLines(path, StandardCharsets.ISO_8859_1).stream()
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .toList();
    if (names.size() != classes()) {
      throw new DataException(
          "%s names %d classes, but %s has %d; remove it or fetch it again"
              .formatted(path, names.size(), origin.title(), classes()));
    }
    return names;
  }

  private ImageDataset readFiles(List<Path> paths, List<String> classNames) throws IOException {
    int[] counts = new int[paths.size()];
    long total = 0;
    for (int i = 0; i < counts.length; i++) {
      counts[i] = countRecords(paths.get(i));
      total += counts[i];
    }
    if (total > Integer.MAX_VALUE / IMAGE) {
      throw new DataException(
          "The %d images in %s and its like are more than 2 GiB".formatted(total, paths.get(0)));
    }
    byte[] pixels = new byte[(int) total * IMAGE];
    int[] labels = new int[(int) total];
    int first = 0;
    for (int i = 0; i < counts.length; i++) {
      readFile(paths.get(i), counts[i], first, pixels, labels);
      first += counts[i];
    }
    return ImageDataset.owning(pixels, labels, SIDE, SIDE, CHANNELS, classNames);
  }

  private int recordBytes() {
    return labelRanges.length + IMAGE;
  }

  private int countRecords(Path path) throws IOException {
    long bytes = Files.size(path);
    long records = bytes / recordBytes();
    if (records == 0 || bytes % recordBytes() != 0) {
      throw new DataException(
          ("%s is cut short or corrupt: it ends at byte %d, within or before a record of %d bytes;"
                  + " fetch it again")
              .formatted(path, bytes, recordBytes()));
    }
    return (int) Math.min(records, Integer.MAX_VALUE);
  }

  private void readFile(Path path, int count, int first, byte[] pixels, int[] labels)
      throws IOException {
    try (DataFile file = DataFile.open(path)) {
      for (int i = first; i < first + count; i++) {
        long start = file.offset();
        byte[] record = file.readBytes(recordBytes(), "the record");
        for (int k = 0; k < labelRanges.length; k++) {
          labels[i] = Byte.toUnsignedInt(record[k]);
          if (labels[i] >= labelRanges[k]) {
            throw file.error(
                start + k, "has the label %d of %d classes".formatted(labels[i], labelRanges[k]));
          }
        }
        interleave(record, labelRanges.length, pixels, i * IMAGE);
      }
    }
  }

  /** Planes of red, green and blue to pixels of red, green and blue. */
  private static void interleave(byte[] planes, int from, byte[] pixels, int to) {
    for (int channel = 0; channel < CHANNELS; channel++) {
      for (int i = 0; i < PLANE; i++) {
        pixels[to + i * CHANNELS + channel] = planes[from + channel * PLANE + i];
      }
    }
  }
}
