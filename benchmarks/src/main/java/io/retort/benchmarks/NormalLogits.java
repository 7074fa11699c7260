package io.retort.benchmarks;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/** Logits as a trained network gives them: normal, three units wide, without a pattern. */
final class NormalLogits {
  /**
   * No two logits are further apart: a million normal values stay within 5.3 standard deviations.
   */
  static final double SPREAD = 32;

  private static final int PERIOD = 1 << 20;

  private NormalLogits() {}

  /** Fills all of {@code logits}; repeats after about a million values, which no row can tell. */
  static void fill(FloatPointer logits, long seed) {
    fill(TypedMemory.of(logits), seed);
  }

  /** Fills memory of any type. */
  static void fill(TypedMemory logits, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[PERIOD];
    for (int i = 0; i < PERIOD; i++) {
      values[i] = (float) (3 * random.nextGaussian());
    }
    logits.put(0, Arrays.copyOf(values, (int) Math.min(PERIOD, logits.size())));
    for (long start = PERIOD; start < logits.size(); start += PERIOD) {
      long count = Math.min(PERIOD, logits.size() - start);
      Pointer.memcpy(
          logits.slice(start, count).pointer(), logits.pointer(), count * logits.dtype().bytes());
    }
  }
}
