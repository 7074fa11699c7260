package io.retort.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The four IDX files of MNIST and of the data sets made after it.
 *
 * <p>All integers are big-endian and 32 bits wide. Images: the magic number 0x00000803, the number
 * of images, rows, columns, then one unsigned byte a pixel. Labels: the magic number 0x00000801,
 * the number of labels, then one unsigned byte a label.
 */
final class IdxFiles {
  private static final int IMAGES_MAGIC = 0x00000803;
  private static final int LABELS_MAGIC = 0x00000801;
  private static final int IMAGES_HEADER = 16;
  private static final int LABELS_HEADER = 8;

  private final Origin origin;
  private final List<String> classNames;

  IdxFiles(Origin origin, List<String> classNames) {
    this.origin = origin;
    this.classNames = classNames;
  }

  private record Images(Path path, int count, int height, int width, byte[] pixels) {}

  DatasetSplits read() throws IOException {
    origin.requireDirectory();
    Path trainImages = find("train-images-idx3-ubyte");
    Path trainLabels = find("train-labels-idx1-ubyte");
    Path testImages = find("t10k-images-idx3-ubyte");
    Path testLabels = find("t10k-labels-idx1-ubyte");

    Images train = readImages(trainImages);
    Images test = readImages(testImages);
    if (train.height != test.height || train.width != test.width) {
      throw new DataException(
          "%s says at byte 8 that its images are %dx%d, but those of %s are %dx%d"
              .formatted(
                  testImages, test.height, test.width, trainImages, train.height, train.width));
    }
    return new DatasetSplits(dataset(train, trainLabels), dataset(test, testLabels));
  }

  private Path find(String name) throws DataException {
    Path plain = origin.directory().resolve(name);
    Path compressed = origin.directory().resolve(name + ".gz");
    if (Files.isRegularFile(plain)) {
      return plain;
    }
    if (Files.isRegularFile(compressed)) {
      return compressed;
    }
    throw origin.missing(compressed);
  }

  private ImageDataset dataset(Images images, Path labelsPath) throws IOException {
    int[] labels = readLabels(labelsPath, images);
    return ImageDataset.owning(images.pixels, labels, images.height, images.width, 1, classNames);
  }

  private static Images readImages(Path path) throws IOException {
    try (DataFile file = DataFile.open(path)) {
      requireMagic(file, IMAGES_MAGIC, "IDX images");
      int count = readSize(file, "the number of images");
      int height = readSize(file, "the number of rows");
      int width = readSize(file, "the number of columns");
      // Each factor is below 2^31, so the product of two fits; divide rather than multiply again.
      long most = (Integer.MAX_VALUE - IMAGES_HEADER) / ((long) height * width);
      if (count > most) {
        throw file.error(
            4, "announces %d images of %dx%d, more than 2 GiB,".formatted(count, height, width));
      }
      byte[] pixels = file.readBytes(count * height * width, count + " images");
      file.requireEnd();
      return new Images(path, count, height, width, pixels);
    }
  }

  private int[] readLabels(Path path, Images images) throws IOException {
    try (DataFile file = DataFile.open(path)) {
      requireMagic(file, LABELS_MAGIC, "IDX labels");
      int count = readSize(file, "the number of labels");
      if (count != images.count) {
        throw file.error(
            4,
            "announces %d labels, but %s has %d images,"
                .formatted(count, images.path, images.count));
      }
      byte[] bytes = file.readBytes(count, count + " labels");
      file.requireEnd();
      int[] labels = new int[count];
      for (int i = 0; i < count; i++) {
        labels[i] = Byte.toUnsignedInt(bytes[i]);
        if (labels[i] >= classNames.size()) {
          throw file.error(
              LABELS_HEADER + i,
              "has the label %d of %d classes".formatted(labels[i], classNames.size()));
        }
      }
      return labels;
    }
  }

  private static void requireMagic(DataFile file, int magic, String what) throws IOException {
    int found = file.readInt("the magic number");
    if (found != magic) {
      throw file.error(
          0,
          "is not a file of %s: it has the magic number 0x%08x, not 0x%08x,"
              .formatted(what, found, magic));
    }
  }

  private static int readSize(DataFile file, String what) throws IOException {
    long at = file.offset();
    int size = file.readInt(what);
    if (size <= 0) {
      throw file.error(at, "gives %d as %s".formatted(Integer.toUnsignedLong(size), what));
    }
    return size;
  }
}
