package io.retort.distill.multiview;

import io.retort.distill.check.Require;
import java.util.Objects;

/**
 * The multi-view distribution of Allen-Zhu and Li (2020), section 2 of the paper.
 *
 * <p>Each of k classes has two features, v(j, 1) and v(j, 2): its views. The 2k features are the
 * first axes of the space, which loses nothing: gradient descent from a normal initialisation
 * treats all orthonormal features alike. A sample has a label y and a number of patches, each a
 * vector. Both features of y take part, and each feature of another class with probability s / k.
 * Every feature that takes part has patches of its own,
 *
 * <pre>
 *   x = z * v + sum over all features v' of a(v') * v' + noise
 * </pre>
 *
 * <p>where the z of a feature add up, over its patches, to a weight drawn from a range below; a(v')
 * is drawn from [0, featureNoise] and the noise from N(0, denseNoise² I). The remaining patches are
 * a(v') and noise alone. In a single-view sample one view of y, drawn evenly, all but misses.
 *
 * @param classes k, at least 2
 * @param dimension size of a patch, at least 2k
 * @param patches patches of a sample; where more features take part than have room, those of other
 *     classes are drawn again
 * @param patchesPerFeature patches that a feature takes
 * @param otherFeatures s, the mean number of classes whose one view (or other) takes part; in [0,
 *     k]
 * @param singleViewFraction mu, the probability that a sample is single-view
 * @param featureNoise gamma
 * @param denseNoise sigma_p
 * @param ownWeight weight of the views of y
 * @param otherWeight weight of a feature of another class, in a multi-view sample
 * @param missingWeight weight of the view that misses, in a single-view sample
 * @param singleOtherWeight weight of a feature of another class, in a single-view sample
 * @param trainSamples samples to learn from
 * @param testMultiViewSamples multi-view samples to judge by
 * @param testSingleViewSamples single-view samples to judge by
 */
public record DistributionConfig(
    int classes,
    int dimension,
    int patches,
    int patchesPerFeature,
    double otherFeatures,
    double singleViewFraction,
    double featureNoise,
    double denseNoise,
    Range ownWeight,
    Range otherWeight,
    Range missingWeight,
    Range singleOtherWeight,
    int trainSamples,
    int testMultiViewSamples,
    int testSingleViewSamples) {

  /** Views of a class. */
  public static final int VIEWS = 2;

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public DistributionConfig {
    Require.atLeast("classes", classes, 2);
    Require.atLeast("dimension", dimension, (long) VIEWS * classes);
    Require.atLeast("patchesPerFeature", patchesPerFeature, 1);
    Require.atLeast("patches", patches, (long) VIEWS * patchesPerFeature);
    Require.within("otherFeatures", otherFeatures, 0, classes);
    Require.within("singleViewFraction", singleViewFraction, 0, 1);
    Require.notNegative("featureNoise", featureNoise);
    Require.notNegative("denseNoise", denseNoise);
    Objects.requireNonNull(ownWeight, "ownWeight");
    Objects.requireNonNull(otherWeight, "otherWeight");
    Objects.requireNonNull(missingWeight, "missingWeight");
    Objects.requireNonNull(singleOtherWeight, "singleOtherWeight");
    Require.atLeast("trainSamples", trainSamples, 1);
    Require.atLeast("testMultiViewSamples", testMultiViewSamples, 1);
    Require.atLeast("testSingleViewSamples", testSingleViewSamples, 1);
    long largest = Math.max(trainSamples, Math.max(testMultiViewSamples, testSingleViewSamples));
    if (largest * patches > Integer.MAX_VALUE / dimension) {
      throw new IllegalArgumentException(
          "dimension must be at most "
              + Integer.MAX_VALUE / (largest * patches)
              + " with so many samples and patches, got "
              + dimension);
    }
  }

  /**
   * Ten classes in 2,000 dimensions and 400 samples: small enough for a processor, and large enough
   * that a network learns one view of most classes and memorises what lacks it.
   */
  public static DistributionConfig defaults() {
    return new DistributionConfig(
        10,
        2000,
        14,
        1,
        4,
        0.1,
        0,
        0.0335,
        new Range(1, 1.2),
        new Range(0.3, 0.4),
        new Range(0.3, 0.36),
        new Range(0.42, 0.6),
        400,
        500,
        1000);
  }

  /** The same in another dimension, with noise of the same length in a patch. */
  DistributionConfig withDimension(int other) {
    return new DistributionConfig(
        classes,
        other,
        patches,
        patchesPerFeature,
        otherFeatures,
        singleViewFraction,
        featureNoise,
        denseNoise * Math.sqrt((double) dimension / other),
        ownWeight,
        otherWeight,
        missingWeight,
        singleOtherWeight,
        trainSamples,
        testMultiViewSamples,
        testSingleViewSamples);
  }

  /** The same with another number of classes, and as many samples of each to learn from. */
  DistributionConfig withClasses(int other) {
    return new DistributionConfig(
        other,
        dimension,
        patches,
        patchesPerFeature,
        otherFeatures,
        singleViewFraction,
        featureNoise,
        denseNoise,
        ownWeight,
        otherWeight,
        missingWeight,
        singleOtherWeight,
        Math.toIntExact(Math.round((double) trainSamples * other / classes)),
        testMultiViewSamples,
        testSingleViewSamples);
  }

  /** Features of all classes. */
  public int features() {
    return VIEWS * classes;
  }

  /** The axis of a view of a class, both counted from 0. */
  public static int feature(int label, int view) {
    return VIEWS * label + view;
  }
}
