package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.data.DatasetSplits;
import io.retort.data.ImageDataset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {

  @TempDir static Path directory;
  private static DataConfig data;
  private static DistillationResult result;
  private static RunDirectory run;

  /** From files to models, as the command line does it. */
  @BeforeAll
  static void distil() throws IOException {
    data = ToyImages.write(directory, ToyImages.splits());
    run = RunDirectory.create(directory.resolve("run"));
    TrainingConfig toy = ToyRuns.training().withEpochs(4);
    TrainingConfig training = toy.withData(data);
    result =
        Distillation.run(
            new DistillConfig(training, 3, MeanKind.PROBABILITIES, 2, 0.9, null),
            run,
            Progress.SILENT,
            new Interruption());
  }

  @Test
  void aModelIsAsGoodAsItsTrainingSaid() throws IOException {
    Path file = run.checkpoint("student");

    EvaluationResult evaluated = Evaluation.run(List.of(file), data, "cpu", 2, Progress.SILENT);

    assertThat(evaluated.models()).hasSize(1);
    ModelResult model = evaluated.models().get(0);
    assertThat(model.name()).isEqualTo(file.toString());
    assertThat(model.metrics()).isEqualTo(result.student().metrics());
    assertThat(model.agreementWithEnsemble()).isEqualTo(1);
    assertThat(evaluated.ensembleOfLogits()).isNull();
  }

  @Test
  void severalModelsAreAnEnsemble() throws IOException {
    List<Path> members =
        List.of(run.checkpoint("member-1"), run.checkpoint("member-2"), run.checkpoint("member-3"));
    List<Progress.Update> updates = new ArrayList<>();

    EvaluationResult evaluated = Evaluation.run(members, data, "cpu", 1, updates::add);

    assertThat(evaluated.ensembleOfLogits()).isEqualTo(result.ensembleOfLogits());
    assertThat(evaluated.ensembleOfProbabilities()).isEqualTo(result.ensembleOfProbabilities());
    assertThat(evaluated.models())
        .extracting(ModelResult::metrics)
        .isEqualTo(result.members().stream().map(ModelResult::metrics).toList());
    assertThat(updates).extracting(Progress.Update::fractionOfRun).last().isEqualTo(1.0);
  }

  @Test
  void otherImagesThanTheModelTakesAreRefused() throws IOException {
    Path other = Files.createDirectory(directory.resolve("other"));
    ImageDataset narrow =
        ImageDataset.of(new byte[10 * 8], new int[10], 8, 1, 1, ToyImages.CLASS_NAMES);
    DataConfig narrowData = ToyImages.write(other, new DatasetSplits(narrow, narrow));

    assertThatThrownBy(
            () ->
                Evaluation.run(
                    List.of(run.checkpoint("student")), narrowData, "cpu", 1, Progress.SILENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("takes images of 8 x 8 x 1, but those of the data set are 8 x 1 x 1");
  }

  @Test
  void noModelAndAFileThatIsNoneAreRefused() throws IOException {
    Path text = Files.writeString(directory.resolve("text"), "no model at all");

    assertThatThrownBy(() -> Evaluation.run(List.of(), data, "cpu", 1, Progress.SILENT))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Evaluation.run(List.of(text), data, "cpu", 1, Progress.SILENT))
        .isInstanceOf(Safetensors.FormatException.class);
    assertThatThrownBy(
            () ->
                Evaluation.run(List.of(run.checkpoint("student")), data, "tpu", 1, Progress.SILENT))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tpu");
  }
}
