package io.retort.distill.multiview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.IntTensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The model is the network's tangent, and its descent that of the network's linearised weights. */
class TangentModelTest {

  private static final int CLASSES = 3;
  private static final int STEPS = 20;
  private static final long SEED = 5;
  private static final LearnerConfig LEARNER = new LearnerConfig(2, 3, 0.5, 0.6, 0.1, 1);
  private static final TangentConfig CONFIG = new TangentConfig(2, STEPS);

  private final Device device = Device.open(DeviceKind.CPU, 2);
  private final Samples train = MultiViewData.draw(TinyExperiment.distribution(), 1).train();
  private final Samples test = MultiViewData.draw(TinyExperiment.distribution(), 2).testMultiView();
  private final TangentModel model =
      new TangentModel(device, CONFIG, LEARNER, CLASSES, train, SEED);
  private float[] trained;

  @BeforeEach
  void train() {
    try (IntTensor labels = device.integers(train.count());
        Objective ofLabels = KernelObjective.labels(device, labels)) {
      labels.upload(train.labels());
      trained =
          FixedFeatureModel.train(device, List.of(model), ofLabels, STEPS, train.count(), CLASSES)
              .get(0);
    }
  }

  @AfterEach
  void everythingIsFreed() {
    model.close();
    assertThat(device.openTensors()).isZero();
    device.close();
  }

  private float[] firstWeights() {
    try (SmoothedReluNetworks networks =
        SmoothedReluNetworks.initial(device, LEARNER, CLASSES, train.dimension(), SEED)) {
      return networks.weights().download();
    }
  }

  /** The network's outputs in double, with weights some way along a direction. */
  private static double[] outputs(Samples samples, float[] weights, float[] along, double way) {
    double[] outputs = new double[samples.count() * CLASSES];
    for (int sample = 0; sample < samples.count(); sample++) {
      for (int neuron = 0; neuron < CLASSES * LEARNER.neurons(); neuron++) {
        for (int patch = 0; patch < samples.patches(); patch++) {
          double a = 0;
          for (int i = 0; i < samples.dimension(); i++) {
            int w = neuron * samples.dimension() + i;
            double weight = weights[w] + way * along[w];
            a += weight * samples.values()[value(samples, sample, patch, i)];
          }
          outputs[sample * CLASSES + neuron / LEARNER.neurons()] += relu(a);
        }
      }
    }
    return outputs;
  }

  private static int value(Samples samples, int sample, int patch, int i) {
    return (sample * samples.patches() + patch) * samples.dimension() + i;
  }

  private static double relu(double a) {
    double threshold = LEARNER.threshold();
    int q = LEARNER.degree();
    if (a <= 0) {
      return 0;
    }
    return a < threshold
        ? Math.pow(a, q) / (q * Math.pow(threshold, q - 1))
        : a - (1 - 1.0 / q) * threshold;
  }

  private static double slope(double a) {
    double threshold = LEARNER.threshold();
    return Math.pow(Math.max(0, Math.min(1, a / threshold)), LEARNER.degree() - 1);
  }

  /**
   * The outputs less those of the first weights are the directional derivative of the network along
   * the displacement, by central differences in double.
   */
  @Test
  void outputsAreThoseOfTheNetworksTangent() {
    float[] weights = firstWeights();
    float[] along = model.displacement();
    double h = 1e-4;
    for (Samples samples : List.of(train, test)) {
      double[] first = outputs(samples, weights, along, 0);
      double[] above = outputs(samples, weights, along, h);
      double[] below = outputs(samples, weights, along, -h);
      float[] predicted = model.predict(samples);
      double moved = 0;
      for (int i = 0; i < predicted.length; i++) {
        double tangent = (above[i] - below[i]) / (2 * h);
        assertThat((double) predicted[i])
            .isCloseTo(first[i] + tangent, within(2e-4 * (1 + Math.abs(tangent))));
        moved = Math.max(moved, Math.abs(tangent));
      }
      assertThat(moved).isGreaterThan(0.3);
    }
  }

  @Test
  void trainingEndsAtTheOutputsThatItPredicts() {
    float[] predicted = model.predict(train);
    for (int i = 0; i < trained.length; i++) {
      assertThat(predicted[i]).isCloseTo(trained[i], within(1e-4f));
    }
  }

  /** The descent on dw with explicit gradients, in double: the dual form changes nothing. */
  @Test
  void descentInTheKernelIsDescentOnTheWeights() {
    double[][] gradients = explicitGradients();
    double[] initial = outputs(train, firstWeights(), new float[gradients[0].length], 0);
    double diagonal = 0;
    for (double[] gradient : gradients) {
      for (double element : gradient) {
        diagonal += element * element / gradients.length;
      }
    }
    double rate = CONFIG.learningRate() / diagonal;
    double[] displacement = new double[gradients[0].length];
    double[] outputs = initial.clone();
    for (int step = 0; step < STEPS; step++) {
      double[] pull = crossEntropyGradient(outputs);
      for (int row = 0; row < gradients.length; row++) {
        for (int i = 0; i < displacement.length; i++) {
          displacement[i] -= rate * pull[row] * gradients[row][i];
        }
      }
      for (int row = 0; row < gradients.length; row++) {
        outputs[row] = initial[row];
        for (int i = 0; i < displacement.length; i++) {
          outputs[row] += gradients[row][i] * displacement[i];
        }
      }
    }
    float[] dual = model.displacement();
    for (int i = 0; i < dual.length; i++) {
      assertThat((double) dual[i]).isCloseTo(displacement[i], within(1e-4));
    }
    for (int row = 0; row < outputs.length; row++) {
      assertThat((double) trained[row]).isCloseTo(outputs[row], within(1e-4));
    }
  }

  /** Of each sample and class on all weights, [samples * classes][weights]. */
  private double[][] explicitGradients() {
    float[] weights = firstWeights();
    int d = train.dimension();
    double[][] gradients = new double[train.count() * CLASSES][weights.length];
    for (int row = 0; row < gradients.length; row++) {
      for (int r = 0; r < LEARNER.neurons(); r++) {
        int w = (row % CLASSES * LEARNER.neurons() + r) * d;
        for (int patch = 0; patch < train.patches(); patch++) {
          int x = value(train, row / CLASSES, patch, 0);
          double a = 0;
          for (int i = 0; i < d; i++) {
            a += (double) weights[w + i] * train.values()[x + i];
          }
          for (int i = 0; i < d; i++) {
            gradients[row][w + i] += slope(a) * train.values()[x + i];
          }
        }
      }
    }
    return gradients;
  }

  private double[] crossEntropyGradient(double[] outputs) {
    double[] gradient = new double[outputs.length];
    for (int sample = 0; sample < train.count(); sample++) {
      double sum = 0;
      for (int i = 0; i < CLASSES; i++) {
        sum += Math.exp(outputs[sample * CLASSES + i]);
      }
      for (int i = 0; i < CLASSES; i++) {
        double p = Math.exp(outputs[sample * CLASSES + i]) / sum;
        int target = train.labels()[sample] == i ? 1 : 0;
        gradient[sample * CLASSES + i] = (p - target) / train.count();
      }
    }
    return gradient;
  }
}
