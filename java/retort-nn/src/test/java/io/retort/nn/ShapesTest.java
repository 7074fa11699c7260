package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Shapes know their outputs and refuse sizes that make no sense. */
class ShapesTest {
  private static final ImageShape IMAGE = new ImageShape(7, 6, 3);
  private static final int MOST = Integer.MAX_VALUE;

  @Test
  void outputsAreRoundedDown() {
    assertThat(new ConvolutionShape(2, IMAGE, 5, 3, 2, 1).output())
        .isEqualTo(new ImageShape(4, 3, 5));
    assertThat(new PoolingShape(2, IMAGE, 2, 2, 0).output()).isEqualTo(new ImageShape(3, 3, 3));
    assertThat(new ConvolutionShape(2, IMAGE, 5, 3, 2, 1).fanIn()).isEqualTo(27);
  }

  @Test
  void sizesOutOfRangeAreNamed() {
    assertRefused("height", () -> new ImageShape(0, 1, 1));
    assertRefused("channels", () -> new ImageShape(1, 1, -1));
    assertRefused("images", () -> new PoolingShape(-1, IMAGE, 2, 2, 0));
    assertRefused("input", () -> new PoolingShape(1, null, 2, 2, 0));
    assertRefused("kernel", () -> new PoolingShape(1, IMAGE, 0, 2, 0));
    assertRefused("kernel", () -> new PoolingShape(1, IMAGE, 7, 2, 0));
    assertRefused("stride", () -> new PoolingShape(1, IMAGE, 2, 0, 0));
    assertRefused("padding", () -> new PoolingShape(1, IMAGE, 2, 2, 2));
    assertRefused("padding", () -> new PoolingShape(1, IMAGE, 2, 2, -1));
    assertRefused("outputChannels", () -> new ConvolutionShape(1, IMAGE, 0, 3, 1, 1));
    assertRefused("rows", () -> new BatchNormShape(-1, 1, 1e-5f, false));
    assertRefused("channels", () -> new BatchNormShape(1, 0, 1e-5f, false));
    assertRefused("epsilon", () -> new BatchNormShape(1, 1, Float.NaN, false));
    int channels = IMAGE.channels();
    long rows = IMAGE.size() / channels;
    for (PoolingShape unfit :
        List.of(
            new PoolingShape(1, IMAGE, 2, 1, 0),
            new PoolingShape(1, IMAGE, 2, 2, 1),
            new PoolingShape(2, IMAGE, 2, 2, 0))) {
      assertRefused("maxPool", () -> new BatchNormShape(rows, channels, 1, false, unfit));
    }
  }

  @Test
  void sizesThatOverflowAreRefused() {
    assertRefused("image", () -> new ImageShape(MOST, MOST, MOST));
    ImageShape large = new ImageShape(MOST, 1, 1);
    assertRefused("padding", () -> new PoolingShape(1, large, MOST - 1, 1, MOST - 2).output());
    assertRefused("input", () -> new PoolingShape(Long.MAX_VALUE, large, 1, 1, 0).inputSize());
    assertRefused("input", () -> new BatchNormShape(Long.MAX_VALUE, 2, 1, false).size());
    ImageShape wide = new ImageShape(1, 1, MOST);
    assertRefused("weights", () -> new ConvolutionShape(1, wide, MOST, 9, 1, 8).weightsSize());
    assertRefused("p must have", () -> new Parameter("p", Initialization.constant(0), 1L << 31));
  }

  private static void assertRefused(String message, Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
