package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  private static final Normalization RAW = new Normalization(List.of(0.0), List.of(1.0));

  @Test
  void theStandardPadsByFourAt32AndByTwoAt28() {
    assertThat(Augmentation.standard(Examples.random(1, 32, 32, 3)))
        .isEqualTo(new Augmentation(4, true));
    assertThat(Augmentation.standard(Examples.random(1, 28, 28, 1)))
        .isEqualTo(new Augmentation(2, true));
  }

  @Test
  void namesSwitchCropAndFlip() {
    ImageDataset dataset = Examples.random(1, 32, 40, 3);

    assertThat(Augmentation.of("none", dataset)).isEqualTo(new Augmentation(0, false));
    assertThat(Augmentation.of("standard", dataset)).isEqualTo(new Augmentation(4, true));
    assertThat(Augmentation.of("crop", dataset)).isEqualTo(new Augmentation(4, false));
    assertThat(Augmentation.of("flip", dataset)).isEqualTo(new Augmentation(0, true));
    assertThat(Augmentation.names()).containsExactly("none", "standard", "crop", "flip");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Augmentation.of("mixup", dataset))
        .withMessage("augmentation must be one of none, standard, crop, flip, got mixup");
    assertThatIllegalArgumentException().isThrownBy(() -> new Augmentation(-1, true));
  }

  /** One image with one bright pixel in the middle: where it lands tells the crop. */
  @Test
  void everyCropIsEquallyLikely() {
    byte[] pixels = new byte[25];
    pixels[12] = (byte) 255;
    Map<Integer, Integer> counts = landings(pixels, 5, 5, new Augmentation(1, false), 9_000);

    assertThat(counts.keySet()).containsExactly(6, 7, 8, 11, 12, 13, 16, 17, 18);
    // Five standard deviations: 5 sqrt(9000 * 1/9 * 8/9) = 149.
    assertThat(counts.values()).allMatch(count -> Math.abs(count - 1_000) < 149);
  }

  @Test
  void everySecondImageIsFlipped() {
    byte[] pixels = new byte[3];
    pixels[0] = (byte) 255;
    Map<Integer, Integer> counts = landings(pixels, 1, 3, new Augmentation(0, true), 10_000);

    assertThat(counts.keySet()).containsExactly(0, 2);
    // Five standard deviations: 5 sqrt(10000 / 4) = 250.
    assertThat(counts.get(0)).isBetween(4_750, 5_250);
  }

  @Test
  void switchingTheFlipDoesNotMoveTheCrops() {
    byte[] pixels = new byte[25];
    pixels[12] = (byte) 255;
    ImageDataset dataset = ImageDataset.of(pixels, new int[1], 5, 5, 1, List.of("a"));
    Batches crops = Batches.of(dataset, RAW, 1, new Augmentation(1, false), 3);
    Batches both = Batches.of(dataset, RAW, 1, new Augmentation(1, true), 3);
    for (int epoch = 0; epoch < 100; epoch++) {
      int crop = brightest(crops.epoch(epoch).iterator().next());
      int flipped = brightest(both.epoch(epoch).iterator().next());
      int mirror = crop / 5 * 5 + 4 - crop % 5;
      assertThat(flipped).isIn(crop, mirror);
    }
  }

  @Test
  void examplesOfOneBatchAreChangedApart() {
    byte[] pixels = new byte[100 * 25];
    for (int i = 0; i < 100; i++) {
      pixels[i * 25 + 12] = (byte) 255;
    }
    ImageDataset dataset = ImageDataset.of(pixels, new int[100], 5, 5, 1, List.of("a"));
    Batch batch =
        Batches.of(dataset, RAW, 100, new Augmentation(1, true), 3).epoch(0).iterator().next();
    Map<Integer, Integer> landings = new TreeMap<>();
    for (int i = 0; i < batch.pixels().limit(); i++) {
      if (batch.pixels().get(i) == 1f) {
        landings.merge(i % 25, 1, Integer::sum);
      }
    }
    assertThat(landings).hasSize(9);
  }

  private static Map<Integer, Integer> landings(
      byte[] pixels, int height, int width, Augmentation augmentation, int epochs) {
    ImageDataset dataset = ImageDataset.of(pixels, new int[1], height, width, 1, List.of("a"));
    Batches batches = Batches.of(dataset, RAW, 1, augmentation, 11);
    Map<Integer, Integer> counts = new TreeMap<>();
    for (int epoch = 0; epoch < epochs; epoch++) {
      counts.merge(brightest(batches.epoch(epoch).iterator().next()), 1, Integer::sum);
    }
    return counts;
  }

  private static int brightest(Batch batch) {
    for (int i = 0; i < batch.pixels().limit(); i++) {
      if (batch.pixels().get(i) == 1f) {
        return i;
      }
    }
    throw new AssertionError("no bright pixel");
  }
}
