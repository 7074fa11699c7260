package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.data.DatasetSplits;
import io.retort.kernels.RetortException;
import io.retort.nn.Architecture;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.Network;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TrainerTest {

  private static final Targets SOFT_ALONE = new Targets(List.of("t"), MeanKind.LOGITS, 2, 1);

  private final RunData data = ToyImages.data();
  private Device device;

  /** Keeps what the epochs came to. */
  private static final class Epochs implements TrainingListener {
    private final List<EpochTotals> totals = new ArrayList<>();
    private final List<Long> steps = new ArrayList<>();

    @Override
    public void afterStep(Trainer trainer, double loss) {
      steps.add(trainer.position().step());
    }

    @Override
    public void afterEpoch(Trainer trainer, EpochTotals epoch) {
      totals.add(epoch);
      assertThat(trainer.position().totals()).isEqualTo(EpochTotals.NONE);
    }
  }

  @BeforeEach
  void open() {
    device = Device.open(DeviceKind.CPU, 1);
  }

  /** The device refuses to close where a tensor was forgotten. */
  @AfterEach
  void nothingIsLeftOnTheDevice() {
    assertThat(device.allocatedBytes()).isZero();
    device.close();
  }

  @Test
  void theLossFallsAndImagesNeverSeenAreRecognised() throws IOException {
    Epochs epochs = new Epochs();
    try (Network network = network("mlp-24", 1)) {
      train(network, data, ToyRuns.training(), Targets.LABELS, Teacher.NONE, epochs);

      assertThat(epochs.totals).hasSize(10);
      EpochTotals first = epochs.totals.get(0);
      EpochTotals last = epochs.totals.get(9);
      assertThat(first.examples()).isEqualTo(6 * 32);
      assertThat(last.loss()).isEqualTo(last.hard()).isLessThan(first.loss() / 4);
      assertThat(last.correct()).isGreaterThan(first.correct()).isLessThanOrEqualTo(192);
      assertThat(accuracy(network)).isGreaterThan(0.8);
    }
  }

  @Test
  void stepsAreCountedOverAllEpochs() throws IOException {
    Epochs epochs = new Epochs();
    try (Network network = network("mlp-24", 1)) {
      train(network, data, ToyRuns.training(), Targets.LABELS, Teacher.NONE, epochs);
    }

    assertThat(epochs.steps).hasSize(60).isSorted().doesNotHaveDuplicates().endsWith(60L);
  }

  @Test
  void noStepLeavesMemoryOnTheDevice() throws IOException {
    List<Long> bytes = new ArrayList<>();
    TrainingListener weigh =
        new TrainingListener() {
          @Override
          public void afterStep(Trainer trainer, double loss) {
            bytes.add(device.allocatedBytes());
          }
        };
    try (Network network = network("cnnbn-4-16", 1);
        Teacher teacher = new LiveTeacher(List.of(network("cnnbn-4-16", 2)))) {
      train(network, data, ToyRuns.training(), SOFT_ALONE, teacher, weigh);
    }

    assertThat(bytes).hasSize(60).containsOnly(bytes.get(0));
  }

  /**
   * With alpha = 1 the labels say nothing, so a student of wrong labels learns from its teacher.
   */
  @Test
  void aStudentOfSoftTargetsAloneImitatesItsTeacher() throws IOException {
    DatasetSplits splits = ToyImages.splits();
    RunData mislabelled =
        RunData.of(
            new DatasetSplits(ToyImages.mislabelled(splits.train()), splits.test()),
            DataConfig.of("mnist"));
    try (Network teacher = trained("mlp-24", 1);
        Network student = network("mlp-24", 2)) {
      float[] known = trainLogits(teacher);
      float[] before = trainLogits(student);
      Epochs epochs = new Epochs();
      try (Teacher cached = new CachedTeacher(device, List.of(known), ToyRuns.BATCH, 10)) {
        TrainingConfig config = ToyRuns.training().withSeed(2).withEpochs(20);
        train(student, mislabelled, config, SOFT_ALONE, cached, epochs);
      }

      assertThat(Metrics.agreement(before, known, 10)).isLessThan(0.5);
      assertThat(Metrics.agreement(trainLogits(student), known, 10)).isGreaterThan(0.95);
      assertThat(accuracy(student)).isGreaterThan(0.8);
      assertThat(epochs.totals.get(19).loss()).isEqualTo(epochs.totals.get(19).soft());
      assertThat(epochs.totals.get(19).hard()).isZero();
    }
  }

  @Test
  void logitsLookedUpTeachTheSameAsTeachersThatSeeTheImages() throws IOException {
    TrainingConfig config = ToyRuns.training().withEpochs(3);
    Targets targets = new Targets(List.of("a", "b"), MeanKind.PROBABILITIES, 3, 0.7);
    float[] lookedUp;
    float[] live;
    try (Network student = network("mlp-24", 5);
        Network first = trained("mlp-24", 1);
        Network second = trained("mlp-16", 2);
        Teacher teacher =
            new CachedTeacher(
                device, List.of(trainLogits(first), trainLogits(second)), ToyRuns.BATCH, 10)) {
      train(student, data, config, targets, teacher, new Epochs());
      lookedUp = student.values().download();
    }
    try (Network student = network("mlp-24", 5);
        Teacher teacher = new LiveTeacher(List.of(trained("mlp-24", 1), trained("mlp-16", 2)))) {
      train(student, data, config, targets, teacher, new Epochs());
      live = student.values().download();
    }

    assertThat(lookedUp).hasSameSizeAs(live).contains(live, within(1e-4f));
  }

  @Test
  void everyScheduleAndOptimiserLearns() throws IOException {
    for (ScheduleConfig.Kind schedule : ScheduleConfig.Kind.values()) {
      for (OptimizerConfig.Kind optimizer : OptimizerConfig.Kind.values()) {
        double rate = optimizer == OptimizerConfig.Kind.SGD ? 0.05 : 0.01;
        TrainingConfig config =
            new TrainingConfig(
                DataConfig.of("mnist"),
                "mlp-24",
                10,
                ToyRuns.BATCH,
                new OptimizerConfig(optimizer, 0.9, true, 1e-4),
                new ScheduleConfig(schedule, rate, 0.1),
                0.1,
                1,
                "cpu",
                "f32",
                1);
        try (Network network = network("mlp-24", 1)) {
          train(network, data, config, Targets.LABELS, Teacher.NONE, new Epochs());

          assertThat(accuracy(network)).as(schedule + " " + optimizer).isGreaterThan(0.7);
        }
      }
    }
  }

  @Test
  void aTrainingThatDivergesStopsAndSaysAtWhichStep() {
    TrainingConfig reckless =
        new TrainingConfig(
            DataConfig.of("mnist"),
            "mlp-24",
            10,
            ToyRuns.BATCH,
            OptimizerConfig.sgd(),
            new ScheduleConfig(ScheduleConfig.Kind.CONSTANT, 1e20, 0),
            0,
            1,
            "cpu",
            "f32",
            1);
    try (Network network = network("mlp-24", 1)) {
      assertThatThrownBy(
              () -> train(network, data, reckless, Targets.LABELS, Teacher.NONE, new Epochs()))
          .isInstanceOf(RetortException.class)
          .hasMessageMatching("the training diverged: the loss of step \\d+ is .*");
    }
  }

  private Network network(String architecture, long seed) {
    return Architecture.parse(architecture).create(device, data.shape(), 10, seed);
  }

  private Network trained(String architecture, long seed) throws IOException {
    Network network = network(architecture, seed);
    TrainingConfig config = ToyRuns.training().withSeed(seed);
    train(network, data, config, Targets.LABELS, Teacher.NONE, new Epochs());
    return network;
  }

  private static void train(
      Network network,
      RunData data,
      TrainingConfig config,
      Targets targets,
      Teacher teacher,
      TrainingListener listener)
      throws IOException {
    try (Trainer trainer = new Trainer(network, data.training(config), config, targets, teacher)) {
      trainer.train(listener);
    }
  }

  private float[] trainLogits(Network network) {
    return Inference.logits(
        network, data.trainInOrder(50), data.train().size(), new Interruption());
  }

  private double accuracy(Network network) {
    float[] logits =
        Inference.logits(network, data.testInOrder(32), ToyImages.TEST, new Interruption());
    return Metrics.of(logits, RunData.labels(data.test()), 10).accuracy();
  }
}
