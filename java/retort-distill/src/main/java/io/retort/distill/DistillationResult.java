package io.retort.distill;

import io.retort.distill.check.Require;
import java.util.List;
import java.util.Objects;

/**
 * What came of distilling an ensemble: {@code results.json}.
 *
 * @param config what was asked for
 * @param steps steps every member was trained
 * @param studentSteps steps the student, the self-distilled student and the control were trained
 * @param members the members of the ensemble
 * @param memberAccuracyMean mean of their accuracies
 * @param memberAccuracyDeviation sample standard deviation of their accuracies; 0 for one member
 * @param ensembleOfLogits the ensemble, members averaged as logits
 * @param ensembleOfProbabilities the ensemble, members averaged as probabilities
 * @param student the network that learnt from the ensemble (Hinton et al. 2015)
 * @param selfDistilled the network that learnt from the first member alone (Furlanello et al. 2018,
 *     "Born-Again Neural Networks"); null if there is none
 * @param control the network that learnt from the labels alone; null if there is none
 */
public record DistillationResult(
    DistillConfig config,
    long steps,
    long studentSteps,
    List<ModelResult> members,
    double memberAccuracyMean,
    double memberAccuracyDeviation,
    Metrics ensembleOfLogits,
    Metrics ensembleOfProbabilities,
    ModelResult student,
    ModelResult selfDistilled,
    ModelResult control) {

  /** Copies the list of members. */
  public DistillationResult {
    Objects.requireNonNull(config, "config");
    members = List.copyOf(members);
    Require.atLeast("members", members.size(), 1);
    Objects.requireNonNull(ensembleOfLogits, "ensembleOfLogits");
    Objects.requireNonNull(ensembleOfProbabilities, "ensembleOfProbabilities");
    Objects.requireNonNull(student, "student");
  }

  /** The ensemble the student learnt from: members averaged as {@link DistillConfig#mean} says. */
  public Metrics ensemble() {
    return config.mean() == MeanKind.LOGITS ? ensembleOfLogits : ensembleOfProbabilities;
  }
}
