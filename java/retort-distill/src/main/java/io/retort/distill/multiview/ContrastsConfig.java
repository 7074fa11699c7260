package io.retort.distill.multiview;

import io.retort.distill.check.Require;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What the paper sets its explanation against.
 *
 * @param jointNetworks networks whose mean is trained as one; 0 leaves the contrast out
 * @param randomFeatures models that are linear in features of random projections
 * @param tangent the networks, linearised where they begin; null for none
 * @param mixture data without views
 * @param trend numbers of classes that the experiment is done again with, with commas between them;
 *     empty for none. The time grows with their square, that of random features with their cube
 */
public record ContrastsConfig(
    int jointNetworks,
    RandomFeaturesConfig randomFeatures,
    TangentConfig tangent,
    MixtureConfig mixture,
    String trend) {

  /** No contrast that takes training. */
  static final ContrastsConfig NONE =
      new ContrastsConfig(
          0,
          new RandomFeaturesConfig(0, 1, 1),
          TangentConfig.NONE,
          new MixtureConfig(0, 1, 1, 1, 1, 1),
          "");

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public ContrastsConfig {
    Require.atLeast("jointNetworks", jointNetworks, 0);
    Objects.requireNonNull(randomFeatures, "randomFeatures");
    tangent = Objects.requireNonNullElse(tangent, TangentConfig.NONE);
    Objects.requireNonNull(mixture, "mixture");
    Objects.requireNonNull(trend, "trend");
    parse(trend).forEach(classes -> Require.atLeast("trend", classes, 2));
  }

  /** The numbers of classes of the trend. */
  List<Integer> trendClasses() {
    return parse(trend);
  }

  private static List<Integer> parse(String trend) {
    try {
      return Stream.of(trend.split(",", -1))
          .map(String::strip)
          .filter(word -> !trend.isBlank())
          .map(Integer::valueOf)
          .distinct()
          .toList();
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "trend must be whole numbers with commas between them, got " + trend, e);
    }
  }
}
