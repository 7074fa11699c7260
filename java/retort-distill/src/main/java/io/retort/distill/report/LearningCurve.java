package io.retort.distill.report;

import io.retort.distill.MetricsLine;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How one model learnt: what metrics.jsonl says of it.
 *
 * @param accuracy accuracy on the test images by epoch
 * @param loss mean of what was minimised by epoch
 * @param imagesPerSecond mean speed of its training
 * @param seconds time its training and its evaluations took
 */
record LearningCurve(
    String name,
    Role role,
    List<Point> accuracy,
    List<Point> loss,
    double imagesPerSecond,
    double seconds) {

  /** A value after an epoch. */
  record Point(int x, double y) {}

  /** One curve a model, in the order they were trained. */
  static List<LearningCurve> of(List<MetricsLine> metrics) {
    Map<String, List<MetricsLine>> models =
        metrics.stream()
            .collect(
                Collectors.groupingBy(MetricsLine::model, LinkedHashMap::new, Collectors.toList()));
    return models.entrySet().stream().map(e -> of(e.getKey(), e.getValue())).toList();
  }

  private static LearningCurve of(String name, List<MetricsLine> lines) {
    List<MetricsLine> train = split(lines, "train");
    return new LearningCurve(
        name,
        Role.ofModel(name),
        split(lines, "test").stream().map(l -> new Point(l.epoch(), l.accuracy())).toList(),
        train.stream().map(l -> new Point(l.epoch(), l.loss())).toList(),
        train.stream().mapToDouble(MetricsLine::imagesPerSecond).average().orElse(Double.NaN),
        lines.stream().mapToDouble(MetricsLine::seconds).sum());
  }

  private static List<MetricsLine> split(List<MetricsLine> lines, String split) {
    return lines.stream().filter(line -> line.split().equals(split)).toList();
  }

  /** Epochs done. */
  int epochs() {
    return Stream.concat(accuracy.stream(), loss.stream()).mapToInt(Point::x).max().orElse(0);
  }

  /** Accuracy after the last epoch; not a number if there is none. */
  double lastAccuracy() {
    return last(accuracy);
  }

  /** Loss of the last epoch; not a number if there is none. */
  double lastLoss() {
    return last(loss);
  }

  private static double last(List<Point> points) {
    return points.isEmpty() ? Double.NaN : points.get(points.size() - 1).y();
  }
}
