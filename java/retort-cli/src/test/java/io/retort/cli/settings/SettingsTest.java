package io.retort.cli.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.distill.DistillConfig;
import io.retort.distill.OptimizerConfig;
import io.retort.distill.RunDirectory;
import io.retort.distill.ScheduleConfig;
import io.retort.distill.TrainingConfig;
import io.retort.distill.real.RealConfig;
import io.retort.distill.transfer.TransferConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class SettingsTest {
  @TempDir Path directory;

  @Command
  private static final class Distill {
    @Mixin final SettingOptions settings = new SettingOptions(DistillConfig.defaults());
  }

  private static DistillConfig parse(String... arguments) throws IOException {
    Distill command = new Distill();
    new CommandLine(command).parseArgs(arguments);
    return command.settings.over(DistillConfig.defaults());
  }

  private DistillConfig parseFile(String yaml, String... flags) throws IOException {
    Path file = Files.writeString(directory.resolve("mine.yaml"), yaml);
    return parse(
        Stream.concat(Stream.of("--config", file.toString()), Stream.of(flags))
            .toArray(String[]::new));
  }

  @Test
  void withoutFlagsTheDefaultsHold() throws IOException {
    assertThat(parse()).isEqualTo(DistillConfig.defaults());
  }

  @Test
  void everyLeafOfTheConfigurationHasAFlag() {
    DistillConfig defaults = DistillConfig.defaults();
    List<String> keys =
        Stream.of(Setting.values()).flatMap(setting -> setting.keyIn(defaults).stream()).toList();

    assertThat(keys).containsExactlyInAnyOrderElementsOf(leaves(defaults, ""));
  }

  @Test
  void everyFlagHasAPlaceInAConfiguration() {
    assertThat(Setting.values())
        .allSatisfy(
            setting ->
                assertThat(
                        Stream.of(
                            DistillConfig.defaults(),
                            TransferConfig.defaults(),
                            RealConfig.defaults()))
                    .anySatisfy(defaults -> assertThat(setting.keyIn(defaults)).isPresent()));
  }

  private static List<String> leaves(Record root, String key) {
    List<String> leaves = new ArrayList<>();
    for (String name : RecordTree.keysOf(root, key)) {
      String inner = key.isEmpty() ? name : key + "." + name;
      if (RecordTree.get(root, inner) instanceof Record) {
        leaves.addAll(leaves(root, inner));
      } else {
        leaves.add(inner);
      }
    }
    return leaves;
  }

  @Test
  void everyFlagReachesItsPlace() throws IOException {
    DistillConfig config =
        parse(
            ("--data mnist --data-dir d --augmentation crop --hold-out 7 --train-limit 10 --test-limit 5"
                    + " --architecture mlp-8 --epochs 2 --batch-size 4 --optimizer adamw"
                    + " --momentum 0.5 --nesterov false --weight-decay 1e-3 --learning-rate 0.01"
                    + " --schedule cosine --warmup 0.1 --label-smoothing 0.05 --seed -3"
                    + " --members 3 --mean probabilities --temperature 2 --alpha 0.25"
                    + " --student-architecture mlp-4 --student-epochs 6 --device cpu --threads 2"
                    + " --precision tf32 --parallel 2")
                .split(" "));

    TrainingConfig training = config.training();
    assertThat(training.data().dataset()).isEqualTo("mnist");
    assertThat(training.data().path()).isEqualTo("d");
    assertThat(training.data().augmentation()).isEqualTo("crop");
    assertThat(training.data().holdOut()).isEqualTo(7);
    assertThat(training.data().trainLimit()).isEqualTo(10);
    assertThat(training.data().testLimit()).isEqualTo(5);
    assertThat(training.architecture()).isEqualTo("mlp-8");
    assertThat(training.epochs()).isEqualTo(2);
    assertThat(training.batchSize()).isEqualTo(4);
    assertThat(training.optimizer())
        .isEqualTo(new OptimizerConfig(OptimizerConfig.Kind.ADAMW, 0.5, false, 1e-3));
    assertThat(training.schedule())
        .isEqualTo(new ScheduleConfig(ScheduleConfig.Kind.COSINE, 0.01, 0.1));
    assertThat(training.labelSmoothing()).isEqualTo(0.05);
    assertThat(training.seed()).isEqualTo(-3);
    assertThat(training.device()).isEqualTo("cpu");
    assertThat(training.precision()).isEqualTo("tf32");
    assertThat(training.threads()).isEqualTo(2);
    assertThat(config.members()).isEqualTo(3);
    assertThat(config.mean().name()).isEqualTo("PROBABILITIES");
    assertThat(config.temperature()).isEqualTo(2);
    assertThat(config.alpha()).isEqualTo(0.25);
    assertThat(config.studentArchitecture()).isEqualTo("mlp-4");
    assertThat(config.studentEpochs()).isEqualTo(6);
    assertThat(config.parallelModels()).isEqualTo(2);
  }

  @Test
  void studentTrainsInProportionToTheMembersUnlessItsEpochsAreGiven() throws IOException {
    DistillConfig defaults = DistillConfig.defaults();
    String twice = Integer.toString(2 * defaults.training().epochs());

    assertThat(parse("--epochs", twice).studentEpochs()).isEqualTo(2 * defaults.studentEpochs());
    assertThat(parse("--epochs", twice, "--student-epochs", "3").studentEpochs()).isEqualTo(3);
    assertThat(parseFile("student_epochs: 0\n", "--epochs", "4").studentEpochs()).isZero();
    assertThat(parseFile("training: {epochs: 1}\n").studentEpochs()).isEqualTo(2);
  }

  @Test
  void fileGoesBeforeDefaultsAndFlagsGoBeforeTheFile() throws IOException {
    String yaml =
        """
        # mine
        training:
          epochs: 7
          schedule: {kind: step, learning_rate: 5e-2}
          data:
            path: ""
            augmentation:
        members: 9
        """;

    DistillConfig config = parseFile(yaml, "--members", "2");

    assertThat(config.members()).isEqualTo(2);
    assertThat(config.training().epochs()).isEqualTo(7);
    assertThat(config.training().schedule().kind()).isEqualTo(ScheduleConfig.Kind.STEP);
    assertThat(config.training().schedule().learningRate()).isEqualTo(0.05);
    assertThat(config.training().schedule().warmup())
        .isEqualTo(DistillConfig.defaults().training().schedule().warmup());
    assertThat(config.training().data()).isEqualTo(DistillConfig.defaults().training().data());
  }

  @Test
  void configThatARunWroteIsReadBackWhole() throws IOException {
    DistillConfig config = parse("--seed", "5", "--optimizer", "adam", "--mean", "probabilities");
    RunDirectory.create(directory.resolve("run")).writeConfig(config);

    assertThat(parse("--config", directory.resolve("run/config.yaml").toString()))
        .isEqualTo(config);
  }

  @Test
  void emptyFileChangesNothing() throws IOException {
    assertThat(parseFile("")).isEqualTo(DistillConfig.defaults());
  }

  @Test
  void mistakesInAFileAreNamedWithTheirLine() {
    assertMistake(
        "members: 2\nmember: 3\n", ", line 2: unknown key member; the keys are training,");
    assertMistake(
        "training:\n  schedule:\n    rate: 1\n",
        ", line 3: unknown key training.schedule.rate; the keys of training.schedule are kind,"
            + " learning_rate, warmup");
    assertMistake("\nmembers: two\n", ", line 2: members must be a whole number, got two");
    assertMistake("temperature: hot\n", ", line 1: temperature must be a number, got hot");
    assertMistake("temperature: -1\n", ", line 1: temperature must be finite and > 0, got -1.0");
    assertMistake(
        "training:\n  batch_size: 0\n", ", line 2: training.batch_size must be at least 1, got 0");
    assertMistake("mean: median\n", ", line 1: mean must be one of logits, probabilities");
    assertMistake(
        "training:\n  optimizer: sgd\n", ", line 2: training.optimizer has the keys kind");
    assertMistake("members: {a: 1}\n", ", line 1: members must be one value");
    assertMistake("members: [1, 2]\n", ", line 1: a list stands where no list belongs");
    assertMistake("members: 2\nmembers: 3\n", ", line 2: not readable as YAML");
    assertMistake("training: {\n", "not readable as YAML");
    assertMistake("just words\n", ", line 1: key: value expected, got just words");
    assertMistake(
        "training:\n  data: {dataset: imagenet}\n",
        ", line 2: training.data.dataset must be one of");
    assertMistake("training:\n  device: tpu\n", ", line 2: training.device must be one of cpu");
  }

  private void assertMistake(String yaml, String message) {
    assertThatThrownBy(() -> parseFile(yaml))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .contains(message)
        .startsWith(directory.resolve("mine.yaml").toString())
        .hasLineCount(1);
  }

  @Test
  void fileThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> parse("--config", directory.resolve("none.yaml").toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no file " + directory.resolve("none.yaml"));
    assertThatThrownBy(() -> parse("--config", directory.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is a directory");
  }

  @Test
  void fileThatIsNoTextIsNamed() throws IOException {
    Path file = Files.write(directory.resolve("binary.yaml"), new byte[] {(byte) 0xff, 0, 1});

    assertThatThrownBy(() -> parse("--config", file.toString()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString());
  }
}
