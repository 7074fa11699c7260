package io.retort.distill;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.retort.distill.check.Require;
import io.retort.nn.Network;
import io.retort.nn.Optimizer;
import java.util.Objects;

/**
 * The optimiser and its constants.
 *
 * @param kind the update rule
 * @param momentum momentum of SGD, in [0, 1); Adam and AdamW use their papers' 0.9 and 0.999
 * @param nesterov whether SGD looks ahead (Sutskever et al. 2013)
 * @param weightDecay L2 penalty of SGD and Adam, decoupled decay of AdamW (Loshchilov and Hutter
 *     2019)
 */
public record OptimizerConfig(Kind kind, double momentum, boolean nesterov, double weightDecay) {

  /** The update rules. */
  public enum Kind {
    /** Stochastic gradient descent with momentum. */
    @JsonProperty("sgd")
    SGD,
    /** Adam (Kingma and Ba 2015). */
    @JsonProperty("adam")
    ADAM,
    /** Adam with decoupled weight decay (Loshchilov and Hutter 2019). */
    @JsonProperty("adamw")
    ADAMW
  }

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public OptimizerConfig {
    Objects.requireNonNull(kind, "kind");
    Require.within("momentum", momentum, 0, 1);
    Require.notNegative("weightDecay", weightDecay);
  }

  /** SGD with Nesterov momentum 0.9 and weight decay 5e-4. */
  public static OptimizerConfig sgd() {
    return new OptimizerConfig(Kind.SGD, 0.9, true, 5e-4);
  }

  /** The optimiser of a network; the caller closes it. */
  Optimizer optimizer(Network network) {
    return switch (kind) {
      case SGD -> Optimizer.sgd(network, (float) momentum, nesterov, (float) weightDecay);
      case ADAM -> Optimizer.adam(network, (float) weightDecay);
      case ADAMW -> Optimizer.adamW(network, (float) weightDecay);
    };
  }
}
