package io.retort.distill.report;

import io.retort.distill.DistillationResult;
import io.retort.distill.Metrics;
import io.retort.distill.Provenance;
import java.io.IOException;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the template shows, as text ready to be escaped. A part that is null or empty is left out.
 *
 * @param distils whether an ensemble is distilled; otherwise networks are trained alone
 * @param details sentences below the headline
 * @param figures the few numbers in large type
 * @param results the rows of the table of results
 * @param accuracyText the chart of accuracies in words
 * @param curves the rows of the table of learning curves
 * @param diagrams the reliability diagrams
 * @param pictures the gallery
 * @param temperature temperature of the probabilities in the gallery
 * @param method the steps of the distillation
 * @param config all of config.yaml
 * @param command the command that repeats the run
 * @param footer version, machine and date
 * @param data JSON for the script
 */
record Page(
    String name,
    boolean distils,
    String headline,
    List<String> details,
    List<Figure> figures,
    List<Result> results,
    String accuracyText,
    List<Curve> curves,
    List<Diagram> diagrams,
    List<Picture> pictures,
    String temperature,
    List<String> method,
    List<ConfigGroup> config,
    String command,
    List<String> footer,
    String data) {

  /** One number in large type. */
  record Figure(String css, String name, String value, String note) {}

  /** One row of the table of results. */
  record Result(
      String css,
      String name,
      String accuracy,
      String difference,
      String negativeLogLikelihood,
      String expectedCalibrationError,
      String agreement,
      String parameters,
      String seed) {}

  /** One row of the table of learning curves. */
  record Curve(
      String css,
      String name,
      int epochs,
      String loss,
      String accuracy,
      String speed,
      String time) {}

  /** One reliability diagram, with its numbers. */
  record Diagram(String id, String css, String name, String error, List<Bin> bins) {}

  /** One bin that has examples. */
  record Bin(String range, String examples, String confidence, String accuracy) {}

  static Page of(RunContents run) throws IOException {
    DistillationResult result = run.result();
    ChartData charts = ChartData.of(run);
    boolean distils = run.distillation() != null;
    return new Page(
        run.name(),
        distils,
        result == null ? progress(run) : Headline.of(result),
        result == null ? List.of() : Headline.details(result),
        result == null ? List.of() : figures(result),
        result == null ? List.of() : results(result),
        accuracyText(charts),
        run.curves().stream().map(Page::curve).toList(),
        charts.reliability().stream().map(Page::diagram).toList(),
        run.album() == null ? List.of() : Picture.of(run.album()),
        distils ? Method.number(run.distillation().temperature()) : null,
        distils ? Method.of(run.distillation(), result == null ? 0 : result.steps()) : List.of(),
        ConfigGroup.of(run.config()),
        run.provenance() == null ? null : run.provenance().command(),
        run.provenance() == null ? List.of() : footer(run.provenance()),
        charts.json());
  }

  private static String progress(RunContents run) {
    List<LearningCurve> measured =
        run.curves().stream().filter(curve -> !curve.accuracy().isEmpty()).toList();
    if (measured.isEmpty()) {
      return "Nothing has been measured yet.";
    }
    LearningCurve best =
        Collections.max(measured, Comparator.comparingDouble(LearningCurve::lastAccuracy));
    String accuracy = Numbers.percent(best.lastAccuracy(), 1);
    if (measured.size() > 1) {
      return "%s networks so far; the best, %s, reaches %s."
          .formatted(Numbers.word(measured.size()), best.name(), accuracy);
    }
    String epochs =
        best.epochs() < run.epochs() ? best.epochs() + " of " + run.epochs() : "" + best.epochs();
    return "%s reaches %s after %s epoch%s."
        .formatted(best.name(), accuracy, epochs, epochs.equals("1") ? "" : "s");
  }

  private static List<Figure> figures(DistillationResult result) {
    return ResultRow.of(result).stream()
        .filter(row -> isFigure(row, result))
        .map(row -> figure(row, result))
        .toList();
  }

  /** The members count once, as their mean; of the ensembles, the one that taught the student. */
  private static boolean isFigure(ResultRow row, DistillationResult result) {
    return switch (row.role()) {
      case MEAN, STUDENT, CONTROL -> true;
      case MEMBER -> result.members().size() == 1;
      case ENSEMBLE -> result.members().size() > 1 && row.name().equals(ResultRow.taught(result));
      default -> false;
    };
  }

  private static Figure figure(ResultRow row, DistillationResult result) {
    String note =
        switch (row.role()) {
          case MEAN ->
              "± " + Numbers.decimals(100 * result.memberAccuracyDeviation(), 2) + " points";
          case MEMBER -> "";
          default -> minus(Numbers.points(row.difference(), 2)) + " points";
        };
    String name = row.role() == Role.ENSEMBLE ? "Ensemble" : capital(row.name());
    return new Figure(row.role().css(), name, Numbers.percent(row.accuracy(), 2), note);
  }

  private static List<Result> results(DistillationResult result) {
    return ResultRow.of(result).stream().map(Page::result).toList();
  }

  private static Result result(ResultRow row) {
    return new Result(
        row.role().css(),
        row.role() == Role.MEMBER ? row.name() : capital(row.name()),
        Numbers.percent(row.accuracy(), 2),
        row.role() == Role.MEAN ? "" : minus(Numbers.points(row.difference(), 2)),
        Numbers.decimals(row.negativeLogLikelihood(), 4),
        Numbers.decimals(row.expectedCalibrationError(), 4),
        row.agreement() == null ? "" : Numbers.percent(row.agreement(), 1),
        row.parameters() == null ? "" : Numbers.grouped(row.parameters()),
        row.seed() == null ? "" : row.seed().toString());
  }

  private static String accuracyText(ChartData charts) {
    if (charts.accuracy() == null) {
      return null;
    }
    return charts.accuracy().rows().stream()
        .flatMap(row -> row.dots().stream())
        .map(dot -> dot.name() + " " + Numbers.percent(dot.accuracy(), 2))
        .collect(Collectors.joining("; "));
  }

  private static Curve curve(LearningCurve curve) {
    return new Curve(
        curve.role().css(),
        curve.role() == Role.MEMBER ? curve.name() : capital(curve.name()),
        curve.epochs(),
        curve.loss().isEmpty() ? "" : Numbers.decimals(curve.lastLoss(), 4),
        curve.accuracy().isEmpty() ? "" : Numbers.percent(curve.lastAccuracy(), 2),
        curve.loss().isEmpty() ? "" : Numbers.grouped(Math.round(curve.imagesPerSecond())),
        Numbers.duration(curve.seconds()));
  }

  private static Diagram diagram(ChartData.Reliability diagram) {
    return new Diagram(
        diagram.id(),
        diagram.role().css(),
        diagram.name(),
        Numbers.decimals(diagram.error(), 4),
        diagram.bins().stream().filter(bin -> bin.examples() > 0).map(Page::bin).toList());
  }

  private static Bin bin(Metrics.Bin bin) {
    return new Bin(
        Numbers.decimals(100 * bin.lower(), 0) + "–" + Numbers.percent(bin.upper(), 0),
        Numbers.grouped(bin.examples()),
        Numbers.percent(bin.confidence(), 1),
        Numbers.percent(bin.accuracy(), 1));
  }

  static List<String> footer(Provenance provenance) {
    String commit = provenance.commit() == null ? "" : " (" + provenance.commit() + ")";
    return Stream.of(
            provenance.version() == null ? null : "Retort " + provenance.version() + commit,
            provenance.machine(),
            provenance.isa(),
            provenance.threads() > 0 ? provenance.threads() + " threads" : null,
            provenance.seconds() > 0 ? Numbers.duration(provenance.seconds()) : null,
            provenance.finishedAt())
        .filter(Objects::nonNull)
        .toList();
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  /** The sign as print has it. */
  private static String minus(String number) {
    return number.replace('-', '−');
  }
}
