package io.retort.nn;

/** What layers compute, in double precision and plain loops. */
final class PlainLayers {
  private PlainLayers() {}

  /**
   * Images [images, input], weights [channels, kernel, kernel, input channels], bias [channels].
   */
  static double[] convolution(ConvolutionShape s, float[] x, float[] weights, float[] bias) {
    ImageShape in = s.input();
    ImageShape out = s.output();
    double[] y = new double[(int) (s.images() * out.size())];
    int o = 0;
    for (int n = 0; n < s.images(); n++) {
      for (int i = 0; i < out.height(); i++) {
        for (int j = 0; j < out.width(); j++) {
          for (int c = 0; c < out.channels(); c++) {
            double sum = bias[c];
            for (int u = 0; u < s.kernel(); u++) {
              for (int v = 0; v < s.kernel(); v++) {
                int row = i * s.stride() + u - s.padding();
                int column = j * s.stride() + v - s.padding();
                if (row < 0 || row >= in.height() || column < 0 || column >= in.width()) {
                  continue;
                }
                for (int d = 0; d < in.channels(); d++) {
                  double pixel =
                      x[((n * in.height() + row) * in.width() + column) * in.channels() + d];
                  sum +=
                      pixel * weights[((c * s.kernel() + u) * s.kernel() + v) * in.channels() + d];
                }
              }
            }
            y[o++] = sum;
          }
        }
      }
    }
    return y;
  }

  /** The largest value of each window, or the mean of those within the image. */
  static double[] pool(PoolingShape s, float[] x, boolean mean) {
    ImageShape in = s.input();
    ImageShape out = s.output();
    double[] y = new double[(int) (s.images() * out.size())];
    int o = 0;
    for (int n = 0; n < s.images(); n++) {
      for (int i = 0; i < out.height(); i++) {
        for (int j = 0; j < out.width(); j++) {
          for (int c = 0; c < in.channels(); c++) {
            double sum = 0;
            double largest = Double.NEGATIVE_INFINITY;
            int count = 0;
            for (int u = 0; u < s.kernel(); u++) {
              for (int v = 0; v < s.kernel(); v++) {
                int row = i * s.stride() + u - s.padding();
                int column = j * s.stride() + v - s.padding();
                if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
                  double pixel =
                      x[((n * in.height() + row) * in.width() + column) * in.channels() + c];
                  sum += pixel;
                  largest = Math.max(largest, pixel);
                  count++;
                }
              }
            }
            y[o++] = mean ? sum / count : largest;
          }
        }
      }
    }
    return y;
  }

  /** Rows [rows, inputs], weights [outputs, inputs], bias [outputs]. */
  static double[] linear(float[] x, int inputs, float[] weights, float[] bias) {
    int outputs = bias.length;
    double[] y = new double[x.length / inputs * outputs];
    for (int o = 0; o < y.length; o++) {
      y[o] = bias[o % outputs];
      for (int i = 0; i < inputs; i++) {
        y[o] += (double) x[o / outputs * inputs + i] * weights[o % outputs * inputs + i];
      }
    }
    return y;
  }

  /** The mean of each column. */
  static double[] means(float[] x, int columns) {
    double[] means = new double[columns];
    for (int i = 0; i < x.length; i++) {
      means[i % columns] += (double) x[i] * columns / x.length;
    }
    return means;
  }

  /** The biased variance of each column. */
  static double[] variances(float[] x, int columns) {
    double[] means = means(x, columns);
    double[] variances = new double[columns];
    for (int i = 0; i < x.length; i++) {
      double deviation = x[i] - means[i % columns];
      variances[i % columns] += deviation * deviation * columns / x.length;
    }
    return variances;
  }

  /** {@code max(0, scale * (x - mean) / sqrt(variance + 1e-5) + shift)}. */
  static double[] rectifiedNorm(
      float[] x, double[] means, double[] variances, float[] scale, float[] shift) {
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int c = i % scale.length;
      double normalized = (x[i] - means[c]) / Math.sqrt(variances[c] + 1e-5);
      y[i] = Math.max(0, scale[c] * normalized + shift[c]);
    }
    return y;
  }
}
