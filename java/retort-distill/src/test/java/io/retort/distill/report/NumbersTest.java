package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NumbersTest {

  @ParameterizedTest
  @CsvSource({
    "0.0107, +1.07",
    "-0.0015, -0.15",
    "0, 0.00",
    "-0.00001, 0.00",
    "0.1, +10.00",
    "NaN, NaN"
  })
  void aDifferenceHasItsSignUnlessItIsNone(double difference, String points) {
    assertThat(Numbers.points(difference, 2)).isEqualTo(points);
  }

  @ParameterizedTest
  @CsvSource({
    "0.24, 0.2 s",
    "59.4, 59 s",
    "59.6, 1 min",
    "200, 3 min 20 s",
    "3600, 1 h",
    "7530, 2 h 5 min",
    "NaN, ''",
    "-1, ''"
  })
  void aDurationIsToldInItsTwoLargestUnits(double seconds, String duration) {
    assertThat(Numbers.duration(seconds).replace('\u00a0', ' ')).isEqualTo(duration);
  }

  @Test
  void largeNumbersAreGroupedByThree() {
    assertThat(Numbers.grouped(1_034_610)).isEqualTo("1\u202f034\u202f610");
    assertThat(Numbers.grouped(999)).isEqualTo("999");
  }
}
