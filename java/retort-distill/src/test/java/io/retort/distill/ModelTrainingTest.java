package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelTrainingTest {

  @TempDir Path directory;

  /**
   * Teacher and student begin with the same weights and hardly learn, so they agree on every image
   * that both see; but not where only one of them sees it mirrored.
   */
  @ParameterizedTest
  @ValueSource(strings = {"none", "flip"})
  void aTeacherJudgesTheImagesThatItsStudentSees(String augmentation) throws IOException {
    DataConfig images = new DataConfig("mnist", "", augmentation, 0, 0, 0);
    RunData data = RunData.of(ToyImages.splits(), images);
    TrainingConfig config =
        new TrainingConfig(
            images,
            "mlp-24",
            1,
            ToyRuns.BATCH,
            OptimizerConfig.sgd(),
            new ScheduleConfig(ScheduleConfig.Kind.CONSTANT, 1e-9, 0),
            0,
            1,
            "cpu",
            "f32",
            1);
    Targets soft = new Targets(List.of("teacher"), MeanKind.LOGITS, 2, 1);
    ModelPlan teacher = new ModelPlan("teacher", config, Targets.LABELS);
    ModelPlan student = new ModelPlan("student", config, soft);
    RunDirectory run = RunDirectory.create(directory);
    run.begin(config);
    RunProgress progress =
        new RunProgress(Progress.SILENT, List.of(teacher, student), new long[] {6, 6});
    ModelTraining training = new ModelTraining(run, data, progress, 1);

    training.train(teacher, 1, new Interruption());
    training.train(student, 1, new Interruption());

    assertThat(run.metrics())
        .filteredOn(line -> line.model().equals("student") && line.split().equals("train"))
        .allSatisfy(line -> assertThat(line.soft()).isLessThan(1e-6))
        .hasSize(1);
  }
}
