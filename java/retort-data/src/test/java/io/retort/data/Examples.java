package io.retort.data;

import java.util.Random;
import java.util.stream.IntStream;

/** Data sets of random pixels for the tests. */
final class Examples {
  private Examples() {}

  static ImageDataset random(int size, int height, int width, int channels) {
    Random random = new Random(31L * size + height + 7L * width + channels);
    byte[] pixels = new byte[size * height * width * channels];
    random.nextBytes(pixels);
    int[] labels = random.ints(size, 0, 10).toArray();
    return ImageDataset.of(
        pixels,
        labels,
        height,
        width,
        channels,
        IntStream.range(0, 10).mapToObj(i -> "class " + i).toList());
  }
}
