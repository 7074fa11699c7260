package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PixelWriterTest {

  @Property(tries = 300)
  void cropAndFlipAreThoseOfAPlainLoop(
      @ForAll @IntRange(min = 1, max = 7) int height,
      @ForAll @IntRange(min = 1, max = 7) int width,
      @ForAll @IntRange(min = 1, max = 4) int channels,
      @ForAll @IntRange(min = -8, max = 8) int top,
      @ForAll @IntRange(min = -8, max = 8) int left,
      @ForAll boolean flip) {
    ImageDataset dataset = Examples.random(3, height, width, channels);
    Normalization normalization = Normalization.of(dataset);
    float[] written = new float[height * width * channels];
    Arrays.fill(written, Float.NaN);

    new PixelWriter(dataset, normalization).write(1, top, left, flip, written);

    byte[] image = dataset.pixels(1);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int row = y + top;
        int column = (flip ? width - 1 - x : x) + left;
        boolean inside = row >= 0 && row < height && column >= 0 && column < width;
        for (int channel = 0; channel < channels; channel++) {
          int value = inside ? image[(row * width + column) * channels + channel] & 0xff : -1;
          assertThat(written[(y * width + x) * channels + channel])
              .isEqualTo(inside ? normalized(normalization, channel, value) : 0f);
        }
      }
    }
  }

  @Property(tries = 50)
  void anImageAsItIsIsTheCropAtItsCorner(
      @ForAll @IntRange(min = 1, max = 9) int height,
      @ForAll @IntRange(min = 1, max = 9) int width,
      @ForAll @IntRange(min = 1, max = 4) int channels) {
    ImageDataset dataset = Examples.random(2, height, width, channels);
    PixelWriter writer = new PixelWriter(dataset, Normalization.of(dataset));
    float[] plain = new float[height * width * channels];
    float[] cropped = new float[plain.length];

    writer.write(1, plain);
    writer.write(1, 0, 0, false, cropped);

    assertThat(plain).isEqualTo(cropped);
  }

  private static float normalized(Normalization normalization, int channel, int value) {
    return (float)
        ((value / 255.0 - normalization.mean().get(channel))
            / normalization.standardDeviation().get(channel));
  }
}
