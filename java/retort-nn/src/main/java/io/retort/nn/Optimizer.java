package io.retort.nn;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Steps a network's {@link Network#values values} along its {@link Network#gradients gradients}:
 * one call of the device for all parameters. All of them decay, biases and scales too. Close it
 * before the network.
 */
public abstract class Optimizer implements AutoCloseable {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  final Network network;
  private final Map<String, Tensor> state = new LinkedHashMap<>();
  private long steps;
  private boolean closed;

  Optimizer(Network network) {
    this.network = Arguments.notNull("network", network);
  }

  /**
   * Stochastic gradient descent as PyTorch writes it. State: {@code velocity}, unless the momentum
   * is 0.
   *
   * @param momentum in [0, 1)
   * @param nesterov whether to look ahead (Sutskever et al. 2013); needs a momentum above 0
   * @param weightDecay L2 penalty, finite, at least 0
   */
  public static Optimizer sgd(
      Network network, float momentum, boolean nesterov, float weightDecay) {
    Arguments.fraction("momentum", momentum);
    Arguments.notNegative("weightDecay", weightDecay);
    if (nesterov && momentum == 0) {
      throw new IllegalArgumentException("momentum must be above 0 with nesterov, got 0");
    }
    return new Sgd(network, momentum, nesterov, weightDecay);
  }

  /**
   * Adam (Kingma and Ba 2015) with betas of 0.9 and 0.999 and an epsilon of 1e-8. State: {@code
   * first_moment} and {@code second_moment}.
   *
   * @param weightDecay L2 penalty, finite, at least 0
   */
  public static Optimizer adam(Network network, float weightDecay) {
    Arguments.notNegative("weightDecay", weightDecay);
    return new Adam(network, weightDecay, false);
  }

  /**
   * AdamW (Loshchilov and Hutter 2019); constants and state are those of {@link #adam}.
   *
   * @param weightDecay decoupled decay, finite, at least 0
   */
  public static Optimizer adamW(Network network, float weightDecay) {
    Arguments.notNegative("weightDecay", weightDecay);
    return new Adam(network, weightDecay, true);
  }

  /**
   * Changes the network's values.
   *
   * @param learningRate finite, at least 0
   */
  public final void step(float learningRate) {
    Arguments.notNegative("learningRate", learningRate);
    if (closed) {
      throw new IllegalStateException("the optimizer is closed");
    }
    step(learningRate, steps + 1);
    steps++;
  }

  /** One step; the first has the number 1. */
  abstract void step(float learningRate, long number);

  /**
   * Flat tensors of the size of the parameters, by name: read and written in place by checkpoints.
   */
  public final Map<String, Tensor> state() {
    return Collections.unmodifiableMap(state);
  }

  /** Steps so far. */
  public final long steps() {
    return steps;
  }

  /** Goes on as if {@code steps} had been made; the caller restores {@link #state} too. */
  public final void restoreSteps(long steps) {
    Arguments.atLeast("steps", steps, 0);
    this.steps = steps;
  }

  final Tensor stateTensor(String name) {
    Tensor tensor = network.device().tensor(network.parameterCount());
    state.put(name, tensor);
    return tensor;
  }

  /** Frees the state. Closing twice is no error. */
  @Override
  public final void close() {
    closed = true;
    state.values().forEach(Tensor::close);
  }

  private static final class Sgd extends Optimizer {
    private final float momentum;
    private final boolean nesterov;
    private final float weightDecay;
    private final Tensor velocity;

    Sgd(Network network, float momentum, boolean nesterov, float weightDecay) {
      super(network);
      this.momentum = momentum;
      this.nesterov = nesterov;
      this.weightDecay = weightDecay;
      velocity = momentum == 0 ? null : stateTensor("velocity");
    }

    @Override
    void step(float learningRate, long number) {
      network
          .device()
          .sgdStep(
              learningRate,
              momentum,
              nesterov,
              weightDecay,
              network.gradients(),
              velocity,
              network.values());
    }
  }

  private static final class Adam extends Optimizer {
    private final float weightDecay;
    private final boolean decoupled;
    private final Tensor firstMoment;
    private final Tensor secondMoment;

    Adam(Network network, float weightDecay, boolean decoupled) {
      super(network);
      this.weightDecay = weightDecay;
      this.decoupled = decoupled;
      firstMoment = stateTensor("first_moment");
      secondMoment = stateTensor("second_moment");
    }

    @Override
    void step(float learningRate, long number) {
      network
          .device()
          .adamStep(
              new AdamStep(learningRate, BETA1, BETA2, EPSILON, weightDecay, decoupled, number),
              network.gradients(),
              firstMoment,
              secondMoment,
              network.values());
    }
  }
}
