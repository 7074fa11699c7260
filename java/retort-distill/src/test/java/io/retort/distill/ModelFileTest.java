package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.distill.Safetensors.FloatTensor;
import io.retort.nn.Architecture;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.Network;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelFileTest {

  private static final TrainingConfig CONFIG =
      ToyRuns.training().withArchitecture("cnnbn-4-16").withSeed(9).withThreads(2);
  private static final Targets TARGETS =
      new Targets(List.of("member-1"), MeanKind.PROBABILITIES, 4, 0.9);

  @TempDir Path directory;
  private final RunData data = ToyImages.data();
  private final ModelDescription description =
      ModelDescription.of(new ModelPlan("student", CONFIG, TARGETS), data);
  private Path file;

  @BeforeEach
  void write() throws IOException {
    file = directory.resolve("student.safetensors");
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Network network = create(device, 9)) {
      ModelFile.write(file, network, description);
    }
  }

  @Test
  void theMetadataSayAllThatIsNeededToUseTheModel() throws IOException {
    assertThat(Safetensors.read(file).metadata())
        .containsEntry("architecture", "cnnbn-4-16")
        .containsEntry("input", "{\"height\":8,\"width\":8,\"channels\":1}")
        .containsEntry("classes", "10")
        .containsEntry(
            "class_names", "[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]")
        .containsEntry("seed", "9")
        .containsEntry(
            "targets",
            "{\"teachers\":[\"member-1\"],\"mean\":\"probabilities\",\"temperature\":4.0,"
                + "\"alpha\":0.9}")
        .containsKeys("normalization", "training", "name", "producer");
    assertThat(ModelFile.read(file).description())
        .isEqualTo(description)
        .extracting(ModelDescription::training)
        .isEqualTo(CONFIG.withThreads(0));
  }

  @Test
  void parametersAndRunningStatisticsAreReadBackBitForBit() throws IOException {
    try (Device device = Device.open(DeviceKind.CPU, 1);
        Network written = create(device, 9);
        Network read = ModelFile.read(file).open(device)) {
      assertThat(read.values().download()).isEqualTo(written.values().download());
      assertThat(Safetensors.read(file).tensors().keySet())
          .hasSize(read.parameters().size() + read.buffers().size());
      assertThat(read.buffers()).isNotEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "architecture | | its metadata has no architecture",
        "architecture | mlp-7 | lacks the tensor",
        "architecture | cnnbn-4-17 | must have the shape",
        "input | {} | its metadata input",
        "input | null | its metadata input is null",
        "normalization | {\"mean\":[0],\"standard_deviation\":[0]} | its metadata normalization",
        "class_names | 10 | its metadata class_names",
        "training | { | its metadata training",
      })
  void aFileThatIsNoModelIsRefusedWithItsReason(String name, String value, String reason)
      throws IOException {
    Safetensors model = Safetensors.read(file);
    Map<String, String> metadata = new LinkedHashMap<>(model.metadata());
    metadata.remove(name);
    if (value != null) {
      metadata.put(name, value);
    }
    new Safetensors(metadata, model.tensors()).write(file);

    assertRefused(reason);
  }

  @Test
  void aTensorTooManyIsRefused() throws IOException {
    Safetensors model = Safetensors.read(file);
    Map<String, FloatTensor> tensors = new LinkedHashMap<>(model.tensors());
    tensors.put("stowaway", FloatTensor.of(new long[] {1}, new float[1]));
    new Safetensors(model.metadata(), tensors).write(file);

    assertRefused("[stowaway]");
  }

  private void assertRefused(String reason) {
    try (Device device = Device.open(DeviceKind.CPU, 1)) {
      assertThatThrownBy(() -> ModelFile.read(file).open(device))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file.toString())
          .hasMessageContaining(reason);
    }
  }

  private Network create(Device device, long seed) {
    return Architecture.parse("cnnbn-4-16").create(device, data.shape(), 10, seed);
  }
}
