package io.retort.distill.multiview;

import io.retort.distill.Spread;
import java.util.List;

/**
 * What the paper sets its explanation against.
 *
 * @param name what is contrasted
 * @param claim what the paper says of it
 * @param measure what the accuracies are of
 * @param rows one a kind of model
 */
public record Contrast(String name, String claim, String measure, List<Row> rows) {

  /**
   * Models of one kind.
   *
   * @param name the kind
   * @param models how many
   * @param accuracy how their accuracies lie
   */
  public record Row(String name, int models, Spread accuracy) {

    static Row of(String name, double... accuracies) {
      return new Row(name, accuracies.length, Spread.of(accuracies));
    }
  }

  /** Copies the list. */
  public Contrast {
    rows = List.copyOf(rows);
  }
}
