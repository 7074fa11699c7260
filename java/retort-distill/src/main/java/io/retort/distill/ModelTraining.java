package io.retort.distill;

import io.retort.data.Augmentation;
import io.retort.distill.targets.ClassSimilarity;
import io.retort.distill.targets.TeacherKnowledge;
import io.retort.kernels.Output;
import io.retort.nn.Architecture;
import io.retort.nn.Device;
import io.retort.nn.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * Brings the networks of a run to their checkpoints. One that is finished is left as it is; one
 * that was stopped goes on from its state. Several may train at the same time.
 */
final class ModelTraining {

  private final RunDirectory run;
  private final RunData data;
  private final RunProgress progress;
  private final int threads;
  private final TeacherLogits teacherLogits;

  /**
   * Prepares to train.
   *
   * @param threads threads that the networks in training share
   */
  ModelTraining(RunDirectory run, RunData data, RunProgress progress, int threads) {
    this.run = run;
    this.data = data;
    this.progress = progress;
    this.threads = threads;
    this.teacherLogits = new TeacherLogits(run, data);
  }

  /** Whether a network has been trained, by this run or an earlier one. */
  boolean isFinished(ModelPlan plan) {
    return Files.exists(run.checkpoint(plan.name()));
  }

  /**
   * Trains a network, whose teachers must be finished.
   *
   * @param together how many networks share the threads; never changes the result
   * @throws InterruptedRunException after its state was saved
   */
  void train(ModelPlan plan, int together, Interruption interruption) throws IOException {
    ModelDescription description = ModelDescription.of(plan, data);
    StateFile state = new StateFile(run.state(plan.name()), description);
    if (isFinished(plan)) {
      progress.found(plan.name());
    } else {
      train(plan, Math.max(1, threads / together), state, interruption);
    }
    state.delete();
  }

  private void train(ModelPlan plan, int share, StateFile state, Interruption interruption)
      throws IOException {
    TrainingConfig config = plan.config();
    try (Device device = config.openDevice(share);
        Network network =
            Architecture.parse(config.architecture())
                .create(device, data.shape(), data.classes(), config.seed());
        Teacher teacher = teacher(plan, device, interruption);
        Trainer trainer =
            new Trainer(network, data.training(config), config, plan.targets(), teacher)) {
      if (state.exists()) {
        state.restore(trainer);
      }
      long firstStep = trainer.position().step();
      run.dropMetrics(plan.name(), firstStep);
      trainer.train(
          TrainingListener.all(
              progress.listener(plan, firstStep),
              new MetricsRecorder(
                  plan.name(), run, data.test(), data.testInOrder(config.batchSize())),
              new StateKeeper(state, interruption)));
      ModelFile.write(run.checkpoint(plan.name()), network, state.description());
    }
  }

  private Teacher teacher(ModelPlan plan, Device device, Interruption interruption)
      throws IOException {
    List<String> names = plan.targets().teachers();
    if (names.isEmpty()) {
      return Teacher.NONE;
    }
    if (!data.augmentation().equals(Augmentation.none())) {
      if (plan.targets().transform() != null) {
        throw new IllegalArgumentException(
            plan.name() + " learns from transformed targets, which want augmentation none");
      }
      return new LiveTeacher(open(names, device));
    }
    int batchSize = plan.config().batchSize();
    List<float[]> logits = teacherLogits.of(names, device, batchSize, interruption);
    List<float[]> members =
        plan.targets().transform() == null
            ? logits
            : List.of(transform(plan.targets(), device, logits.get(0)));
    return new CachedTeacher(device, members, batchSize, data.classes());
  }

  /** What a transform makes of the only teacher: probabilities at the temperature of the loss. */
  private float[] transform(Targets targets, Device device, float[] logits) throws IOException {
    float[] probabilities =
        Ensemble.mean(
            device,
            List.of(logits),
            data.classes(),
            targets.mean(),
            targets.temperature(),
            Output.PROBABILITIES);
    ClassSimilarity similarity =
        ModelFile.read(run.checkpoint(targets.teachers().get(0))).classSimilarity();
    return targets
        .transform()
        .transform(new TeacherKnowledge(probabilities, RunData.labels(data.train()), similarity));
  }

  private List<Network> open(List<String> names, Device device) throws IOException {
    List<Network> networks = new ArrayList<>();
    try {
      for (String name : names) {
        networks.add(ModelFile.read(run.checkpoint(name)).open(device));
      }
      return networks;
    } catch (IOException | RuntimeException e) {
      networks.forEach(Network::close);
      throw e;
    }
  }
}
