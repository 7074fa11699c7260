package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.retort.kernels.DType;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.w3c.dom.Document;
import picocli.CommandLine;

class MainTest {
  @TempDir private Path directory;
  private final StringWriter errors = new StringWriter();

  private int run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    commandLine.setErr(new PrintWriter(errors, true));
    return commandLine.execute(arguments);
  }

  @Test
  void aRunStoresEveryProviderOfTheShapeThatSupportsItsType() throws Exception {
    Path results = directory.resolve("results.csv");

    int status =
        run(
            "--classes",
            "10",
            "--teachers",
            "2",
            "--means",
            "logits",
            "--threads",
            "1",
            "--megabytes",
            "1",
            "--milliseconds",
            "30",
            "--output",
            results.toString());

    assertThat(status).isZero();
    List<Measurement> rows = Measurements.read(results).rows();
    assertThat(rows).extracting(Measurement::kernel).containsOnly("distillation-loss-of-logits");
    assertThat(rows)
        .extracting(Measurement::isRetort, Measurement::dtype)
        .containsExactly(tuple(true, DType.F32), tuple(false, DType.F32), tuple(true, DType.BF16));
    assertThat(rows.get(1).provider()).isEqualTo("java");
    assertThat(errors.toString().lines()).first().isEqualTo("java does not support bf16: left out");
    assertThat(errors.toString())
        .contains(
            "1 of 5: 10 classes, 2 teachers, f32, copy; about ",
            "3 of 5: 10 classes, 2 teachers, f32, mean of logits, java; about ",
            "5 of 5: 10 classes, 2 teachers, bf16, mean of logits, retort; about ");
    assertThat(rows)
        .allSatisfy(
            row -> {
              assertThat(row.p20()).isPositive().isLessThanOrEqualTo(row.median());
              assertThat(row.p80()).isGreaterThanOrEqualTo(row.median());
              assertThat(row.shareOfCopy()).isPositive();
            });
  }

  @Test
  void aTypeThatNoProviderSupportsIsRefused() {
    assertThat(run("--providers", "java", "--dtypes", "f32,f16"))
        .isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString())
        .contains("--dtypes must be of types that one of [java] supports, got f16");
  }

  @ParameterizedTest
  @CsvSource({
    "--classes, 0, --classes must be at least 1",
    "--teachers, -1, --teachers must be at least 1",
    "--threads, 0, --threads must be at least 1",
    "--megabytes, 0, --megabytes must be at least 1",
    "--milliseconds, 0, --milliseconds must be at least 1",
    "--providers, tensorflow, provider must be one of",
    "--dtypes, f8, '--dtypes'",
  })
  void aWrongArgumentIsNamed(String option, String value, String message) {
    assertThat(run(option + "=" + value)).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString()).contains(message, value);
  }

  @ParameterizedTest
  @CsvSource({
    "--batch, 0, --batch must be at least 1",
    "--threads, 0, --threads must be at least 1",
    "--milliseconds, 0, --milliseconds must be at least 1",
    "--providers, tensorflow, provider must be one of [retort",
  })
  void aWrongArgumentOfTrainingIsNamed(String option, String value, String message) {
    assertThat(run("training", option + "=" + value)).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString()).contains(message, value);
  }

  @Test
  void aWrongTimeOfTheCallOverheadIsNamed() {
    assertThat(run("call-overhead", "--milliseconds=0")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(errors.toString()).contains("--milliseconds must be at least 1, got 0");
  }

  @ParameterizedTest
  @CsvSource({"share_of_copy, f32, 3", "share_of_copy, bf16, 1", "peers, f32, 1"})
  void drawingMakesAPictureWithALineASeries(String chart, String dtype, int lines)
      throws Exception {
    Path results = directory.resolve("results.csv");
    Path picture = directory.resolve("docs/picture.svg");
    SampleResults.ALL.write(results);

    assertThat(
            run("draw", "--chart", chart, "--dtype", dtype, results.toString(), picture.toString()))
        .isZero();

    DocumentBuilderFactory parsers = DocumentBuilderFactory.newInstance();
    parsers.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    Document svg = parsers.newDocumentBuilder().parse(picture.toFile());
    assertThat(svg.getDocumentElement().getTagName()).isEqualTo("svg");
    assertThat(svg.getDocumentElement().getAttribute("width")).isEqualTo("860");
    assertThat(svg.getElementsByTagName("circle").getLength()).isGreaterThanOrEqualTo(lines);
  }

  @Test
  void drawingAMissingFileFailsWithItsName() {
    assertThat(run("draw", "no-such.csv", directory.resolve("p.svg").toString())).isNotZero();
    assertThat(errors.toString()).contains("no-such.csv");
  }
}
