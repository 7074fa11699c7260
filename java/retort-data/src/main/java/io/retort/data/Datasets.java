package io.retort.data;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads the data sets that Retort knows, by name.
 *
 * <ul>
 *   <li>{@code fashion-mnist}, {@code mnist}: the four IDX files {@code train-images-idx3-ubyte},
 *       {@code train-labels-idx1-ubyte}, {@code t10k-images-idx3-ubyte} and {@code
 *       t10k-labels-idx1-ubyte}, each plain or compressed with gzip ({@code .gz}).
 *   <li>{@code cifar-10}: {@code data_batch_1.bin} to {@code data_batch_5.bin} and {@code
 *       test_batch.bin}, the binary version; {@code batches.meta.txt} names the classes.
 *   <li>{@code cifar-100}: {@code train.bin} and {@code test.bin}, the binary version, with the
 *       fine labels; {@code fine_label_names.txt} names the classes.
 *   <li>{@code folder}: JPEG and PNG images, {@code train/CLASS/*} and {@code test/CLASS/*}.
 * </ul>
 *
 * <p>The formats are those of <a href="http://yann.lecun.com/exdb/mnist/">MNIST</a>, <a
 * href="https://github.com/zalandoresearch/fashion-mnist">Fashion-MNIST</a> and <a
 * href="https://www.cs.toronto.edu/~kriz/cifar.html">CIFAR</a>.
 */
public final class Datasets {
  private static final List<String> NAMES =
      List.of("fashion-mnist", "mnist", "cifar-10", "cifar-100", "folder");

  private static final List<String> FASHION_CLASSES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  private static final List<String> DIGITS =
      List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");

  private Datasets() {}

  /**
   * The names of the data sets that {@link #load} knows.
   *
   * @return an immutable list
   */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * Where a data set is looked for when no directory is given.
   *
   * @param name one of {@link #names}
   * @return the place of Debian's package for {@code fashion-mnist}; {@code data/NAME} below the
   *     working directory for the others
   * @throws IllegalArgumentException when the name is unknown
   */
  public static Path usualPlace(String name) {
    checkName(name);
    return name.equals("fashion-mnist")
        ? Path.of("/usr/share/datasets/fashion-mnist")
        : Path.of("data", name);
  }

  /**
   * Reads a data set whose images keep their size.
   *
   * @param name one of {@link #names}
   * @param directory where its files lie; null for the {@linkplain #usualPlace usual place}
   * @return the data set, all in memory
   * @throws DataException when files are missing, cut short, corrupt or do not fit each other
   * @throws IOException when the file system fails
   * @throws IllegalArgumentException when the name is unknown
   */
  public static DatasetSplits load(String name, Path directory) throws IOException {
    return load(name, directory, null);
  }

  /**
   * Reads a data set, and resizes its images if it is a folder of images.
   *
   * @param name one of {@link #names}
   * @param directory where its files lie; null for the {@linkplain #usualPlace usual place}
   * @param size the size that each image gets, by bilinear interpolation; null keeps the size,
   *     which then must be the same for all. Only {@code folder} can be resized
   * @return the data set, all in memory
   * @throws DataException when files are missing, cut short, corrupt or do not fit each other
   * @throws IOException when the file system fails
   * @throws IllegalArgumentException when the name is unknown, or a size is asked of another data
   *     set than {@code folder}
   */
  public static DatasetSplits load(String name, Path directory, ImageSize size) throws IOException {
    checkName(name);
    if (size != null && !name.equals("folder")) {
      throw new IllegalArgumentException(
          "size must be null for " + name + ", got " + size + "; only folder can be resized");
    }
    Path place = directory == null ? usualPlace(name) : directory;
    return switch (name) {
      case "fashion-mnist" ->
          new IdxFiles(
                  new Origin(
                      "Fashion-MNIST", place, "install Debian's package dataset-fashion-mnist"),
                  FASHION_CLASSES)
              .read();
      case "mnist" ->
          new IdxFiles(
                  new Origin(
                      "MNIST", place, "put its four files train-images-idx3-ubyte.gz ... there"),
                  DIGITS)
              .read();
      case "cifar-10" ->
          CifarFiles.cifar10(new Origin("CIFAR-10", place, "unpack cifar-10-binary.tar.gz there"))
              .read();
      case "cifar-100" ->
          CifarFiles.cifar100(
                  new Origin("CIFAR-100", place, "unpack cifar-100-binary.tar.gz there"))
              .read();
      case "folder" ->
          new ImageFolder(
                  new Origin("The image folder", place, "put images in train/CLASS and test/CLASS"),
                  size)
              .read();
      default -> throw new AssertionError(name);
    };
  }

  private static void checkName(String name) {
    if (name == null || !NAMES.contains(name)) {
      throw new IllegalArgumentException(
          "name must be one of " + String.join(", ", NAMES) + ", got " + name);
    }
  }
}
