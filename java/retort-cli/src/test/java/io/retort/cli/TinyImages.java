package io.retort.cli;

import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A data set of 8 x 8 images in the files of MNIST: class c is a bright row or column, in noise.
 */
final class TinyImages {
  static final int TRAIN = 320;
  static final int TEST = 80;

  private static final int SIDE = 8;
  private static final int CLASSES = 10;

  private TinyImages() {}

  /** Writes the four files. */
  static Path write(Path directory) throws IOException {
    Files.createDirectories(directory);
    write(directory, "train", TRAIN, 1);
    write(directory, "t10k", TEST, 2);
    return directory;
  }

  private static void write(Path directory, String split, int count, long seed) throws IOException {
    Random random = new Random(seed);
    try (DataOutputStream images = open(directory.resolve(split + "-images-idx3-ubyte"));
        DataOutputStream labels = open(directory.resolve(split + "-labels-idx1-ubyte"))) {
      images.writeInt(0x803);
      images.writeInt(count);
      images.writeInt(SIDE);
      images.writeInt(SIDE);
      labels.writeInt(0x801);
      labels.writeInt(count);
      for (int i = 0; i < count; i++) {
        int label = i % CLASSES;
        labels.writeByte(label);
        for (int pixel = 0; pixel < SIDE * SIDE; pixel++) {
          images.writeByte((isBright(label, pixel) ? 180 : 20) + random.nextInt(60));
        }
      }
    }
  }

  private static boolean isBright(int label, int pixel) {
    return label < SIDE ? pixel / SIDE == label : pixel % SIDE == label - SIDE;
  }

  private static DataOutputStream open(Path file) throws IOException {
    return new DataOutputStream(new java.io.BufferedOutputStream(Files.newOutputStream(file)));
  }
}
