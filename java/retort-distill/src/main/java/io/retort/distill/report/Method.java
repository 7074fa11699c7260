package io.retort.distill.report;

import io.retort.distill.DistillConfig;
import io.retort.distill.MeanKind;
import io.retort.distill.TrainingConfig;
import java.util.List;

/** How a distillation is done, step by step, in words. */
final class Method {

  private Method() {}

  /**
   * The steps in order.
   *
   * @param steps steps every network was trained; 0 for not known yet
   */
  static List<String> of(DistillConfig config, long steps) {
    return List.of(members(config, steps), mean(config), student(config), comparison());
  }

  private static String members(DistillConfig config, long steps) {
    TrainingConfig training = config.training();
    long first = config.member(1).seed();
    String networks =
        config.members() == 1
            ? "Train one network (%s) from seed %d".formatted(training.architecture(), first)
            : "Train %d networks (%s) from seeds %d to %d"
                .formatted(
                    config.members(),
                    training.architecture(),
                    first,
                    config.member(config.members()).seed());
    return "%s on %s for %d epochs%s."
        .formatted(
            networks,
            training.data().dataset(),
            training.epochs(),
            steps > 0 ? ", " + Numbers.grouped(steps) + " steps" : "");
  }

  private static String mean(DistillConfig config) {
    String temperature = number(config.temperature());
    return config.mean() == MeanKind.LOGITS
        ? "Average their logits; the softmax of the mean, divided by the temperature "
            + temperature
            + ", gives each training image its soft targets."
        : "Divide their logits by the temperature "
            + temperature
            + "; the mean of the softmaxes gives each training image its soft targets.";
  }

  private static String student(DistillConfig config) {
    return ("Train the student (%s) from seed %d for %d epochs on both:"
            + " weight %s on the soft targets, %s on the labels.")
        .formatted(
            config.studentArchitecture(),
            config.student().seed(),
            config.student().epochs(),
            number(config.alpha()),
            number(Math.round((1 - config.alpha()) * 1e9) / 1e9));
  }

  private static String comparison() {
    return "For comparison, train the same network from the same seed twice more: on the soft"
        + " targets of one member (self-distilled) and on the labels alone (control).";
  }

  /** A setting as people write it: {@code 4} rather than {@code 4.0}. */
  static String number(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
