package io.retort.distill;

import io.retort.data.DatasetSplits;
import io.retort.data.ImageDataset;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/**
 * Small grey images of ten classes: each class has a pattern of its own, drawn by chance, and each
 * image is a mixture of that pattern and noise. A small network learns them in a few epochs, but
 * not without errors.
 */
public final class ToyImages {

  public static final int CLASSES = 10;
  static final int SIDE = 8;
  static final int PIXELS = SIDE * SIDE;
  public static final int TRAIN = 200;
  public static final int TEST = 60;

  /** How much of an image is noise. */
  private static final double NOISE = 0.65;

  static final List<String> CLASS_NAMES =
      IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList();

  private ToyImages() {}

  static DatasetSplits splits() {
    return new DatasetSplits(images(TRAIN, 1), images(TEST, 2));
  }

  /** The data of a run on toy images, without augmentation. */
  static RunData data() {
    return RunData.of(splits(), DataConfig.of("mnist"));
  }

  static ImageDataset images(int size, long seed) {
    byte[][] patterns = new byte[CLASSES][PIXELS];
    Random patternRandom = new Random(7);
    for (byte[] pattern : patterns) {
      patternRandom.nextBytes(pattern);
    }
    Random random = new Random(seed);
    byte[] pixels = new byte[size * PIXELS];
    int[] labels = new int[size];
    for (int i = 0; i < size; i++) {
      labels[i] = i % CLASSES;
      for (int p = 0; p < PIXELS; p++) {
        double pattern = patterns[labels[i]][p] & 0xff;
        pixels[i * PIXELS + p] = (byte) ((1 - NOISE) * pattern + NOISE * random.nextInt(256));
      }
    }
    return ImageDataset.of(pixels, labels, SIDE, SIDE, 1, CLASS_NAMES);
  }

  /** The same images with labels that mean nothing. */
  static ImageDataset mislabelled(ImageDataset images) {
    Random random = new Random(3);
    ByteBuffer pixels = ByteBuffer.allocate(images.size() * PIXELS);
    int[] labels = new int[images.size()];
    for (int i = 0; i < images.size(); i++) {
      pixels.put(images.pixels(i));
      labels[i] = random.nextInt(CLASSES);
    }
    return ImageDataset.of(pixels.array(), labels, SIDE, SIDE, 1, CLASS_NAMES);
  }

  /** Writes all of them as the data set {@code mnist}. */
  public static DataConfig write(Path directory) throws IOException {
    return write(directory, splits());
  }

  /**
   * Writes the four files of the data set {@code mnist}, and gives the configuration to read them.
   */
  static DataConfig write(Path directory, DatasetSplits splits) throws IOException {
    write(directory, "train", splits.train());
    write(directory, "t10k", splits.test());
    return new DataConfig("mnist", directory.toString(), "none", 0, 0, 0);
  }

  private static void write(Path directory, String name, ImageDataset images) throws IOException {
    int n = images.size();
    ByteBuffer pixels = ByteBuffer.allocate(16 + n * images.height() * images.width());
    pixels.putInt(0x803).putInt(n).putInt(images.height()).putInt(images.width());
    ByteBuffer labels = ByteBuffer.allocate(8 + n);
    labels.putInt(0x801).putInt(n);
    for (int i = 0; i < n; i++) {
      pixels.put(images.pixels(i));
      labels.put((byte) images.label(i));
    }
    Files.write(directory.resolve(name + "-images-idx3-ubyte"), pixels.array());
    Files.write(directory.resolve(name + "-labels-idx1-ubyte"), labels.array());
  }
}
