package io.retort.distill.multiview;

import io.retort.distill.Spread;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Networks that differ in their seed alone.
 *
 * @param method what they learned by
 * @param steps how many steps
 * @param networks one a seed
 */
public record MethodResult(String method, int steps, List<NetworkResult> networks) {

  /** Learns from the labels alone. */
  public static final String LABELS = "labels";

  /** Learns the squared error on the ensemble's outputs. */
  public static final String SQUARED_ERROR = "squared error";

  /** Learns by the one-sided distillation of the paper's theorems. */
  public static final String ONE_SIDED = "one-sided";

  /** Learns the squared error on one member's outputs. */
  public static final String SELF_DISTILLED = "self-distilled";

  /** Copies the list. */
  public MethodResult {
    networks = List.copyOf(networks);
  }

  /** The method that learns the ensemble's soft targets at a temperature. */
  public static String softTargets(double temperature) {
    String number = Double.toString(temperature);
    return "soft targets, T = "
        + (number.endsWith(".0") ? number.substring(0, number.length() - 2) : number);
  }

  /** How a number of each network lies. */
  public Spread spread(ToDoubleFunction<NetworkResult> number) {
    return Spread.of(networks.stream().mapToDouble(number).toArray());
  }

  /** How the single-view accuracy lies above that of other networks of the same seeds. */
  public Spread gainOver(MethodResult control) {
    return Spread.ofDifferences(singleViewAccuracies(), control.singleViewAccuracies());
  }

  private double[] singleViewAccuracies() {
    return networks.stream().mapToDouble(n -> n.accuracy().singleView()).toArray();
  }
}
