package io.retort.distill.multiview;

/**
 * How often predictions are right.
 *
 * @param multiView on multi-view test samples
 * @param singleView on single-view test samples
 * @param mixed on the distribution that the training samples are from, where both are mixed
 */
public record Accuracy(double multiView, double singleView, double mixed) {

  static Accuracy of(float[] multiView, float[] singleView, MultiViewData data, double fraction) {
    double multi = fraction(multiView, data.testMultiView());
    double single = fraction(singleView, data.testSingleView());
    return new Accuracy(multi, single, (1 - fraction) * multi + fraction * single);
  }

  /** The fraction of samples whose largest output is that of their label. */
  static double fraction(float[] outputs, Samples samples) {
    int classes = outputs.length / samples.count();
    int right = 0;
    for (int sample = 0; sample < samples.count(); sample++) {
      right += predicted(outputs, sample, classes) == samples.labels()[sample] ? 1 : 0;
    }
    return (double) right / samples.count();
  }

  /** The first class of the largest output. */
  static int predicted(float[] outputs, int sample, int classes) {
    int best = 0;
    for (int i = 1; i < classes; i++) {
      if (outputs[sample * classes + i] > outputs[sample * classes + best]) {
        best = i;
      }
    }
    return best;
  }
}
