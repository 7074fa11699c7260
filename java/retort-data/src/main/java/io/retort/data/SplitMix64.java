package io.retort.data;

/**
 * The generator SplitMix64, with a start that any three numbers decide.
 *
 * <p>Written out here, and not taken from the JDK, because a run that goes on under another JDK
 * must draw the same numbers, and the JDK does not promise the numbers it draws below a bound.
 *
 * <p>G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA
 * 2014; the mixing function is D. Stafford's variant 13. Bounded numbers are drawn without bias
 * after D. Lemire, Fast Random Integer Generation in an Interval, TOMACS 2019.
 */
final class SplitMix64 {
  private static final long GAMMA = 0x9e3779b97f4a7c15L;
  private static final long LOW = 0xffffffffL;

  private long state;

  /** Starts the sequence that belongs to the three numbers. */
  void start(long seed, long epoch, long stream) {
    state = mix(mix(mix(seed + GAMMA) + epoch + GAMMA) + stream + GAMMA);
  }

  long nextLong() {
    state += GAMMA;
    return mix(state);
  }

  /** A number in [0, bound), each equally likely. */
  int nextBelow(int bound) {
    long product = (nextLong() >>> 32) * bound;
    if ((product & LOW) < bound) {
      long threshold = (1L << 32) % bound;
      while ((product & LOW) < threshold) {
        product = (nextLong() >>> 32) * bound;
      }
    }
    return (int) (product >>> 32);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
