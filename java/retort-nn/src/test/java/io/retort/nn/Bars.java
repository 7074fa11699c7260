package io.retort.nn;

import java.util.SplittableRandom;

/** Noisy images with a bright row, a bright column, or neither. */
final class Bars {
  static final ImageShape IMAGE = new ImageShape(8, 8, 1);

  final float[] images;
  final int[] labels;

  Bars(int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    images = RandomArrays.normal(rows * IMAGE.size(), seed + 77);
    labels = new int[rows];
    for (int row = 0; row < rows; row++) {
      labels[row] = random.nextInt(3);
      int place = random.nextInt(8);
      for (int i = 0; i < 8 && labels[row] > 0; i++) {
        int pixel = labels[row] == 1 ? place * 8 + i : i * 8 + place;
        images[row * 64 + pixel] += 3;
      }
    }
  }
}
