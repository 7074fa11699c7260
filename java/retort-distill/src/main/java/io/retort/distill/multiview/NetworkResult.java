package io.retort.distill.multiview;

import java.util.List;

/**
 * One network.
 *
 * @param seed of its first weights
 * @param trainAccuracy on the training samples
 * @param accuracy on the test samples
 * @param viewsAligned views whose correlation is at least {@link ViewResult#ALIGNED}
 * @param viewsKnown views whose accuracy is at least {@link ViewResult#KNOWN}
 * @param views each view of each class
 */
public record NetworkResult(
    long seed,
    double trainAccuracy,
    Accuracy accuracy,
    int viewsAligned,
    int viewsKnown,
    List<ViewResult> views) {

  /** Copies the list. */
  public NetworkResult {
    views = List.copyOf(views);
  }
}
