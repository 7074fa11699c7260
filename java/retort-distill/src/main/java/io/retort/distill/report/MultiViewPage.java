package io.retort.distill.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.retort.distill.Formats;
import io.retort.distill.Provenance;
import io.retort.distill.RunDirectory;
import io.retort.distill.Spread;
import io.retort.distill.multiview.Contrast;
import io.retort.distill.multiview.DarkKnowledge;
import io.retort.distill.multiview.EnsembleResult;
import io.retort.distill.multiview.MethodResult;
import io.retort.distill.multiview.MultiViewConfig;
import io.retort.distill.multiview.MultiViewResult;
import io.retort.distill.multiview.NetworkResult;
import io.retort.distill.multiview.ViewResult;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What the template of the multi-view experiment shows, as text ready to be escaped. A part that is
 * null or empty is left out.
 *
 * @param headline what came of it, in a sentence
 * @param rows the table of results
 * @param sizes the table of ensembles
 * @param viewNumbers views known, of how many
 * @param classes the classes that head the table of correlations
 * @param networks which view each network learned
 * @param darkKnowledge the table of soft targets
 * @param contrasts a table each
 * @param trend over the number of classes, a table a measure
 * @param studentEnsemble single-view accuracy of the mean of the squared error's students
 * @param config all of config.yaml
 * @param command the command that repeats the run
 * @param footer version, machine and date
 * @param data JSON for the script
 */
