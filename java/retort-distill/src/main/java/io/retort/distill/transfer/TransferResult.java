package io.retort.distill.transfer;

import io.retort.distill.Metrics;
import io.retort.distill.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What came of the experiment; everything but the weights is measured on the test images.
 *
 * @param config what was asked for
 * @param teacher the teacher
 * @param optimum the gaps of students for whom every test image's loss of plain distillation were
 *     least; null unless the temperature is 1, where they are known
 * @param methods in the order of {@link TransferMethod}
 * @param weights what plain distillation weighs the training images at its end, by the teacher's
 *     probability of the label
 */
public record TransferResult(
    TransferConfig config,
    Network teacher,
    LogitGeometry optimum,
    List<Method> methods,
    List<WeightBin> weights) {

  /** Copies the lists. */
  public TransferResult {
    methods = List.copyOf(methods);
    weights = List.copyOf(weights);
  }

  /** One network. */
  public record Network(String name, long seed, Metrics metrics, LogitGeometry geometry) {}

  /** The students of one method, in the order of their seeds. */
  public record Method(TransferMethod method, List<Network> networks) {

    /** Copies the list. */
    public Method {
      networks = List.copyOf(networks);
    }

    /** How a measure lies over the students. */
    public Spread spread(ToDoubleFunction<Network> measure) {
      return Spread.of(networks.stream().mapToDouble(measure).toArray());
    }

    /** Accuracy above that of other students, seed by seed. */
    public Spread gainOver(Method others) {
      return Spread.ofDifferences(accuracies(), others.accuracies());
    }

    private double[] accuracies() {
      return networks.stream().mapToDouble(n -> n.metrics().accuracy()).toArray();
    }
  }

  /** The students of a method. */
  public Method of(TransferMethod method) {
    return methods.get(List.of(TransferMethod.values()).indexOf(method));
  }
}
