package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.retort.distill.DistillConfig;
import io.retort.distill.DistillationResult;
import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import io.retort.distill.Prediction;
import io.retort.distill.RunDirectory;
import io.retort.distill.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

  private static final Pattern SCRIPT = Pattern.compile("(?s)<script[^>]*>(.*?)</script>");

  @TempDir Path path;

  @Test
  void everyNumberOfTheResultsIsOnThePage() throws IOException {
    String page = Report.html(SyntheticRun.distillation(path));

    assertThat(text(page))
        .contains("Five networks together reach 92.4 %, 1.1 points above their mean")
        .contains("the student keeps 0.8 of them");
    assertThat(row(page, "member-2"))
        .containsExactly("91.52 %", "+0.16", "0.2460", "0.0234", "94.3 %", "206 922", "2");
    assertThat(row(page, "Members' mean"))
        .containsExactly("91.36 %", "", "0.2460", "0.0234", "94.3 %", "", "");
    assertThat(row(page, "Ensemble of logits"))
        .containsExactly("92.43 %", "+1.07", "0.2138", "0.0071", "", "1 034 610", "");
    assertThat(row(page, "Ensemble of probabilities")).startsWith("92.35 %", "+0.99", "0.2151");
    assertThat(row(page, "Student"))
        .containsExactly("92.13 %", "+0.77", "0.2253", "0.0110", "96.1 %", "206 922", "6");
    assertThat(row(page, "Self-distilled")).startsWith("91.71 %", "+0.35", "0.2394");
    assertThat(row(page, "Control")).startsWith("91.39 %", "+0.03", "0.2471");
  }

  @Test
  void theChartsAreGivenTheNumbersOfTheRun() throws IOException {
    RunDirectory run = SyntheticRun.distillation(path);

    JsonNode data = data(Report.html(run));

    assertThat(data.at("/accuracy/mean").asDouble()).isEqualTo(0.9136);
    assertThat(data.at("/accuracy/rows")).hasSize(6);
    assertThat(data.at("/accuracy/rows/0/dots")).hasSize(5);
    assertThat(data.at("/accuracy/rows/3/role").asText()).isEqualTo("student");
    assertThat(data.at("/accuracy/rows/3/dots/0/accuracy").asDouble()).isEqualTo(0.9213);
    assertThat(data.at("/curves").findValuesAsText("name"))
        .containsExactly(
            "member-1",
            "member-2",
            "member-3",
            "member-4",
            "member-5",
            "student",
            "self-distilled",
            "control");
    assertThat(data.at("/curves/5/accuracy/4/x").asInt()).isEqualTo(5);
    assertThat(data.at("/curves/5/accuracy/4/y").asDouble()).isEqualTo(0.9213);
    assertThat(data.at("/curves/5/loss/4/y").asDouble()).isEqualTo(0.74);
    assertThat(data.at("/reliability").findValuesAsText("role"))
        .containsExactly("member", "ensemble", "student");
    Metrics.Bin last = run.readResult().ensembleOfLogits().reliability().get(14);
    assertThat(data.at("/reliability/1/bins/14/examples").asInt()).isEqualTo(last.examples());
    assertThat(data.at("/reliability/1/bins/14/accuracy").asDouble()).isEqualTo(last.accuracy());
  }

  @Test
  void everyChartHasItsPlaceOnThePage() throws IOException {
    String page = Report.html(SyntheticRun.distillation(path));

    for (String id :
        List.of(
            "accuracy",
            "curves-accuracy",
            "curves-loss",
            "reliability-member",
            "reliability-ensemble",
            "reliability-student")) {
      assertThat(page).contains("<canvas id=\"" + id + "\"");
    }
  }

  @Test
  void theGalleryShowsEachPictureWithBothProbabilities() throws IOException {
    RunDirectory run = SyntheticRun.distillation(path);
    String page = Report.html(run);

    assertThat(page).contains("alt=\"Test image 411: Dress\"").contains("Both say Bag");
    assertThat(count(page, "<img src=\"data:image/png;base64,")).isEqualTo(12);
    Prediction first = run.readPredictions().images().get(0);
    assertThat(page)
        .contains("<span>" + Numbers.percent(first.softTargets()[0], 0) + "</span>")
        .contains("<span>" + Numbers.percent(first.student()[0], 0) + "</span>");
  }

  @Test
  void allOfTheConfigurationAndHowToRepeatItIsOnThePage() throws IOException {
    String text = text(Report.html(SyntheticRun.distillation(path)));

    assertThat(text)
        .contains("members 5", "temperature 3.0", "alpha 0.9", "mean logits")
        .contains("training.data", "dataset fashion-mnist", "kind one-cycle", "nesterov true")
        .contains("2 345 steps", "from seeds 1 to 5", "from seed 6")
        .contains("retort distill --members 5 --temperature 4 --alpha 0.9")
        .contains("Retort 0.1.0 (1a2b3c4)", "AMD EPYC 9554", "16 threads", "7 min 12 s");
  }

  @Test
  void noTextOfTheRunCanBecomeMarkup() throws IOException {
    RunDirectory run = SyntheticRun.distillation(path.resolve("<b>run"));
    List<String> names = new ArrayList<>(SyntheticRun.CLASSES);
    names.set(3, "<script>alert('class')</script>");
    run.writePredictions(SyntheticRun.album(names));
    SyntheticRun.train(run, "</script><i>model", 0.9, 0.3);

    String page = Report.html(run);

    assertThat(page)
        .doesNotContain("<script>alert", "<i>model", "<b>run")
        .contains("&lt;script&gt;alert(&#39;class&#39;)&lt;/script&gt;");
    assertThat(data(page).at("/curves/8/name").asText()).isEqualTo("</script><i>model");
  }

  @Test
  void notANumberLeavesAGapInTheChartsAndIsNamedInTheTable() throws IOException {
    RunDirectory run = SyntheticRun.distillation(path);
    DistillationResult good = run.readResult();
    List<Metrics.Bin> bins = List.of(new Metrics.Bin(0, 1, 10, Double.NaN, 0.1));
    Metrics broken = new Metrics(10, 0.1, Double.NaN, Double.POSITIVE_INFINITY, bins);
    run.writeResult(
        new DistillationResult(
            good.config(),
            good.steps(),
            good.studentSteps(),
            good.members(),
            good.memberAccuracyMean(),
            Double.NaN,
            good.ensembleOfLogits(),
            good.ensembleOfProbabilities(),
            new ModelResult("student", "mlp-8", 6, 100, 0.1, broken),
            null,
            null));
    run.append(SyntheticRun.line("student", 6, "train", Double.NaN, 0.1, 1000, 1));

    String page = Report.html(run);

    assertThat(data(page).at("/accuracy/deviation").isNull()).isTrue();
    assertThat(data(page).at("/curves/5/loss/5/y").isNull()).isTrue();
    assertThat(data(page).at("/reliability/2/bins/0/confidence").isNull()).isTrue();
    assertThat(row(page, "Student")).contains("NaN", "Infinity");
    assertThat(data(page).at("/accuracy/rows").findValuesAsText("role"))
        .containsExactly("member", "ensemble", "ensemble", "student");
  }

  @Test
  void aTrainedNetworkWithoutResultsIsShownByItsLearningCurvesAlone() throws IOException {
    RunDirectory run = RunDirectory.create(path);
    run.writeConfig(TrainingConfig.defaults());
    run.append(
        SyntheticRun.line("model", 1, "train", 0.71, 0.75, 9000, 3),
        SyntheticRun.line("model", 1, "test", 0.5, 0.82, 30000, 0.4),
        SyntheticRun.line("model", 2, "train", 0.42, 0.85, 9000, 3),
        SyntheticRun.line("model", 2, "test", 0.4, 0.8768, 30000, 0.4));

    String page = Report.html(run);

    assertThat(text(page)).contains("Training", "model reaches 87.7 % after 2 of 8 epochs.");
    assertThat(row(page, "Model")).containsExactly("2", "0.4200", "87.68 %", "9 000", "6.8 s");
    assertThat(page)
        .contains("id=\"curves-accuracy\"", "batch_size")
        .doesNotContain("id=\"accuracy\"", "id=\"reliability-", "<img", "To repeat it");
    assertThat(data(page).at("/accuracy").isNull()).isTrue();
  }

  @Test
  void aDistillationUnderWayNamesItsBestNetworkSoFar() throws IOException {
    RunDirectory run = RunDirectory.create(path);
    run.writeConfig(DistillConfig.defaults());
    SyntheticRun.train(run, "member-1", 0.91, 0.2);
    SyntheticRun.train(run, "member-2", 0.92, 0.2);

    String text = text(Report.html(run));

    assertThat(text).contains("Distillation", "Two networks so far; the best, member-2, reaches");
    assertThat(text).contains("Train 5 networks").doesNotContain("2 345 steps");
  }

  @Test
  void aRunThatHasMeasuredNothingStillHasAPage() throws IOException {
    RunDirectory run = RunDirectory.create(path);
    run.writeConfig(TrainingConfig.defaults());

    String page = Report.html(run);

    assertThat(text(page)).contains("Nothing has been measured yet.", "architecture");
    assertThat(page).doesNotContain("<canvas");
  }

  @Test
  void thePageNeedsNothingOutsideItself() throws IOException {
    String page = Report.html(SyntheticRun.distillation(path));

    String own = page.replaceAll("(?s)/\\*!.*?\\*/", "");
    assertThat(own).doesNotContain("http://", "https://", "sourceMappingURL", "@import", "url(");
    assertThat(Pattern.compile("(?:src|href)=\"(?!data:)").matcher(own).find()).isFalse();
    assertThat(page).contains("Content-Security-Policy", "default-src 'none'");
    assertThat(page).contains("Chart.js v", "Released under the MIT License");
  }

  @Test
  void thePageIsWrittenOverAnOlderOne() throws IOException {
    RunDirectory run = SyntheticRun.distillation(path);
    Files.writeString(run.reportFile(), "old");

    Path file = Report.write(run);

    assertThat(file).isEqualTo(path.resolve("report.html"));
    assertThat(Files.readString(file)).isEqualTo(Report.html(run)).endsWith("</html>\n");
  }

  @Test
  void aFileOfTheRunThatIsCutShortIsAnErrorAndNotLeftOut() throws IOException {
    RunDirectory run = SyntheticRun.distillation(path);
    Files.writeString(run.resultsFile(), "{\"config\":");

    assertThatThrownBy(() -> Report.html(run)).isInstanceOf(IOException.class);
  }

  /** The cells of the first row of a table whose header is the given text. */
  private static List<String> row(String page, String header) {
    String escaped = header.replace("'", "&#39;");
    Matcher row =
        Pattern.compile("<th scope=\"row\"><i></i>" + Pattern.quote(escaped) + "</th>(.*?)</tr>")
            .matcher(page);
    assertThat(row.find()).as("row " + header).isTrue();
    return Pattern.compile("<td>(.*?)</td>")
        .matcher(row.group(1))
        .results()
        .map(cell -> spaced(cell.group(1)))
        .toList();
  }

  /** What a reader sees, with plain spaces. */
  private static String text(String page) {
    String body = SCRIPT.matcher(page).replaceAll("");
    return spaced(body.replaceAll("<[^>]*>", " ")).replaceAll("\\s+", " ");
  }

  private static String spaced(String text) {
    return text.replace('\u00a0', ' ').replace('\u202f', ' ');
  }

  private static JsonNode data(String page) throws IOException {
    Matcher script = SCRIPT.matcher(page);
    assertThat(script.find()).isTrue();
    return new ObjectMapper().readTree(script.group(1));
  }

  private static int count(String page, String part) {
    return page.split(Pattern.quote(part), -1).length - 1;
  }
}
