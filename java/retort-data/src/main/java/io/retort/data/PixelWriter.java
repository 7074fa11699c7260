package io.retort.data;

import java.util.Arrays;

/**
 * Turns the bytes of an image into normalised floats, cropped and flipped on the way.
 *
 * <p>With an offset (top, left) of the crop in the image, output row y, column x is
 *
 * <pre>
 *   c = flip ? width - 1 - x : x
 *   out[y, x] = image[y + top, c + left]   where that lies in the image, 0 elsewhere
 * </pre>
 *
 * <p>A pixel costs one load of a byte, one of a table of 256 floats that stays in the first-level
 * cache, and one store.
 */
final class PixelWriter {
  private final int height;
  private final int width;
  private final int channels;
  private final byte[] pixels;
  private final float[][] table;

  PixelWriter(ImageDataset dataset, Normalization normalization) {
    height = dataset.height();
    width = dataset.width();
    channels = dataset.channels();
    pixels = dataset.sharedPixels();
    table = normalization.table();
  }

  /** Writes an example as it is. */
  void write(int example, float[] out) {
    int start = example * out.length;
    for (int channel = 0; channel < channels; channel++) {
      float[] values = table[channel];
      for (int i = channel; i < out.length; i += channels) {
        out[i] = values[pixels[start + i] & 0xff];
      }
    }
  }

  /** Writes the part of an example at an offset, which may be negative. */
  void write(int example, int top, int left, boolean flip, float[] out) {
    int rowLength = width * channels;
    int start = example * out.length;
    // The columns of the crop that lie in the image.
    int first = Math.max(0, -left);
    int last = Math.min(width, width - left);
    for (int y = 0; y < height; y++) {
      int source = y + top;
      boolean inside = source >= 0 && source < height && first < last;
      if (!inside || last - first < width) {
        Arrays.fill(out, y * rowLength, (y + 1) * rowLength, 0f);
      }
      if (inside) {
        int from = start + source * rowLength + (first + left) * channels;
        int to = y * rowLength + (flip ? width - 1 - first : first) * channels;
        writePixels(from, last - first, to, flip ? -channels : channels, out);
      }
    }
  }

  private void writePixels(int from, int count, int to, int step, float[] out) {
    for (int channel = 0; channel < channels; channel++) {
      float[] values = table[channel];
      for (int i = 0; i < count; i++) {
        out[to + channel + i * step] = values[pixels[from + channel + i * channels] & 0xff];
      }
    }
  }
}
