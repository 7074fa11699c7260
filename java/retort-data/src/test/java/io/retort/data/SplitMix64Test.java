package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class SplitMix64Test {

  @Test
  void drawsTheNumbersOfThePaper() {
    // The first numbers of the reference implementation (S. Vigna, splitmix64.c) from state 0.
    SplitMix64 random = new SplitMix64();

    assertThat(random.nextLong()).isEqualTo(0xe220a8397b1dcdafL);
    assertThat(random.nextLong()).isEqualTo(0x6e789e6aa1b965f4L);
    assertThat(random.nextLong()).isEqualTo(0x06c45d188009454fL);
  }

  @Test
  void everyStreamIsItsOwn() {
    Set<Long> first = new HashSet<>();
    SplitMix64 random = new SplitMix64();
    for (int seed = -5; seed < 5; seed++) {
      for (int epoch = 0; epoch < 20; epoch++) {
        for (int stream = -1; stream < 99; stream++) {
          random.start(seed, epoch, stream);
          first.add(random.nextLong());
        }
      }
    }
    assertThat(first).hasSize(10 * 20 * 100);
  }

  @Property(tries = 200)
  void numbersBelowABoundAreInRange(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = Integer.MAX_VALUE) int bound) {
    SplitMix64 random = new SplitMix64();
    random.start(seed, 0, 0);
    for (int i = 0; i < 50; i++) {
      assertThat(random.nextBelow(bound)).isBetween(0, bound - 1);
    }
  }

  @Test
  void numbersBelowABoundAreEquallyLikely() {
    SplitMix64 random = new SplitMix64();
    random.start(7, 1, 2);
    int[] counts = new int[9];
    for (int i = 0; i < 90_000; i++) {
      counts[random.nextBelow(9)]++;
    }
    // Five standard deviations of a binomial count: 5 sqrt(90000 * 1/9 * 8/9) = 471.
    assertThat(Arrays.stream(counts)).allMatch(count -> Math.abs(count - 10_000) < 471);
  }

  @Property(tries = 100)
  void aShuffleIsAPermutation(
      @ForAll long seed,
      @ForAll @IntRange(min = 0, max = 1000) int epoch,
      @ForAll @IntRange(min = 1, max = 300) int size) {
    int[] order = IntStream.range(0, size).toArray();

    Shuffle.apply(order, seed, epoch);

    assertThat(Arrays.stream(order).sorted().toArray())
        .isEqualTo(IntStream.range(0, size).toArray());
  }

  @Test
  void aShuffleDependsOnSeedAndEpoch() {
    int[] order = shuffled(1, 2);

    assertThat(shuffled(1, 2)).isEqualTo(order);
    assertThat(shuffled(1, 3)).isNotEqualTo(order);
    assertThat(shuffled(2, 2)).isNotEqualTo(order);
    assertThat(order).isNotEqualTo(IntStream.range(0, 100).toArray());
  }

  @Test
  void everyPlaceIsEquallyLikelyAfterAShuffle() {
    int[][] counts = new int[6][6];
    for (int epoch = 0; epoch < 12_000; epoch++) {
      int[] order = IntStream.range(0, 6).toArray();
      Shuffle.apply(order, 5, epoch);
      for (int place = 0; place < 6; place++) {
        counts[order[place]][place]++;
      }
    }
    // Five standard deviations: 5 sqrt(12000 * 1/6 * 5/6) = 204.
    assertThat(Arrays.stream(counts).flatMapToInt(Arrays::stream))
        .allMatch(count -> Math.abs(count - 2_000) < 204);
  }

  private static int[] shuffled(long seed, int epoch) {
    int[] order = IntStream.range(0, 100).toArray();
    Shuffle.apply(order, seed, epoch);
    return order;
  }
}
