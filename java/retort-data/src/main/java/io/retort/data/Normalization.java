package io.retort.data;

import java.util.ArrayList;
import java.util.List;

/**
 * Maps a pixel x in 0..255 to (x/255 − mean) / standard deviation, each channel by its own.
 *
 * @param mean the mean of x/255, one a channel
 * @param standardDeviation the standard deviation of x/255, one a channel, each above 0
 */
public record Normalization(List<Double> mean, List<Double> standardDeviation) {
  private static final int VALUES = 256;

  /**
   * Checks and copies the lists.
   *
   * @throws IllegalArgumentException when the lists are null, empty or of different lengths, a mean
   *     is not finite, or a standard deviation is not finite and above 0
   */
  public Normalization {
    mean = List.copyOf(Arguments.notNull("mean", mean));
    standardDeviation = List.copyOf(Arguments.notNull("standardDeviation", standardDeviation));
    if (mean.isEmpty() || mean.size() != standardDeviation.size()) {
      throw new IllegalArgumentException(
          "mean and standardDeviation must have one value a channel, got "
              + mean
              + " and "
              + standardDeviation);
    }
    for (int channel = 0; channel < mean.size(); channel++) {
      double centre = mean.get(channel);
      double spread = standardDeviation.get(channel);
      if (!Double.isFinite(centre)) {
        throw new IllegalArgumentException("mean[" + channel + "] must be finite, got " + centre);
      }
      if (!(spread > 0) || Double.isInfinite(spread)) {
        throw new IllegalArgumentException(
            "standardDeviation[" + channel + "] must be finite and > 0, got " + spread);
      }
    }
  }

  /**
   * The normalisation that gives the pixels of a data set mean 0 and standard deviation 1.
   *
   * @param dataset the training set
   * @return the mean and the population's standard deviation of each channel over all pixels of all
   *     images; a channel whose pixels are all the same gets the standard deviation 1
   */
  public static Normalization of(ImageDataset dataset) {
    Arguments.notNull("dataset", dataset);
    List<Double> mean = new ArrayList<>();
    List<Double> standardDeviation = new ArrayList<>();
    for (long[] histogram : histograms(dataset)) {
      long count = 0;
      long sum = 0;
      for (int value = 0; value < VALUES; value++) {
        count += histogram[value];
        sum += histogram[value] * value;
      }
      double centre = (double) sum / count;
      double squares = 0;
      for (int value = 0; value < VALUES; value++) {
        squares += histogram[value] * (value - centre) * (value - centre);
      }
      double spread = Math.sqrt(squares / count);
      mean.add(centre / 255);
      standardDeviation.add(spread == 0 ? 1 : spread / 255);
    }
    return new Normalization(mean, standardDeviation);
  }

  private static long[][] histograms(ImageDataset dataset) {
    int channels = dataset.channels();
    long[][] histograms = new long[channels][VALUES];
    byte[] pixels = dataset.sharedPixels();
    int end = dataset.size() * dataset.imageBytes();
    for (int channel = 0; channel < channels; channel++) {
      for (int i = channel; i < end; i += channels) {
        histograms[channel][pixels[i] & 0xff]++;
      }
    }
    return histograms;
  }

  /**
   * The number of channels.
   *
   * @return at least 1
   */
  public int channels() {
    return mean.size();
  }

  /** What every pixel value of every channel is mapped to: {@code [channel][value]}. */
  float[][] table() {
    float[][] table = new float[channels()][VALUES];
    for (int channel = 0; channel < channels(); channel++) {
      for (int value = 0; value < VALUES; value++) {
        table[channel][value] =
            (float) ((value / 255.0 - mean.get(channel)) / standardDeviation.get(channel));
      }
    }
    return table;
  }
}
