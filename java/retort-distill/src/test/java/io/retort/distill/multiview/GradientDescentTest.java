package io.retort.distill.multiview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A step goes down the slope of the loss, for networks alone, side by side and bound together. */
class GradientDescentTest {

  private static final int CLASSES = 3;
  private static final LearnerConfig LEARNER = new LearnerConfig(2, 3, 0.5, 0.6, 0.1, 1);
  private static final double RATE = 0.1;

  private final Device device = Device.open(DeviceKind.CPU, 2);
  private final Samples samples = MultiViewData.draw(TinyExperiment.distribution(), 1).train();
  private final List<AutoCloseable> open = new ArrayList<>();
  private IntTensor labels;

  @BeforeEach
  void uploadLabels() {
    labels = opened(device.integers(samples.count()));
    labels.upload(samples.labels());
  }

  @AfterEach
  void everythingIsFreed() throws Exception {
    for (AutoCloseable resource : open) {
      resource.close();
    }
    device.close();
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.add(resource);
    return resource;
  }

  private Tensor teacher() {
    SplittableRandom random = new SplittableRandom(9);
    float[] outputs = new float[samples.count() * CLASSES];
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = (float) random.nextDouble(0, 3);
    }
    Tensor teacher = opened(device.tensor(samples.count(), CLASSES));
    teacher.upload(outputs);
    return teacher;
  }

  private float[] initialWeights(long... seeds) {
    try (SmoothedReluNetworks networks =
        SmoothedReluNetworks.initial(device, LEARNER, CLASSES, samples.dimension(), seeds)) {
      return networks.weights().download();
    }
  }

  /** Loss before a step from these weights, and the weights after it. */
  private double step(float[] weights, List<Trainee> trainees, float[] after) {
    try (SmoothedReluNetworks networks =
            SmoothedReluNetworks.of(device, LEARNER, CLASSES, samples.dimension(), weights);
        GradientDescent descent = new GradientDescent(networks, trainees, samples)) {
      double loss = descent.step();
      networks.weights().download(after);
      return loss;
    }
  }

  /**
   * The step is -rate times the gradient, which is compared with a central difference along a
   * random direction. Both losses are f32, exact to some 1e-6 of their size.
   */
  private void assertStepIsDownTheSlope(List<Trainee> trainees, float[] weights, double scale) {
    float[] after = new float[weights.length];
    step(weights, trainees, after);
    SplittableRandom random = new SplittableRandom(4);
    float[] above = weights.clone();
    float[] below = weights.clone();
    double expected = 0;
    float h = 2e-3f;
    for (int i = 0; i < weights.length; i++) {
      double direction = random.nextGaussian();
      above[i] += (float) (h * direction);
      below[i] -= (float) (h * direction);
      expected += direction * (weights[i] - after[i]) / RATE;
    }
    double slope =
        (step(above, trainees, after.clone()) - step(below, trainees, after.clone())) / (2 * h);
    assertThat(slope * scale).isCloseTo(expected, within(0.01 * Math.abs(expected) + 4e-3));
    assertThat(Math.abs(expected)).isGreaterThan(0.02);
  }

  @Test
  void crossEntropySoftTargetsAndSquaredError() {
    Tensor teacher = teacher();
    for (Objective objective :
        List.of(
            opened(KernelObjective.labels(device, labels)),
            opened(KernelObjective.softTargets(device, teacher, 4)),
            opened(KernelObjective.squaredError(device, teacher)))) {
      assertStepIsDownTheSlope(
          List.of(Trainee.of("one", 1, objective, RATE)), initialWeights(1), 1);
    }
  }

  /** The objective gives each of n networks n times its share of the mean's gradient. */
  @Test
  void networksThatAreTrainedJointly() {
    Objective joint =
        opened(
            new JointObjective(
                device, KernelObjective.labels(device, labels), samples.count(), CLASSES));
    assertStepIsDownTheSlope(
        List.of(new Trainee("joint", new long[] {1, 2, 3}, joint, RATE)),
        initialWeights(1, 2, 3),
        3);
  }

  @Test
  void networksSideBySideLearnAsEachAlone() {
    Tensor teacher = teacher();
    Objective ofLabels = opened(KernelObjective.labels(device, labels));
    Objective soft = opened(KernelObjective.softTargets(device, teacher, 2));
    List<Trainee> both =
        List.of(Trainee.of("a", 1, ofLabels, RATE), Trainee.of("b", 2, soft, 2 * RATE));
    float[] together = new float[initialWeights(1, 2).length];
    step(initialWeights(1, 2), both, together);
    float[] first = new float[together.length / 2];
    float[] second = new float[together.length / 2];
    step(initialWeights(1), both.subList(0, 1), first);
    step(initialWeights(2), both.subList(1, 2), second);
    for (int i = 0; i < first.length; i++) {
      // Only the order of the sums in the matrix product may differ.
      assertThat(together[i]).isCloseTo(first[i], within(1e-5f));
      assertThat(together[first.length + i]).isCloseTo(second[i], within(1e-5f));
    }
  }

  @Test
  void predictionIsTheForwardPassOfTraining() {
    try (SmoothedReluNetworks networks =
        SmoothedReluNetworks.initial(device, LEARNER, CLASSES, samples.dimension(), 1, 2)) {
      Outputs outputs = networks.predict(samples);
      float[] weights = networks.weights(1).download();
      for (int sample : new int[] {0, 7, 39}) {
        for (int label = 0; label < CLASSES; label++) {
          assertThat((double) outputs.of(1)[sample * CLASSES + label])
              .isCloseTo(output(weights, sample, label), within(1e-5));
        }
      }
      float[] mean = outputs.mean(List.of(0, 1));
      assertThat(mean[4]).isCloseTo((outputs.of(0)[4] + outputs.of(1)[4]) / 2, within(1e-6f));
    }
  }

  /** The definition, in double. */
  private double output(float[] weights, int sample, int label) {
    int d = samples.dimension();
    double output = 0;
    for (int neuron = 2 * label; neuron < 2 * label + 2; neuron++) {
      for (int patch = 0; patch < samples.patches(); patch++) {
        int row = (sample * samples.patches() + patch) * d;
        int w = neuron * d;
        double a =
            IntStream.range(0, d)
                .mapToDouble(i -> (double) samples.values()[row + i] * weights[w + i])
                .sum();
        if (a >= 0.5) {
          output += a - 0.5 * 2 / 3;
        } else if (a > 0) {
          output += Math.pow(a, 3) / (3 * 0.25);
        }
      }
    }
    return output;
  }

  @Test
  void oneSidedPullRaisesWhatIsBelowTheTeacherAndLowersNothing() {
    int rows = samples.count();
    float[] teacher = new float[rows * CLASSES];
    float[] own = new float[rows * CLASSES];
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < own.length; i++) {
      teacher[i] = (float) random.nextDouble(0, 6);
      own[i] = (float) random.nextDouble(0, 6);
    }
    OneSidedConfig config = new OneSidedConfig(0.5, 1.5, 4);
    Objective ofLabels = opened(KernelObjective.labels(device, labels));
    Objective oneSided = opened(new OneSidedObjective(config, device, labels, teacher, CLASSES));
    try (Tensor outputs = device.tensor(rows, CLASSES);
        Tensor plain = device.tensor(rows, CLASSES);
        Tensor pulled = device.tensor(rows, CLASSES)) {
      outputs.upload(own);
      ofLabels.differentiate(List.of(outputs), List.of(plain));
      oneSided.differentiate(List.of(outputs), List.of(pulled));
      float[] before = plain.download();
      float[] after = pulled.download();
      int raised = 0;
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < CLASSES; i++) {
          double gap = target(own, row, i, 0.5, 1) - target(teacher, row, i, 0.5, 1.5);
          double expected = 4.0 / rows * Math.min(gap, 0);
          double actual = after[row * CLASSES + i] - before[row * CLASSES + i];
          assertThat(actual).isCloseTo(expected, within(1e-7));
          raised += actual < 0 ? 1 : 0;
        }
      }
      assertThat(raised).isBetween(rows / 2, rows * CLASSES - rows / 2);
    }
  }

  private static double target(float[] outputs, int row, int label, double tau, double scale) {
    double sum = 0;
    for (int i = 0; i < CLASSES; i++) {
      sum += Math.exp(Math.min(tau * tau * scale * outputs[row * CLASSES + i], 1) / tau);
    }
    return Math.exp(Math.min(tau * tau * scale * outputs[row * CLASSES + label], 1) / tau) / sum;
  }
}
