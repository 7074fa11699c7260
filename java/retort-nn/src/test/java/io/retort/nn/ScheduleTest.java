package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Test
  void constantStays() {
    Schedule schedule = Schedule.constant(0.3f);
    assertThat(schedule.at(0, 100)).isEqualTo(0.3f);
    assertThat(schedule.at(99, 100)).isEqualTo(0.3f);
  }

  @Test
  void stepIsMultipliedAtEachFraction() {
    Schedule schedule = Schedule.step(1, 0.1f, 0.5, 0.75);
    assertThat(schedule.at(0, 100)).isEqualTo(1);
    assertThat(schedule.at(49, 100)).isEqualTo(1);
    assertThat(schedule.at(50, 100)).isCloseTo(0.1f, within(1e-7f));
    assertThat(schedule.at(74, 100)).isCloseTo(0.1f, within(1e-7f));
    assertThat(schedule.at(75, 100)).isCloseTo(0.01f, within(1e-8f));
    assertThat(schedule.at(99, 100)).isCloseTo(0.01f, within(1e-8f));
  }

  @Test
  void cosineStartsAtThePeakAndIsHalfInTheMiddle() {
    Schedule schedule = Schedule.cosine(0.4f, 0);
    assertThat(schedule.at(0, 100)).isEqualTo(0.4f);
    assertThat(schedule.at(50, 100)).isCloseTo(0.2f, within(1e-7f));
    double last = 0.2 * (1 + Math.cos(Math.PI * 0.99));
    assertThat(schedule.at(99, 100)).isCloseTo((float) last, within(1e-9f));
  }

  @Test
  void cosineRisesInAStraightLineFirst() {
    Schedule schedule = Schedule.cosine(1, 0.1);
    assertThat(schedule.at(0, 100)).isCloseTo(1 / 11f, within(1e-7f));
    assertThat(schedule.at(9, 100)).isCloseTo(10 / 11f, within(1e-7f));
    assertThat(schedule.at(10, 100)).isEqualTo(1);
    assertThat(schedule.at(55, 100)).isCloseTo(0.5f, within(1e-7f));
  }

  @Test
  void oneCycleGoesUpAndDownInStraightLines() {
    Schedule schedule = Schedule.oneCycle(0.5f, 0.2);
    assertThat(schedule.at(0, 100)).isCloseTo(0.5f / 21, within(1e-8f));
    assertThat(schedule.at(10, 100)).isCloseTo(0.5f * 11 / 21, within(1e-7f));
    assertThat(schedule.at(20, 100)).isEqualTo(0.5f);
    assertThat(schedule.at(60, 100)).isCloseTo(0.25f, within(1e-7f));
    assertThat(schedule.at(99, 100)).isCloseTo(0.5f / 80, within(1e-8f));
  }

  @Test
  void everyRateIsAboveZeroEvenForOneStep() {
    for (Schedule schedule :
        new Schedule[] {
          Schedule.constant(1),
          Schedule.step(1, 0.1f, 0),
          Schedule.cosine(1, 0.9),
          Schedule.oneCycle(1, 0.9)
        }) {
      for (int steps : new int[] {1, 2, 3, 10}) {
        for (int step = 0; step < steps; step++) {
          assertThat(schedule.at(step, steps)).isPositive().isLessThanOrEqualTo(1);
        }
      }
    }
  }

  @Test
  void argumentsOutOfRangeAreNamed() {
    assertRefused("learningRate", () -> Schedule.constant(Float.NaN));
    assertRefused("learningRate", () -> Schedule.cosine(0, 0.1));
    assertRefused("warmup", () -> Schedule.oneCycle(1, 1));
    assertRefused("factor", () -> Schedule.step(1, 0, 0.5));
    assertRefused("fractions", () -> Schedule.step(1, 0.1f, 0.5, 1.5));
    assertRefused("step", () -> Schedule.constant(1).at(10, 10));
    assertRefused("step", () -> Schedule.oneCycle(1, 0.1).at(-1, 10));
  }

  private static void assertRefused(String argument, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(argument);
  }
}
