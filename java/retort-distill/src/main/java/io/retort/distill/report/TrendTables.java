package io.retort.distill.report;

import io.retort.distill.Spread;
import io.retort.distill.multiview.Contrast;
import io.retort.distill.multiview.MethodResult;
import io.retort.distill.multiview.TrendPoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The multi-view experiment over the number of classes: a table a measure, a column a number. */
final class TrendTables {

  private TrendTables() {}

  /** One measure; the cells of a row are in the order of the columns. */
  record Table(String name, String claim, String measure, List<Integer> classes, List<Row> rows) {}

  /** Models of one kind. */
  record Row(String name, List<String> accuracies) {}

  /** One line of the chart: single-view accuracies, as fractions. */
  record Line(String role, String name, List<MultiViewPage.Point> points) {}

  static List<Table> of(List<TrendPoint> trend) {
    List<Integer> classes = trend.stream().map(TrendPoint::classes).toList();
    return measures(trend).stream()
        .map(
            measure ->
                new Table(
                    measure.name(),
                    measure.claim(),
                    measure.measure(),
                    classes,
                    rows(measure, trend)))
        .toList();
  }

  /** What every number of classes has: the first has measures that are not asked of the others. */
  private static List<Contrast> measures(List<TrendPoint> trend) {
    return trend.isEmpty()
        ? List.of()
        : trend.get(0).measures().stream()
            .filter(m -> trend.stream().allMatch(point -> find(point, m.name()).isPresent()))
            .toList();
  }

  private static Optional<Contrast> find(TrendPoint point, String measure) {
    return point.measures().stream().filter(m -> m.name().equals(measure)).findFirst();
  }

  private static Optional<Contrast.Row> find(TrendPoint point, String measure, String row) {
    return find(point, measure).stream()
        .flatMap(m -> m.rows().stream())
        .filter(r -> r.name().equals(row))
        .findFirst();
  }

  private static List<Row> rows(Contrast measure, List<TrendPoint> trend) {
    return measure.rows().stream()
        .filter(
            row -> trend.stream().allMatch(p -> find(p, measure.name(), row.name()).isPresent()))
        .map(
            row ->
                new Row(
                    row.name(),
                    trend.stream()
                        .map(p -> find(p, measure.name(), row.name()).orElseThrow())
                        .map(cell -> MultiViewRow.percent(cell.accuracy(), cell.models(), 1))
                        .toList()))
        .toList();
  }

  /** Lines of the networks that the paper's theorems speak of. */
  static List<Line> lines(List<TrendPoint> trend) {
    List<Line> lines = new ArrayList<>();
    if (!trend.isEmpty()) {
      lines.add(line(trend, "ensemble", "Ensemble", TrendPoint.ENSEMBLE));
      lines.add(line(trend, "student", "Distilled", MethodResult.SQUARED_ERROR));
      lines.add(line(trend, "self-distilled", "Self-distilled", MethodResult.SELF_DISTILLED));
      lines.add(line(trend, "control", "Control", TrendPoint.CONTROL));
      lines.add(line(trend, "member", "Members", TrendPoint.MEMBERS));
    }
    return lines;
  }

  private static Line line(List<TrendPoint> trend, String role, String name, String row) {
    return new Line(
        role,
        name,
        trend.stream()
            .map(
                point -> {
                  Spread accuracy = find(point, TrendPoint.NETWORKS, row).orElseThrow().accuracy();
                  return MultiViewPage.Point.of(point.classes(), accuracy);
                })
            .toList());
  }
}
