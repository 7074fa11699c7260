package io.retort.distill.real;

import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import io.retort.distill.Spread;
import java.util.List;
import java.util.Objects;
import java.util.function.ToDoubleFunction;

/**
 * What came of the experiment, on the test images: {@code results.json}.
 *
 * @param config what was asked for
 * @param memberSteps steps of every member, and of the mean that was trained as one
 * @param studentSteps steps of every student and control
 * @param members the ensemble's networks
 * @param ensembles ensembles of one to all members
 * @param ensemble the ensemble of all members
 * @param joint the mean that was trained as one; null if it was left out
 * @param methods the students, in the order of {@link RealMethod}
 */
public record RealResult(
    RealConfig config,
    long memberSteps,
    long studentSteps,
    List<ModelResult> members,
    List<Size> ensembles,
    Metrics ensemble,
    ModelResult joint,
    List<Method> methods) {

  /** Copies the lists. */
  public RealResult {
    Objects.requireNonNull(config, "config");
    Objects.requireNonNull(ensemble, "ensemble");
    members = List.copyOf(members);
    ensembles = List.copyOf(ensembles);
    methods = List.copyOf(methods);
  }

  /**
   * The ensembles of neighbouring members, the last being a neighbour of the first.
   *
   * @param members how many each has
   * @param ensembles how many there are: one of all members, as many as members otherwise
   * @param accuracy how their accuracies lie
   */
  public record Size(int members, int ensembles, Spread accuracy) {}

  /**
   * Students that learn from the same.
   *
   * @param networks in the order of their seeds
   * @param ensemble all of them as an ensemble
   */
  public record Method(RealMethod method, List<ModelResult> networks, Metrics ensemble) {

    /** Copies the list. */
    public Method {
      Objects.requireNonNull(method, "method");
      Objects.requireNonNull(ensemble, "ensemble");
      networks = List.copyOf(networks);
    }

    /** Accuracy above that of other students, seed by seed. */
    public Spread gainOver(Method others) {
      return Spread.ofDifferences(accuracies(), others.accuracies());
    }

    private double[] accuracies() {
      return networks.stream().mapToDouble(n -> n.metrics().accuracy()).toArray();
    }
  }

  /** The students that learn from the given. */
  public Method of(RealMethod method) {
    return methods.get(List.of(RealMethod.values()).indexOf(method));
  }

  /** How a measure lies over networks. */
  public static Spread spread(List<ModelResult> networks, ToDoubleFunction<Metrics> measure) {
    return Spread.of(
        networks.stream().mapToDouble(n -> measure.applyAsDouble(n.metrics())).toArray());
  }
}
