package io.retort.distill.report;

import io.retort.distill.Prediction;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * One picture of the gallery.
 *
 * @param label name of its class
 * @param source its pixels, a {@code data:} URI
 * @param bars the classes the ensemble or the student gives most, by falling probability
 * @param mistakes what was predicted wrong, in words; empty if nothing was
 */
record Picture(int index, String label, String source, List<Bar> bars, String mistakes) {

  private static final int BARS = 4;

  /**
   * The two probabilities of one class, and the same in percent for the length of their bars.
   *
   * @param isLabel whether the class is the image's own
   */
  record Bar(
      String name,
      boolean isLabel,
      String ensemble,
      String ensembleWidth,
      String student,
      String studentWidth) {}

  static List<Picture> of(Prediction.Album album) throws IOException {
    List<Picture> pictures = new ArrayList<>();
    for (Prediction image : album.images()) {
      pictures.add(of(image, album.classNames()));
    }
    return pictures;
  }

  private static Picture of(Prediction image, List<String> classNames) throws IOException {
    int classes = image.softTargets().length;
    if (classes == 0 || image.student().length != classes) {
      throw new IOException(
          "test image %d has %d soft targets and %d probabilities of the student"
              .formatted(image.index(), classes, image.student().length));
    }
    return new Picture(
        image.index(),
        className(image.label(), classNames),
        PngImage.dataUri(image),
        bars(image, classNames),
        mistakes(image, classNames));
  }

  private static List<Bar> bars(Prediction image, List<String> classNames) {
    return IntStream.range(0, image.softTargets().length)
        .boxed()
        .sorted(Comparator.comparingDouble(c -> -larger(image, c)))
        .limit(BARS)
        .map(
            c ->
                bar(
                    className(c, classNames),
                    c == image.label(),
                    image.softTargets()[c],
                    image.student()[c]))
        .toList();
  }

  private static double larger(Prediction image, int c) {
    return Math.max(image.softTargets()[c], image.student()[c]);
  }

  private static Bar bar(String name, boolean isLabel, float ensemble, float student) {
    return new Bar(
        name,
        isLabel,
        Numbers.percent(ensemble, 0),
        width(ensemble),
        Numbers.percent(student, 0),
        width(student));
  }

  private static String width(float probability) {
    return Numbers.decimals(Float.isNaN(probability) ? 0 : 100 * probability, 1);
  }

  private static String mistakes(Prediction image, List<String> classNames) {
    int ensemble = largest(image.softTargets());
    int student = largest(image.student());
    if (ensemble == image.label() && student == image.label()) {
      return "";
    }
    if (ensemble == student) {
      return "Both say " + className(ensemble, classNames);
    }
    return ensemble == image.label()
        ? "The student says " + className(student, classNames)
        : "The ensemble says "
            + className(ensemble, classNames)
            + (student == image.label() ? "" : ", the student " + className(student, classNames));
  }

  private static int largest(float[] probabilities) {
    int best = 0;
    for (int c = 1; c < probabilities.length; c++) {
      if (probabilities[c] > probabilities[best]) {
        best = c;
      }
    }
    return best;
  }

  private static String className(int label, List<String> classNames) {
    return label >= 0 && label < classNames.size() ? classNames.get(label) : "class " + label;
  }
}
