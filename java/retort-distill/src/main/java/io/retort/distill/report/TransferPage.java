package io.retort.distill.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.retort.distill.Formats;
import io.retort.distill.Provenance;
import io.retort.distill.RunDirectory;
import io.retort.distill.transfer.LogitGeometry;
import io.retort.distill.transfer.TransferConfig;
import io.retort.distill.transfer.TransferMethod;
import io.retort.distill.transfer.TransferResult;
import io.retort.distill.transfer.WeightBin;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What the template of the transfer experiment shows, as text ready to be escaped. A part that is
 * null or empty is left out.
 *
 * @param headline what came of it, in a sentence
 * @param asked the settings that the texts name
 * @param rows the tables of results and of the logit geometry
 * @param optimumSlope slope of the gaps that plain distillation aims at, where it is known
 * @param weights the table of example weights
 * @param labelsShare what every example would weigh if student and teacher agreed
 * @param config all of config.yaml
 * @param command the command that repeats the run
 * @param footer version, machine and date
 * @param data JSON for the script
 */
record TransferPage(
    String name,
    String headline,
    Asked asked,
    List<TransferRow> rows,
    String optimumSlope,
    List<Weight> weights,
    String labelsShare,
    List<ConfigGroup> config,
    String command,
    List<String> footer,
    String data) {

  /** Settings as the texts have them. */
  record Asked(
      String temperature,
      String alpha,
      String smoothing,
      String similarityTemperature,
      int topK,
      String mixtureShare) {}

  /** The weights of examples of which the teacher is about equally sure. */
  record Weight(String target, String examples, String lower, String median, String upper) {}

  /** A line of the chart: mean gaps over -log p. */
  record Line(String name, String role, boolean dashed, List<Point> points) {}

  /** A point of the chart. */
  record Point(double x, double y) {}

  /** The page; only config.yaml is needed for it. */
  static TransferPage of(RunDirectory run) throws IOException {
    TransferConfig config = run.readConfig(TransferConfig.class);
    Provenance provenance = Files.exists(run.provenanceFile()) ? run.readProvenance() : null;
    TransferResult result =
        Files.exists(run.resultsFile()) ? run.readResult(TransferResult.class) : null;
    return new TransferPage(
        run.path().toAbsolutePath().normalize().getFileName().toString(),
        result == null ? "The experiment has not finished yet." : headline(result),
        asked(config),
        result == null ? List.of() : TransferRow.of(result),
        result == null || result.optimum() == null
            ? null
            : Numbers.decimals(result.optimum().slope(), 2),
        result == null ? List.of() : result.weights().stream().map(TransferPage::weight).toList(),
        number(1 - config.alpha()),
        ConfigGroup.of(Formats.YAML.readTree(run.configFile().toFile())),
        provenance == null ? null : provenance.command(),
        provenance == null ? List.of() : Page.footer(provenance),
        json(result == null ? null : lines(result)));
  }

  private static Asked asked(TransferConfig config) {
    return new Asked(
        number(config.temperature()),
        number(config.alpha()),
        number(config.labelSmoothing()),
        number(config.similarityTemperature()),
        config.topK(),
        number(config.mixtureShare()));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4g", value).replaceFirst("\\.?0+$", "");
  }

  private static String headline(TransferResult result) {
    TransferResult.Method best =
        result.methods().stream()
            .filter(method -> method.method().isTaught())
            .max(Comparator.comparingDouble(TransferPage::accuracy))
            .orElseThrow();
    return ("Labels alone reach %s, label smoothing %s, distillation %s; of the distilled students"
            + " those of %s do best, with %s.")
        .formatted(
            percent(result, TransferMethod.LABELS),
            percent(result, TransferMethod.LABEL_SMOOTHING),
            percent(result, TransferMethod.KD),
            best.method().title(),
            Numbers.percent(accuracy(best), 2));
  }

  private static String percent(TransferResult result, TransferMethod method) {
    return Numbers.percent(accuracy(result.of(method)), 2);
  }

  private static double accuracy(TransferResult.Method method) {
    return method.spread(network -> network.metrics().accuracy()).mean();
  }

  private static Weight weight(WeightBin bin) {
    return new Weight(
        Numbers.decimals(bin.from(), 1) + "–" + Numbers.decimals(bin.to(), 1),
        Numbers.grouped(bin.examples()),
        Numbers.decimals(bin.lowerQuartile(), 2),
        Numbers.decimals(bin.median(), 2),
        Numbers.decimals(bin.upperQuartile(), 2));
  }

  private static List<Line> lines(TransferResult result) {
    List<Line> lines = new ArrayList<>();
    lines.add(line("teacher", "ensemble", false, List.of(result.teacher())));
    for (TransferResult.Method method : result.methods()) {
      boolean dashed = method.method().transform(result.config()) != null;
      String role = dashed ? role(method.method()) : TransferRow.css(method.method());
      lines.add(line(method.method().title(), role, dashed, method.networks()));
    }
    return lines;
  }

  /** Four dashed lines want four colours. */
  private static String role(TransferMethod method) {
    return switch (method) {
      case KD_PT -> "self-distilled";
      case KD_SIM -> "control";
      case KD_TOPK -> "student";
      default -> "member";
    };
  }

  /** The mean over networks, whose bins have the same pairs, for they have one teacher. */
  private static Line line(
      String name, String role, boolean dashed, List<TransferResult.Network> networks) {
    Map<Double, Double> gaps =
        networks.stream()
            .flatMap(network -> network.geometry().bins().stream())
            .collect(
                Collectors.groupingBy(
                    LogitGeometry.Bin::lower,
                    TreeMap::new,
                    Collectors.averagingDouble(LogitGeometry.Bin::gap)));
    List<Point> points = new ArrayList<>();
    gaps.forEach((lower, gap) -> points.add(new Point(lower + LogitGeometry.BIN_WIDTH / 2, gap)));
    return new Line(name, role, dashed, points);
  }

  /** JSON that may stand inside a script element: no {@code <} can end it. */
  private static String json(List<Line> lines) {
    try {
      return Formats.JSON_LINE.writeValueAsString(lines).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("chart data is made of numbers and names alone", e);
    }
  }
}
