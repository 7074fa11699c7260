package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetSplitsTest {
  private static final int COUNT = 100;

  /** The pixel of each image is its number, and its class whether that is in the second half. */
  private final DatasetSplits splits = new DatasetSplits(images(COUNT), images(7));

  private static ImageDataset images(int count) {
    byte[] pixels = new byte[count];
    int[] labels = new int[count];
    for (int i = 0; i < count; i++) {
      pixels[i] = (byte) i;
      labels[i] = i < count / 2 ? 0 : 1;
    }
    return ImageDataset.of(pixels, labels, 1, 1, 1, List.of("first half", "second half"));
  }

  private static List<Integer> numbers(ImageDataset images) {
    return IntStream.range(0, images.size()).map(i -> images.pixels(i)[0]).boxed().toList();
  }

  @Test
  void everyTrainingExampleIsEitherHeldOutOrLearntFromAndKeepsItsLabel() {
    DatasetSplits held = splits.holdOut(30);

    assertThat(held.test().size()).isEqualTo(30);
    TreeSet<Integer> all = new TreeSet<>(numbers(held.train()));
    all.addAll(numbers(held.test()));
    assertThat(all).hasSize(COUNT);
    for (ImageDataset part : List.of(held.train(), held.test())) {
      for (int i = 0; i < part.size(); i++) {
        assertThat(part.label(i)).isEqualTo(part.pixels(i)[0] < COUNT / 2 ? 0 : 1);
      }
    }
  }

  @Test
  void heldOutExamplesComeFromAllOverAndAreTheSameAtEveryCall() {
    List<Integer> held = numbers(splits.holdOut(30).test());

    assertThat(held).isEqualTo(numbers(splits.holdOut(30).test()));
    assertThat(held).filteredOn(number -> number < COUNT / 2).hasSizeBetween(8, 22);
  }

  @Test
  void refusesToHoldOutNothingOrEverything() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> splits.holdOut(0))
        .withMessageContaining("holdOut");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> splits.holdOut(COUNT))
        .withMessageContaining("100");
  }
}
