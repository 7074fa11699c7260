package io.retort.distill;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.retort.distill.check.Require;
import io.retort.nn.Schedule;
import java.util.Objects;

/**
 * How the learning rate changes from step to step.
 *
 * @param kind the shape of the curve
 * @param learningRate its peak
 * @param warmup fraction of all steps, in [0, 1), in which the rate rises to the peak; used by
 *     {@link Kind#COSINE} and {@link Kind#ONE_CYCLE}
 */
public record ScheduleConfig(Kind kind, double learningRate, double warmup) {

  /** The shapes. */
  public enum Kind {
    /** The same rate at every step. */
    @JsonProperty("constant")
    CONSTANT,
    /** Divided by ten at one half and at three quarters of the steps. */
    @JsonProperty("step")
    STEP,
    /** Half a cosine down to zero (Loshchilov and Hutter 2017). */
    @JsonProperty("cosine")
    COSINE,
    /** Up and down in straight lines (Smith and Topin 2019). */
    @JsonProperty("one-cycle")
    ONE_CYCLE
  }

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public ScheduleConfig {
    Objects.requireNonNull(kind, "kind");
    Require.positive("learningRate", learningRate);
    Require.within("warmup", warmup, 0, 1);
  }

  /** Up to the given rate in the first fifth of the steps, then down to zero. */
  public static ScheduleConfig oneCycle(double learningRate) {
    return new ScheduleConfig(Kind.ONE_CYCLE, learningRate, 0.2);
  }

  Schedule schedule() {
    float peak = (float) learningRate;
    return switch (kind) {
      case CONSTANT -> Schedule.constant(peak);
      case STEP -> Schedule.step(peak, 0.1f, 0.5, 0.75);
      case COSINE -> Schedule.cosine(peak, warmup);
      case ONE_CYCLE -> Schedule.oneCycle(peak, warmup);
    };
  }
}
