package io.retort.distill.report;

import io.retort.distill.DistillationResult;
import io.retort.distill.MeanKind;
import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One row of the table of results: a model, the mean of the members, or an ensemble.
 *
 * @param difference accuracy less the members' mean accuracy
 * @param agreement fraction of test images on which it predicts what the ensemble predicts; null
 *     where that says nothing
 * @param parameters how many numbers were learnt; null for a mean of metrics
 * @param seed its seed; null for what was not trained
 */
record ResultRow(
    Role role,
    String name,
    double accuracy,
    double difference,
    double negativeLogLikelihood,
    double expectedCalibrationError,
    Double agreement,
    Long parameters,
    Long seed) {

  /**
   * The rows in the order of the story: members, ensembles, student, and what it is held against.
   */
  static List<ResultRow> of(DistillationResult result) {
    List<ResultRow> rows = new ArrayList<>();
    for (ModelResult member : result.members()) {
      rows.add(model(Role.MEMBER, member.name(), member, result));
    }
    if (result.members().size() > 1) {
      rows.add(membersMean(result));
    }
    rows.add(ensemble(MeanKind.LOGITS, result.ensembleOfLogits(), result));
    rows.add(ensemble(MeanKind.PROBABILITIES, result.ensembleOfProbabilities(), result));
    rows.add(model(Role.STUDENT, "student", result.student(), result));
    if (result.selfDistilled() != null) {
      rows.add(model(Role.SELF_DISTILLED, "self-distilled", result.selfDistilled(), result));
    }
    if (result.control() != null) {
      rows.add(model(Role.CONTROL, "control", result.control(), result));
    }
    return rows;
  }

  /** The name of the ensemble that taught the student. */
  static String taught(DistillationResult result) {
    return ensembleName(result.config().mean());
  }

  private static String ensembleName(MeanKind kind) {
    return kind == MeanKind.LOGITS ? "ensemble of logits" : "ensemble of probabilities";
  }

  private static ResultRow model(
      Role role, String name, ModelResult model, DistillationResult result) {
    Metrics metrics = model.metrics();
    return new ResultRow(
        role,
        name,
        metrics.accuracy(),
        metrics.accuracy() - result.memberAccuracyMean(),
        metrics.negativeLogLikelihood(),
        metrics.expectedCalibrationError(),
        model.agreementWithEnsemble(),
        model.parameters(),
        model.seed());
  }

  private static ResultRow membersMean(DistillationResult result) {
    return new ResultRow(
        Role.MEAN,
        "members' mean",
        result.memberAccuracyMean(),
        0,
        mean(result, member -> member.metrics().negativeLogLikelihood()),
        mean(result, member -> member.metrics().expectedCalibrationError()),
        mean(result, ModelResult::agreementWithEnsemble),
        null,
        null);
  }

  private static ResultRow ensemble(MeanKind kind, Metrics metrics, DistillationResult result) {
    return new ResultRow(
        Role.ENSEMBLE,
        ensembleName(kind),
        metrics.accuracy(),
        metrics.accuracy() - result.memberAccuracyMean(),
        metrics.negativeLogLikelihood(),
        metrics.expectedCalibrationError(),
        null,
        result.members().stream().mapToLong(ModelResult::parameters).sum(),
        null);
  }

  private static double mean(DistillationResult result, ToDoubleFunction<ModelResult> value) {
    return result.members().stream().mapToDouble(value).average().orElse(Double.NaN);
  }
}
