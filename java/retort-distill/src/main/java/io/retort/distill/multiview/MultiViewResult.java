package io.retort.distill.multiview;

import java.util.List;
import java.util.Objects;

/**
 * What came of the experiment: {@code results.json}.
 *
 * @param config what was asked for
 * @param members the ensemble's networks, which learned from the labels
 * @param ensembles ensembles of 1 to all members
 * @param control students of the labels, of the other students' seeds and steps
 * @param students students of each other method
 * @param studentEnsemble the mean of all students of the first squared-error teacher, as an
 *     ensemble; null for one student
 * @param darkKnowledge the ensemble's soft targets at each temperature
 * @param contrasts what the paper sets its explanation against
 * @param trend the same with this and other numbers of classes; empty for none
 */
public record MultiViewResult(
    MultiViewConfig config,
    MethodResult members,
    List<EnsembleResult> ensembles,
    MethodResult control,
    List<MethodResult> students,
    Accuracy studentEnsemble,
    List<DarkKnowledge> darkKnowledge,
    List<Contrast> contrasts,
    List<TrendPoint> trend) {

  /** Copies the lists. */
  public MultiViewResult {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(members, "members");
    Objects.requireNonNull(control, "control");
    ensembles = List.copyOf(ensembles);
    students = List.copyOf(students);
    darkKnowledge = List.copyOf(darkKnowledge);
    contrasts = List.copyOf(contrasts);
    trend = trend == null ? List.of() : List.copyOf(trend);
  }

  /** The same with a trend. */
  MultiViewResult withTrend(List<TrendPoint> points) {
    return new MultiViewResult(
        config,
        members,
        ensembles,
        control,
        students,
        studentEnsemble,
        darkKnowledge,
        contrasts,
        points);
  }

  /** The ensemble of all members. */
  public EnsembleResult ensemble() {
    return ensembles.get(ensembles.size() - 1);
  }

  /** The students of one method. */
  public MethodResult students(String method) {
    return students.stream().filter(s -> s.method().equals(method)).findFirst().orElseThrow();
  }
}
