package io.retort.distill.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import io.retort.distill.DistillationResult;
import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the page's script draws.
 *
 * @param accuracy null without a result
 * @param curves one a model
 * @param reliability one a diagram
 */
record ChartData(Accuracy accuracy, List<LearningCurve> curves, List<Reliability> reliability) {

  /** The accuracies, with the members' mean and standard deviation. */
  record Accuracy(double mean, double deviation, double ensemble, List<Dots> rows) {}

  /**
   * One row of the chart of accuracies.
   *
   * @param label its lines
   */
  record Dots(Role role, List<String> label, List<Dot> dots) {}

  record Dot(String name, double accuracy) {}

  /** The bins of one diagram. */
  record Reliability(Role role, String name, double error, List<Metrics.Bin> bins) {

    /** The id of the diagram on the page. */
    String id() {
      return "reliability-" + role.css();
    }
  }

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(
              new SimpleModule()
                  .addSerializer(Double.class, new NumberOrNull())
                  .addSerializer(Double.TYPE, new NumberOrNull()))
          .build();

  static ChartData of(RunContents run) {
    return run.result() == null
        ? new ChartData(null, run.curves(), List.of())
        : new ChartData(accuracy(run.result()), run.curves(), reliability(run.result()));
  }

  /** JSON that may stand inside a script element: no {@code <} can end it. */
  String json() {
    try {
      return JSON.writeValueAsString(this).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("chart data is made of numbers and text alone", e);
    }
  }

  private static Accuracy accuracy(DistillationResult result) {
    List<Dots> rows = new ArrayList<>();
    List<Dot> members = new ArrayList<>();
    for (ResultRow row : ResultRow.of(result)) {
      Dot dot = new Dot(row.name(), row.accuracy());
      switch (row.role()) {
        case MEMBER -> members.add(dot);
        case MEAN -> {}
        default -> rows.add(new Dots(row.role(), label(row.name()), List.of(dot)));
      }
    }
    rows.add(0, new Dots(Role.MEMBER, List.of(members.size() > 1 ? "Members" : "Member"), members));
    return new Accuracy(
        result.memberAccuracyMean(),
        result.memberAccuracyDeviation(),
        result.ensemble().accuracy(),
        rows);
  }

  private static List<String> label(String name) {
    String capital = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
    return List.of(capital.split(" (?=of )"));
  }

  private static List<Reliability> reliability(DistillationResult result) {
    ModelResult first = result.members().get(0);
    List<Reliability> diagrams = new ArrayList<>();
    add(diagrams, Role.MEMBER, "One member", first.metrics());
    add(diagrams, Role.ENSEMBLE, "The ensemble", result.ensemble());
    add(diagrams, Role.STUDENT, "The student", result.student().metrics());
    return diagrams;
  }

  private static void add(List<Reliability> diagrams, Role role, String name, Metrics metrics) {
    if (!metrics.reliability().isEmpty()) {
      diagrams.add(
          new Reliability(role, name, metrics.expectedCalibrationError(), metrics.reliability()));
    }
  }

  /** JSON has no NaN and no infinity; a chart leaves a gap for null. */
  private static final class NumberOrNull extends StdSerializer<Double> {

    private static final long serialVersionUID = 1;

    NumberOrNull() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator generator, SerializerProvider provider)
        throws IOException {
      if (Double.isFinite(value)) {
        generator.writeNumber(value);
      } else {
        generator.writeNull();
      }
    }
  }
}
