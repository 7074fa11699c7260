package io.retort.distill.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.retort.distill.Formats;
import io.retort.distill.Metrics;
import io.retort.distill.Provenance;
import io.retort.distill.RunDirectory;
import io.retort.distill.real.RealConfig;
import io.retort.distill.real.RealMethod;
import io.retort.distill.real.RealResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/**
 * What the template of the experiment on real images shows, as text ready to be escaped. A part
 * that is null or empty is left out.
 *
 * @param headline what came of it, in a sentence
 * @param asked the settings that the texts name
 * @param rows the table of results
 * @param hasPaper whether the table has the paper's figure
 * @param sizes the table of ensembles
 * @param config all of config.yaml
 * @param command the command that repeats the run
 * @param footer version, machine and date
 * @param data JSON for the script
 */
record RealPage(
    String name,
    String headline,
    Asked asked,
    List<RealRow> rows,
    boolean hasPaper,
    List<Size> sizes,
    List<ConfigGroup> config,
    String command,
    List<String> footer,
    String data) {

  /** Settings as the texts have them. */
  record Asked(
      String dataset,
      String architecture,
      String temperature,
      String alpha,
      Integer joint,
      String jointRate) {}

  /** Ensembles of one size. */
  record Size(int members, int ensembles, String accuracy) {}

  /** What the script draws; accuracies are fractions. */
  record Charts(List<Point> accuracy, List<Level> levels) {}

  /** A mean and a standard deviation over the size. */
  record Point(double x, double mean, double deviation) {}

  /** A line to hold the curve against. */
  record Level(String name, String role, double accuracy) {}

  /** The page; only config.yaml is needed for it. */
  static RealPage of(RunDirectory run) throws IOException {
    RealConfig config = run.readConfig(RealConfig.class);
    Provenance provenance = Files.exists(run.provenanceFile()) ? run.readProvenance() : null;
    RealResult result = Files.exists(run.resultsFile()) ? run.readResult(RealResult.class) : null;
    List<RealRow> rows = result == null ? List.of() : RealRow.of(result);
    return new RealPage(
        run.path().toAbsolutePath().normalize().getFileName().toString(),
        result == null ? "The experiment has not finished yet." : headline(result),
        new Asked(
            config.training().data().dataset(),
            config.training().architecture(),
            Numbers.decimals(config.temperature(), 1),
            Numbers.decimals(config.alpha(), 2),
            config.jointNetworks() == 0 ? null : Integer.valueOf(config.jointNetworks()),
            Numbers.decimals(config.jointRateFactor(), 1)),
        rows,
        rows.stream().anyMatch(row -> !row.paper().isEmpty()),
        result == null ? List.of() : result.ensembles().stream().map(RealPage::size).toList(),
        ConfigGroup.of(Formats.YAML.readTree(run.configFile().toFile())),
        provenance == null ? null : provenance.command(),
        provenance == null ? List.of() : Page.footer(provenance),
        json(result == null ? null : charts(result)));
  }

  private static String headline(RealResult result) {
    return ("One network reaches %s, the ensemble of %d %s, and one network distilled from it %s;"
            + " on labels alone, as long and from the same seeds, it reaches %s.")
        .formatted(
            percent(RealResult.spread(result.members(), Metrics::accuracy).mean()),
            result.members().size(),
            percent(result.ensemble().accuracy()),
            percent(accuracy(result, RealMethod.DISTILLED)),
            percent(accuracy(result, RealMethod.CONTROL)));
  }

  private static String percent(double fraction) {
    return Numbers.percent(fraction, 2);
  }

  private static double accuracy(RealResult result, RealMethod method) {
    return RealResult.spread(result.of(method).networks(), Metrics::accuracy).mean();
  }

  private static Size size(RealResult.Size size) {
    return new Size(size.members(), size.ensembles(), accuracy(size));
  }

  /** The accuracy of ensembles of one size, in percent. */
  static String accuracy(RealResult.Size size) {
    String mean = Numbers.decimals(100 * size.accuracy().mean(), 2);
    return size.ensembles() < 2
        ? mean
        : mean + " \u00b1 " + Numbers.decimals(100 * size.accuracy().deviation(), 2);
  }

  private static Charts charts(RealResult result) {
    return new Charts(
        result.ensembles().stream()
            .map(
                size ->
                    new Point(size.members(), size.accuracy().mean(), size.accuracy().deviation()))
            .toList(),
        List.of(
            new Level("Distilled", "student", accuracy(result, RealMethod.DISTILLED)),
            new Level(
                "Self-distilled", "self-distilled", accuracy(result, RealMethod.SELF_DISTILLED)),
            new Level("Control", "control", accuracy(result, RealMethod.CONTROL))));
  }

  /** JSON that may stand inside a script element: no {@code <} can end it. */
  private static String json(Charts charts) {
    try {
      return Formats.JSON_LINE.writeValueAsString(charts).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("chart data is made of numbers and names alone", e);
    }
  }
}
