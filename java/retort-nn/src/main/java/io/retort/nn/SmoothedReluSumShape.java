package io.retort.nn;

/**
 * The sizes and constants of a sum of smoothed ReLUs, as in {@code retort_smoothed_relu_sum}.
 *
 * @param samples samples in the batch, at least 0
 * @param patches patches of a sample, at least 1
 * @param networks networks side by side, at least 1
 * @param classes classes of each network, at least 1
 * @param neurons neurons of each class, at least 1
 * @param degree power q that the ReLU begins with, 2 to 64
 * @param threshold where its slope reaches 1; finite, above 0
 */
public record SmoothedReluSumShape(
    long samples,
    long patches,
    long networks,
    long classes,
    long neurons,
    int degree,
    float threshold) {
  /** Checks the sizes; the operation checks the constants. */
  public SmoothedReluSumShape {
    Arguments.atLeast("samples", samples, 0);
    Arguments.atLeast("patches", patches, 1);
    Arguments.atLeast("networks", networks, 1);
    Arguments.atLeast("classes", classes, 1);
    Arguments.atLeast("neurons", neurons, 1);
  }

  /** The same networks on another number of samples. */
  public SmoothedReluSumShape withSamples(long samples) {
    return new SmoothedReluSumShape(
        samples, patches, networks, classes, neurons, degree, threshold);
  }

  long preActivations() {
    return Arguments.elements("preActivations", samples, patches, networks, classes, neurons);
  }

  long outputs() {
    return Arguments.elements("output", networks, samples, classes);
  }
}
