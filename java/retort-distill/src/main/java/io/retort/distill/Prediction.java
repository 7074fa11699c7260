package io.retort.distill;

import java.util.List;

/**
 * One test image and what was predicted for it, for the report.
 *
 * @param index its place in the test set
 * @param label its class
 * @param height rows of pixels
 * @param width pixels in a row
 * @param channels 1 or 3
 * @param pixels height x width x channels values in [0, 255], row-major, channels last
 * @param softTargets the ensemble's probabilities at the temperature of the distillation
 * @param student the student's probabilities at the same temperature
 */
public record Prediction(
    int index,
    int label,
    int height,
    int width,
    int channels,
    int[] pixels,
    float[] softTargets,
    float[] student) {

  /**
   * The images of a run: {@code predictions.json}.
   *
   * @param classNames names of the classes, by label
   * @param images the images
   */
  public record Album(List<String> classNames, List<Prediction> images) {
    /** Copies the lists. */
    public Album {
      classNames = List.copyOf(classNames);
      images = List.copyOf(images);
    }
  }
}
