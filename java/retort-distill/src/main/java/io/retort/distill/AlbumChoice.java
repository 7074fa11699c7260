package io.retort.distill;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Which test images the report shows: by turns the one of a class that the ensemble is least sure
 * of and one that it is as sure of as of half that class, sureness being the entropy of the soft
 * targets. Nothing is left to chance or taste.
 */
final class AlbumChoice {

  /** How many images are shown, where there are that many. */
  static final int IMAGES = 12;

  private AlbumChoice() {}

  /**
   * Chooses.
   *
   * @param softTargets the ensemble's probabilities, row-major [labels.length, classes]
   * @return places in the test set, in the order they are shown
   */
  static List<Integer> of(float[] softTargets, int[] labels, int classes) {
    List<List<Integer>> surestFirst = surestFirst(softTargets, labels, classes);
    int perRound = Math.min(classes, IMAGES);
    Set<Integer> chosen = new LinkedHashSet<>();
    for (int turn = 0; chosen.size() < IMAGES && turn < perRound * labels.length; turn++) {
      int round = turn / perRound;
      int spread = (int) ((long) (turn % perRound) * classes / perRound);
      List<Integer> images = surestFirst.get(spread);
      boolean leastSure = (turn + round) % 2 == 0;
      int place = (leastSure ? images.size() - 1 : images.size() / 2) - round;
      if (place >= 0 && !images.isEmpty()) {
        chosen.add(images.get(place));
      }
    }
    return List.copyOf(chosen);
  }

  private static List<List<Integer>> surestFirst(float[] softTargets, int[] labels, int classes) {
    List<List<Integer>> images = new ArrayList<>();
    IntStream.range(0, classes).forEach(c -> images.add(new ArrayList<>()));
    IntStream.range(0, labels.length).forEach(i -> images.get(labels[i]).add(i));
    Comparator<Integer> byEntropy =
        Comparator.comparingDouble(image -> entropy(softTargets, image, classes));
    images.forEach(ofClass -> ofClass.sort(byEntropy));
    return images;
  }

  private static double entropy(float[] probabilities, int row, int classes) {
    double entropy = 0;
    for (int c = 0; c < classes; c++) {
      double p = probabilities[row * classes + c];
      entropy -= p > 0 ? p * Math.log(p) : 0;
    }
    return entropy;
  }
}
