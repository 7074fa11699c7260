package io.retort.distill.multiview;

/**
 * What the ensemble's soft targets on the training samples say beside the label.
 *
 * @param temperature T
 * @param offClassMass mean probability of all other classes together
 * @param onPresentClasses part of that mass which lies on classes that a feature in the sample
 *     belongs to
 * @param presentClasses part of the other classes that this is true of: what even mass would give
 */
public record DarkKnowledge(
    double temperature, double offClassMass, double onPresentClasses, double presentClasses) {

  static DarkKnowledge of(double temperature, float[] teacher, Samples samples) {
    int classes = teacher.length / samples.count();
    double off = 0;
    double onPresent = 0;
    double present = 0;
    for (int sample = 0; sample < samples.count(); sample++) {
      double[] p = softmax(teacher, sample * classes, classes, temperature);
      for (int i = 0; i < classes; i++) {
        if (i != samples.labels()[sample]) {
          boolean there = isPresent(samples, sample, i);
          off += p[i];
          onPresent += there ? p[i] : 0;
          present += there ? 1 : 0;
        }
      }
    }
    int others = samples.count() * (classes - 1);
    return new DarkKnowledge(
        temperature, off / samples.count(), off == 0 ? 0 : onPresent / off, present / others);
  }

  private static boolean isPresent(Samples samples, int sample, int label) {
    return samples.weight(sample, DistributionConfig.feature(label, 0)) > 0
        || samples.weight(sample, DistributionConfig.feature(label, 1)) > 0;
  }

  private static double[] softmax(float[] logits, int first, int classes, double temperature) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < classes; i++) {
      largest = Math.max(largest, logits[first + i]);
    }
    double[] p = new double[classes];
    double sum = 0;
    for (int i = 0; i < classes; i++) {
      p[i] = Math.exp((logits[first + i] - largest) / temperature);
      sum += p[i];
    }
    for (int i = 0; i < classes; i++) {
      p[i] /= sum;
    }
    return p;
  }
}
