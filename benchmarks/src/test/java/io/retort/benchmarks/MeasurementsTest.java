package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.kernels.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeasurementsTest {
  @TempDir private Path directory;

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    Path file = directory.resolve("new/results.csv");

    SampleResults.ALL.write(file);

    assertThat(Measurements.read(file)).isEqualTo(SampleResults.ALL);
  }

  @Test
  void theFileHasOneNamedColumnForEachFigure() throws IOException {
    Path file = directory.resolve("results.csv");

    SampleResults.ALL.write(file);

    assertThat(Files.readAllLines(file).get(0))
        .isEqualTo(
            "kernel,provider,rows,classes,teachers,dtype,threads,median_ns,p20_ns,p80_ns,model_bytes,"
                + "gigabytes_per_second,share_of_copy,machine,commit");
    assertThat(Files.readAllLines(file).get(1))
        .startsWith("distillation-loss-of-logits,retort-avx512,50,100,4,f32,2,4000.0,")
        .contains(",120000,30.0,0.25,");
  }

  @Test
  void bytesPerNanosecondAreGigabytesPerSecond() {
    assertThat(SampleResults.RETORT.gigabytesPerSecond()).isCloseTo(30, within(1e-12));
  }

  @Test
  void retortIsFasterByTheRatioOfTheTimesOnTheSameProblem() {
    assertThat(SampleResults.ALL.retortFasterBy(SampleResults.PYTORCH)).hasValue(12.5);
  }

  @Test
  void retortIsNotComparedWithItselfNorAcrossProblems() {
    Measurement otherClasses = SampleResults.row("logits", "pytorch-autograd", 1000, 4, 1);
    Measurement otherType = SampleResults.row("logits", "pytorch-autograd", 10, 4, DType.BF16, 1);

    assertThat(SampleResults.ALL.retortFasterBy(SampleResults.RETORT)).isEmpty();
    assertThat(SampleResults.ALL.retortFasterBy(otherClasses)).isEmpty();
    assertThat(SampleResults.ALL.retortFasterBy(otherType)).isEmpty();
  }

  @Test
  void theTypeIsWrittenInLowerCase() throws IOException {
    Path file = directory.resolve("results.csv");

    SampleResults.ALL.write(file);

    assertThat(Files.readAllLines(file)).last().asString().contains(",100,4,bf16,2,5000.0,");
  }

  @Test
  void aTypeThatDoesNotExistIsAnError() throws IOException {
    Path file = directory.resolve("broken.csv");
    SampleResults.ALL.write(file);
    Files.writeString(file, Files.readString(file).replace("bf16", "f8"));

    assertThatThrownBy(() -> Measurements.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("broken.csv");
  }

  @Test
  void aFileThatIsNoTableOfResultsIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("other.csv"), "a,b\n1,2\n");

    assertThatThrownBy(() -> Measurements.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("other.csv");
  }

  @Test
  void aFigureThatIsNoNumberIsAnError() throws IOException {
    Path file = directory.resolve("broken.csv");
    SampleResults.ALL.write(file);
    Files.writeString(file, Files.readString(file).replace("4000.0", "fast"));

    assertThatThrownBy(() -> Measurements.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("broken.csv");
  }
}
