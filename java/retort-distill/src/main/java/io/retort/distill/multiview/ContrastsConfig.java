package io.retort.distill.multiview;

import io.retort.distill.Require;
import java.util.Objects;

/**
 * What the paper sets its explanation against.
 *
 * @param jointNetworks networks whose mean is trained as one; 0 leaves the contrast out
 * @param randomFeatures models that learn no features
 * @param mixture data without views
 */
public record ContrastsConfig(
    int jointNetworks, RandomFeaturesConfig randomFeatures, MixtureConfig mixture) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public ContrastsConfig {
    Require.atLeast("jointNetworks", jointNetworks, 0);
    Objects.requireNonNull(randomFeatures, "randomFeatures");
    Objects.requireNonNull(mixture, "mixture");
  }
}
