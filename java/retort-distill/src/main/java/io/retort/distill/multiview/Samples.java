package io.retort.distill.multiview;

import io.retort.distill.Safetensors;
import io.retort.distill.Safetensors.FloatTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Labelled samples, each a number of patches.
 *
 * @param patches patches of a sample
 * @param dimension size of a patch
 * @param values the patches, [samples, patches, dimension]
 * @param labels the class of each sample
 * @param missingViews which view of its class each sample misses; -1 for none
 * @param weights how much of each feature is in each sample, [samples, features]
 */
public record Samples(
    int patches, int dimension, float[] values, int[] labels, int[] missingViews, float[] weights) {

  /** How many samples there are. */
  public int count() {
    return labels.length;
  }

  /** Features that a sample can have. */
  public int features() {
    return count() == 0 ? 0 : weights.length / count();
  }

  /** The patches of some neighbouring samples, a copy. */
  float[] values(int first, int count) {
    int size = patches * dimension;
    return Arrays.copyOfRange(values, first * size, (first + count) * size);
  }

  /** How much of a feature is in a sample; 0 where it takes no part. */
  public float weight(int sample, int feature) {
    return weights[sample * features() + feature];
  }

  /**
   * Writes a safetensors file with the f32 tensors {@code patches} [samples, patches, dimension],
   * {@code labels} [samples], {@code missing_views} [samples] (-1 for none) and {@code weights}
   * [samples, features]; feature 2j + l is view l of class j and lies along that axis.
   *
   * @param metadata what the file says of itself
   */
  public void write(Path file, Map<String, String> metadata) throws IOException {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    tensors.put("patches", FloatTensor.of(new long[] {count(), patches, dimension}, values));
    tensors.put("labels", FloatTensor.of(new long[] {count()}, floats(labels)));
    tensors.put("missing_views", FloatTensor.of(new long[] {count()}, floats(missingViews)));
    tensors.put("weights", FloatTensor.of(new long[] {count(), features()}, weights));
    new Safetensors(metadata, tensors).write(file);
  }

  private static float[] floats(int[] numbers) {
    float[] floats = new float[numbers.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = numbers[i];
    }
    return floats;
  }
}
