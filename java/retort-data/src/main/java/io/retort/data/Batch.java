package io.retort.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * A few examples, ready for a network.
 *
 * <p>Whoever gives a batch owns its memory and fills it again when the next one is asked for;
 * {@link #copy} keeps one. The memory is outside the Java heap and is freed by the garbage
 * collector.
 */
public final class Batch {
  private final int height;
  private final int width;
  private final int channels;
  private final FloatBuffer pixels;
  private int[] labels = new int[0];
  private int[] indices = new int[0];
  private int epoch;
  private int step;

  /** Room for so many rows. */
  Batch(int mostRows, int height, int width, int channels) {
    this.height = height;
    this.width = width;
    this.channels = channels;
    this.pixels =
        ByteBuffer.allocateDirect(mostRows * height * width * channels * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
  }

  /** Makes this the batch of a step, with contents still to be written. */
  void begin(int epoch, int step, int rows) {
    this.epoch = epoch;
    this.step = step;
    if (labels.length != rows) {
      labels = new int[rows];
      indices = new int[rows];
    }
    pixels.clear().limit(rows * height * width * channels);
  }

  void set(int row, int index, int label, float[] image) {
    indices[row] = index;
    labels[row] = label;
    pixels.put(row * image.length, image);
  }

  /**
   * The epoch this batch belongs to.
   *
   * @return at least 0
   */
  public int epoch() {
    return epoch;
  }

  /**
   * Which batch of its epoch this is.
   *
   * @return at least 0
   */
  public int step() {
    return step;
  }

  /**
   * The number of examples.
   *
   * @return at least 1; less than the batch size only for the last batch of an epoch
   */
  public int rows() {
    return labels.length;
  }

  /**
   * The rows of each image.
   *
   * @return at least 1
   */
  public int height() {
    return height;
  }

  /**
   * The columns of each image.
   *
   * @return at least 1
   */
  public int width() {
    return width;
  }

  /**
   * The channels of each pixel.
   *
   * @return at least 1
   */
  public int channels() {
    return channels;
  }

  /**
   * The normalised pixels, in the order example, row, column, channel (NHWC).
   *
   * @return a direct buffer in native byte order, with position 0 and limit {@code rows * height *
   *     width * channels}; the batch's own memory, which the caller may overwrite
   */
  public FloatBuffer pixels() {
    return pixels;
  }

  /**
   * The class of each example.
   *
   * @return {@code rows} labels; the batch's own array, which the caller may overwrite
   */
  public int[] labels() {
    return labels;
  }

  /**
   * Which examples of the data set these are.
   *
   * @return {@code rows} indices; the batch's own array, which the caller may overwrite
   */
  public int[] indices() {
    return indices;
  }

  /**
   * A batch of its own with the same contents, which nobody fills again.
   *
   * @return the copy
   */
  public Batch copy() {
    Batch copy = new Batch(rows(), height, width, channels);
    copy.epoch = epoch;
    copy.step = step;
    copy.labels = labels.clone();
    copy.indices = indices.clone();
    copy.pixels.put(0, pixels, 0, copy.pixels.capacity());
    return copy;
  }
}
