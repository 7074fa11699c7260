package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.distill.Safetensors.FloatTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StateFileTest {

  private static final ModelPlan PLAN =
      new ModelPlan("model", ToyRuns.training().withEpochs(2), Targets.LABELS);

  @TempDir Path directory;
  private RunDirectory run;
  private Path state;

  @BeforeEach
  void stopAfterAStep() throws IOException {
    run = RunDirectory.create(directory);
    state = run.state("model");
    Interruption interruption = new Interruption();
    assertThatThrownBy(() -> train(update -> interruption.request(), interruption))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessage("model stopped after step 1");
  }

  @Test
  void itHoldsTheMomentumAndWhereTheTrainingStands() throws IOException {
    Safetensors file = Safetensors.read(state);

    assertThat(file.metadata())
        .containsEntry("optimizer_steps", "1")
        .hasEntrySatisfying("position", p -> assertThat(p).startsWith("{\"epochs\":0,\"step\":1,"));
    assertThat(file.tensors().keySet()).anyMatch(name -> name.startsWith("optimizer."));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "position | | its metadata has no position",
        "position | { | cannot be understood",
        "position | null | is null",
        "position | {\"epochs\":0,\"step\":13,\"totals\":{\"examples\":0}} | step 13",
        "position | {\"epochs\":-1,\"step\":1,\"totals\":{\"examples\":0}} | epochs -1",
        "position | {\"epochs\":0,\"step\":1} | totals",
        "optimizer_steps | | its metadata has no optimizer_steps",
        "optimizer_steps | many | its metadata optimizer_steps",
        "seed | 3 | its seed is 3, not 1",
      })
  void aStateThatIsCorruptOrAnothersIsRefusedWithItsReason(String name, String value, String reason)
      throws IOException {
    Safetensors file = Safetensors.read(state);
    Map<String, String> metadata = new LinkedHashMap<>(file.metadata());
    metadata.remove(name);
    if (value != null) {
      metadata.put(name, value);
    }
    new Safetensors(metadata, file.tensors()).write(state);

    assertRefused(reason);
  }

  @Test
  void aStateOfABuildThatKnewNoPrecisionIsGoneOnFrom() throws IOException {
    Safetensors file = Safetensors.read(state);
    Map<String, String> metadata = new LinkedHashMap<>(file.metadata());
    metadata.computeIfPresent(
        "training", (name, training) -> training.replace("\"precision\":\"f32\",", ""));
    assertThat(metadata).isNotEqualTo(file.metadata());
    new Safetensors(metadata, file.tensors()).write(state);

    assertThat(train(Progress.SILENT, new Interruption()).steps()).isEqualTo(12);
  }

  @Test
  void aStateWithoutMomentumIsRefused() throws IOException {
    Safetensors file = Safetensors.read(state);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>(file.tensors());
    tensors.keySet().removeIf(name -> name.startsWith("optimizer."));
    new Safetensors(file.metadata(), tensors).write(state);

    assertRefused("optimiser");
  }

  @Test
  void aStateCutShortIsRefusedAndWithoutItTheTrainingStartsAgain() throws IOException {
    byte[] whole = Files.readAllBytes(state);
    Files.write(state, Arrays.copyOf(whole, whole.length - 1));
    assertRefused("Delete it to train model from its start");

    Files.delete(state);

    assertThat(train(Progress.SILENT, new Interruption()).steps()).isEqualTo(12);
    assertThat(run.checkpoints()).isEqualTo(List.of(run.checkpoint("model")));
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(() -> train(Progress.SILENT, new Interruption()))
        .isInstanceOf(Safetensors.FormatException.class)
        .hasMessageContaining(state.toString())
        .hasMessageContaining(reason);
  }

  private TrainingResult train(Progress progress, Interruption interruption) throws IOException {
    return Training.run(
        PLAN, new ImageRun(run, ToyImages.data(), PLAN.config()), progress, interruption);
  }
}