record MultiViewPage(
    String name,
    String headline,
    List<MultiViewRow> rows,
    List<Size> sizes,
    int viewNumbers,
    List<Integer> classes,
    List<Network> networks,
    List<Dark> darkKnowledge,
    List<ContrastTable> contrasts,
    List<TrendTables.Table> trend,
    String studentEnsemble,
    List<ConfigGroup> config,
    String command,
    List<String> footer,
    String data) {

  /** Ensembles of one size. */
  record Size(int size, String singleView, String mixed, String covered) {}

  /** One network's correlations, in the order of the views. */
  record Network(String css, String name, String singleView, int known, List<Cell> cells) {}

  /** One view: its correlation, how dark the cell is, and whether the network knows the view. */
  record Cell(String correlation, int shade, boolean known, String title) {}

  /** The soft targets at one temperature. */
  record Dark(String temperature, String offClass, String onPresent, String present) {}

  /** One contrast. */
  record ContrastTable(String name, String claim, String measure, List<ContrastRow> rows) {}

  /** Models of one kind. */
  record ContrastRow(String name, int models, String accuracy) {}

  /** What the script draws; accuracies are fractions. */
  record Charts(
      List<Point> accuracy,
      List<Point> coverage,
      List<Point> temperature,
      Levels levels,
      List<TrendTables.Line> trend) {}

  /** A mean and a standard deviation over x. */
  record Point(double x, double mean, double deviation) {

    static Point of(double x, Spread spread) {
      return new Point(x, spread.mean(), spread.deviation());
    }
  }

  /** Lines to hold the curves against. */
  record Levels(double ensemble, double control, double members, int views) {}

  /** The page; only config.yaml is needed for it. */
  static MultiViewPage of(RunDirectory run) throws IOException {
    JsonNode config = Formats.YAML.readTree(run.configFile().toFile());
    Provenance provenance = Files.exists(run.provenanceFile()) ? run.readProvenance() : null;
    MultiViewResult result =
        Files.exists(run.resultsFile()) ? run.readResult(MultiViewResult.class) : null;
    MultiViewConfig asked = run.readConfig(MultiViewConfig.class);
    int classes = asked.distribution().classes();
    return new MultiViewPage(
        run.path().toAbsolutePath().normalize().getFileName().toString(),
        result == null ? "The experiment has not finished yet." : headline(result),
        result == null ? List.of() : MultiViewRow.of(result),
        result == null ? List.of() : sizes(result),
        asked.distribution().features(),
        IntStream.rangeClosed(1, classes).boxed().toList(),
        result == null ? List.of() : networks(result),
        result == null ? List.of() : darkKnowledge(result),
        result == null ? List.of() : contrasts(result),
        result == null ? List.of() : TrendTables.of(result.trend()),
        result == null || result.studentEnsemble() == null
            ? null
            : Numbers.percent(result.studentEnsemble().singleView(), 1),
        ConfigGroup.of(config),
        provenance == null ? null : provenance.command(),
        provenance == null ? List.of() : Page.footer(provenance),
        result == null ? "null" : json(charts(result)));
  }

  private static String headline(MultiViewResult result) {
    MethodResult best = bestStudents(result);
    return ("A network recognises %s of samples that show one view, the ensemble of %d %s, and one"
            + " network distilled from it %s (%s); on labels alone, as long and from the same"
            + " seed, it reaches %s.")
        .formatted(
            singleView(result.members()),
            result.ensemble().size(),
            Numbers.percent(result.ensemble().singleView().mean(), 1),
            singleView(best),
            best.method(),
            singleView(result.control()));
  }

  private static MethodResult bestStudents(MultiViewResult result) {
    return result.students().stream()
        .filter(students -> !students.method().equals(MethodResult.SELF_DISTILLED))
        .max((a, b) -> Double.compare(mean(a), mean(b)))
        .orElseThrow();
  }

  private static double mean(MethodResult method) {
    return method.spread(n -> n.accuracy().singleView()).mean();
  }

  private static String singleView(MethodResult method) {
    return Numbers.percent(mean(method), 1);
  }

  private static List<Size> sizes(MultiViewResult result) {
    List<Size> sizes = new ArrayList<>();
    for (EnsembleResult ensemble : result.ensembles()) {
      int count = ensemble.size() == result.ensembles().size() ? 1 : result.ensembles().size();
      Spread covered = ensemble.viewsCovered();
      sizes.add(
          new Size(
              ensemble.size(),
              MultiViewRow.percent(ensemble.singleView(), count, 1),
              MultiViewRow.percent(ensemble.mixed(), count, 2),
              Numbers.decimals(covered.mean(), 1)
                  + (count < 2 ? "" : " \u00b1 " + Numbers.decimals(covered.deviation(), 1))));
    }
    return sizes;
  }

  private static List<Network> networks(MultiViewResult result) {
    List<Network> networks = new ArrayList<>();
    add(networks, "member", "member", result.members());
    add(networks, "control", "control", result.control());
    for (MethodResult students : result.students()) {
      boolean self = students.method().equals(MethodResult.SELF_DISTILLED);
      add(networks, self ? "self-distilled" : "student", students.method(), students);
    }
    return networks;
  }

  private static void add(List<Network> networks, String css, String name, MethodResult method) {
    int number = 0;
    for (NetworkResult network : method.networks()) {
      number++;
      networks.add(
          new Network(
              css,
              method.networks().size() == 1 ? name : name + " " + number,
              Numbers.decimals(100 * network.accuracy().singleView(), 1),
              network.viewsKnown(),
              network.views().stream().map(MultiViewPage::cell).toList()));
    }
  }

  private static Cell cell(ViewResult view) {
    String accuracy =
        view.accuracy() < 0 ? "not shown alone" : Numbers.percent(view.accuracy(), 0) + " right";
    return new Cell(
        String.format(Locale.ROOT, "%.2f", view.correlation()).replaceFirst("^0", ""),
        (int) Math.round(100 * Math.max(0, Math.min(1, view.correlation()))),
        view.accuracy() >= ViewResult.KNOWN,
        "class %d, view %d: %s where it is shown alone"
            .formatted(view.label() + 1, view.view() + 1, accuracy));
  }

  private static List<Dark> darkKnowledge(MultiViewResult result) {
    return result.darkKnowledge().stream().map(MultiViewPage::dark).toList();
  }

  private static Dark dark(DarkKnowledge dark) {
    return new Dark(
        Numbers.decimals(dark.temperature(), 1),
        Numbers.percent(dark.offClassMass(), 2),
        Numbers.percent(dark.onPresentClasses(), 1),
        Numbers.percent(dark.presentClasses(), 1));
  }

  private static List<ContrastTable> contrasts(MultiViewResult result) {
    return result.contrasts().stream().map(MultiViewPage::contrast).toList();
  }

  private static ContrastTable contrast(Contrast contrast) {
    return new ContrastTable(
        contrast.name(),
        contrast.claim(),
        contrast.measure(),
        contrast.rows().stream()
            .map(
                row ->
                    new ContrastRow(
                        row.name(),
                        row.models(),
                        MultiViewRow.percent(row.accuracy(), row.models(), 1)))
            .toList());
  }

  private static Charts charts(MultiViewResult result) {
    List<Point> temperatures =
        result.config().students().temperatureList().stream()
            .map(
                t ->
                    Point.of(
                        t,
                        result
                            .students(MethodResult.softTargets(t))
                            .spread(n -> n.accuracy().singleView())))
            .toList();
    return new Charts(
        result.ensembles().stream().map(e -> Point.of(e.size(), e.singleView())).toList(),
        result.ensembles().stream().map(e -> Point.of(e.size(), e.viewsCovered())).toList(),
        temperatures,
        new Levels(
            result.ensemble().singleView().mean(),
            mean(result.control()),
            mean(result.members()),
            result.config().distribution().features()),
        TrendTables.lines(result.trend()));
  }

  /** JSON that may stand inside a script element: no {@code <} can end it. */
  private static String json(Charts charts) {
    try {
      return Formats.JSON_LINE.writeValueAsString(charts).replace("<", "\\u003c");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("chart data is made of numbers alone", e);
    }
  }
}
