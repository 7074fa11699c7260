package io.retort.distill;

import io.retort.distill.check.Require;
import java.util.Objects;

/**
 * Which images a run learns from.
 *
 * @param dataset name of the data set: {@code fashion-mnist}, {@code mnist}, {@code cifar-10},
 *     {@code cifar-100} or {@code folder}
 * @param path directory the files lie in; empty for the data set's usual place
 * @param augmentation {@code none}, or the name of an augmentation of the training images
 * @param holdOut how many of the training examples nothing learns from and everything is judged by,
 *     in place of the test examples, so that settings can be chosen without a look at those; 0 for
 *     none
 * @param trainLimit how many of the first training examples are used; 0 for all
 * @param testLimit how many of the first test examples are used; 0 for all
 */
public record DataConfig(
    String dataset, String path, String augmentation, int holdOut, int trainLimit, int testLimit) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public DataConfig {
    Objects.requireNonNull(dataset, "dataset");
    path = Objects.requireNonNullElse(path, "");
    augmentation = Objects.requireNonNullElse(augmentation, "none");
    Require.atLeast("holdOut", holdOut, 0);
    Require.atLeast("trainLimit", trainLimit, 0);
    Require.atLeast("testLimit", testLimit, 0);
  }

  /** All of a data set from its usual place, without augmentation. */
  public static DataConfig of(String dataset) {
    return new DataConfig(dataset, "", "none", 0, 0, 0);
  }

  /** The same with another number of training examples. */
  public DataConfig withTrainLimit(int newTrainLimit) {
    return new DataConfig(dataset, path, augmentation, holdOut, newTrainLimit, testLimit);
  }
}
