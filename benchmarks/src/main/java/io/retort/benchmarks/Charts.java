package io.retort.benchmarks;

import io.retort.kernels.DType;
import java.awt.BasicStroke;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * The two charts of the results of one type, each over the number of classes. A colour is a number
 * of teachers or a provider; a solid line is the mean of logits, a dashed one the mean of
 * probabilities.
 */
final class Charts {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 460;

  /**
   * Told apart by people with any colour vision: Okabe and Ito, "Color Universal Design" (2008).
   */
  private static final List<Color> COLOURS =
      List.of(
          new Color(0x0072B2),
          new Color(0xD55E00),
          new Color(0x009E73),
          new Color(0xCC79A7),
          new Color(0xE69F00),
          new Color(0x56B4E9));

  private static final float[] DASHES = {6, 5};

  private Charts() {}

  /** Retort's share of the speed of a copy, one line a number of teachers and mean. */
  static XYChart shareOfCopy(Measurements measurements, DType dtype) {
    List<Measurement> rows =
        measurements.rows().stream()
            .filter(row -> row.dtype() == dtype)
            .filter(Measurement::isRetort)
            .toList();
    XYChart chart =
        chart(
            "Retort's speed as a share of the machine's copy, " + Measurement.name(dtype),
            "% of copy");
    chart.getStyler().setYAxisMin(0.0);
    addLines(
        chart,
        rows,
        Comparator.comparing(Measurement::teachers),
        row -> row.teachers() == 1 ? "1 teacher" : row.teachers() + " teachers",
        row -> 100 * row.shareOfCopy());
    return chart;
  }

  /** How many times Retort's time each peer takes, one line a peer and mean. */
  static XYChart peers(Measurements measurements, DType dtype, int teachers) {
    List<Measurement> rows =
        measurements.rows().stream()
            .filter(row -> row.dtype() == dtype)
            .filter(row -> row.teachers() == teachers)
            .filter(row -> measurements.retortFasterBy(row).isPresent())
            .toList();
    String ensemble = teachers == 1 ? "1 teacher" : teachers + " teachers";
    XYChart chart =
        chart(
            "Time relative to Retort, " + ensemble + ", " + Measurement.name(dtype),
            "times Retort's time (Retort is 1)");
    chart.getStyler().setYAxisLogarithmic(true);
    double[] ratios =
        rows.stream()
            .mapToDouble(row -> measurements.retortFasterBy(row).orElseThrow())
            .sorted()
            .toArray();
    if (ratios.length > 0) {
      // whole decades, so that the axis has a number at either end
      chart.getStyler().setYAxisMin(Math.pow(10, Math.floor(Math.log10(ratios[0]))));
      chart.getStyler().setYAxisMax(Math.pow(10, Math.ceil(Math.log10(ratios[ratios.length - 1]))));
    }
    addLines(
        chart,
        rows,
        Comparator.comparing(Measurement::provider),
        Measurement::provider,
        row -> measurements.retortFasterBy(row).orElseThrow());
    return chart;
  }

  private static XYChart chart(String title, String yAxis) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle("classes")
            .yAxisTitle(yAxis)
            .build();
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setLegendBorderColor(Color.WHITE);
    return chart;
  }

  /** Adds a line for each colour's name and kernel, over the classes in ascending order. */
  private static void addLines(
      XYChart chart,
      List<Measurement> rows,
      Comparator<Measurement> order,
      Function<Measurement, String> colourName,
      ToDoubleFunction<Measurement> height) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("the results have no row for this chart");
    }
    List<String> colours = rows.stream().sorted(order).map(colourName).distinct().toList();
    for (String colour : colours) {
      Map<String, List<Measurement>> lines = new TreeMap<>();
      for (Measurement row : rows) {
        if (colourName.apply(row).equals(colour)) {
          lines.computeIfAbsent(row.kernel(), kernel -> new ArrayList<>()).add(row);
        }
      }
      lines.forEach(
          (kernel, line) -> {
            line.sort(Comparator.comparing(Measurement::classes));
            XYSeries series =
                chart.addSeries(
                    colour + ", " + kernel.replace("distillation-loss-of-", ""),
                    line.stream().mapToDouble(Measurement::classes).toArray(),
                    line.stream().mapToDouble(height).toArray());
            style(series, COLOURS.get(colours.indexOf(colour) % COLOURS.size()), kernel);
          });
    }
  }

  private static void style(XYSeries series, Color colour, String kernel) {
    boolean dashed = kernel.endsWith("probabilities");
    series.setLineColor(colour);
    series.setMarkerColor(colour);
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setLineStyle(
        new BasicStroke(
            2, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, dashed ? DASHES : null, 0));
  }
}
