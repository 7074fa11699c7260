package io.retort.distill.transfer;

/** What networks give to the label of each example. */
public final class LabelProbability {

  private LabelProbability() {}

  /**
   * The probability of the label.
   *
   * @param logits row-major [labels.length, classes]
   * @return one an example
   * @throws IllegalArgumentException if the sizes do not fit
   */
  public static float[] of(float[] logits, int[] labels, int classes, double temperature) {
    LogitRow.check("logits", logits, labels, classes);
    float[] probabilities = new float[labels.length];
    for (int i = 0; i < labels.length; i++) {
      LogitRow row = new LogitRow(logits, i, classes);
      probabilities[i] = (float) row.probability(labels[i], temperature);
    }
    return probabilities;
  }
}
