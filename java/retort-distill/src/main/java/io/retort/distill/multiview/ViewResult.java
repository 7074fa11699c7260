package io.retort.distill.multiview;

/**
 * How well a network knows a view.
 *
 * @param label the class, from 0
 * @param view the view of it, from 0
 * @param correlation cosine between the feature and the weights of the class's neuron closest to it
 * @param accuracy on single-view test samples of the class that show this view and miss the other;
 *     -1 where there are none
 */
public record ViewResult(int label, int view, double correlation, double accuracy) {

  /**
   * From this correlation on a neuron points at a view. One that never saw a gradient along it
   * stays below a tenth.
   */
  public static final double ALIGNED = 0.5;

  /** From this accuracy on a network knows a view: it is enough for the class. */
  public static final double KNOWN = 0.9;

  boolean aligned() {
    return correlation >= ALIGNED;
  }

  boolean known() {
    return accuracy >= KNOWN;
  }
}
