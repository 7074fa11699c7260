package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageDatasetTest {
  private final byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  private final int[] labels = {1, 0, 1};
  private final List<String> classNames = new ArrayList<>(List.of("cat", "dog"));
  private final ImageDataset dataset = ImageDataset.of(bytes, labels, 1, 2, 2, classNames);

  @Test
  void tellsItsShapeItsClassesAndItsExamples() {
    assertThat(dataset.size()).isEqualTo(3);
    assertThat(dataset.height()).isEqualTo(1);
    assertThat(dataset.width()).isEqualTo(2);
    assertThat(dataset.channels()).isEqualTo(2);
    assertThat(dataset.classNames()).containsExactly("cat", "dog");
    assertThat(dataset.label(1)).isZero();
    assertThat(dataset.label(2)).isEqualTo(1);
    assertThat(dataset.pixels(1)).containsExactly(5, 6, 7, 8);
    assertThat(dataset).hasToString("3 images of 1x2x2 in 2 classes");
  }

  @Test
  void doesNotChangeWhenWhatItWasMadeOfOrWhatItGaveChanges() {
    bytes[4] = 99;
    labels[1] = 1;
    classNames.set(0, "cow");
    dataset.pixels(1)[1] = 99;

    assertThat(dataset.pixels(1)).containsExactly(5, 6, 7, 8);
    assertThat(dataset.label(1)).isZero();
    assertThat(dataset.classNames()).containsExactly("cat", "dog");
  }

  @Test
  void limitKeepsTheFirstExamples() {
    ImageDataset first = dataset.limit(2);

    assertThat(first.size()).isEqualTo(2);
    assertThat(first.pixels(1)).containsExactly(5, 6, 7, 8);
    assertThat(first.classNames()).isEqualTo(dataset.classNames());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> first.pixels(2))
        .withMessage("example must lie in [0, 1], got 2");
    assertThatIllegalArgumentException().isThrownBy(() -> first.label(2));
    assertThatIllegalArgumentException().isThrownBy(() -> first.limit(3));
  }

  @Test
  void refusesALimitWithoutExamplesOrBeyondThem() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> dataset.limit(0))
        .withMessage("n must lie in [1, 3], got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> dataset.limit(4))
        .withMessageContaining("4");
  }

  @Test
  void refusesPixelsThatDoNotFitTheSizes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(new byte[11], labels, 1, 2, 2, classNames))
        .withMessage("pixels must hold 3 x 1 x 2 x 2 bytes, got 11");
  }

  @Test
  void refusesSizesWhoseProductOverflowsToTheRightNumber() {
    // 2^16 * 2^16 * 3 is 0 in 32 bits.
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(new byte[0], new int[1], 1 << 16, 1 << 16, 3, classNames))
        .withMessageStartingWith("pixels");
  }

  @Test
  void refusesALabelThatNamesNoClass() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(bytes, new int[] {0, 2, 0}, 1, 2, 2, classNames))
        .withMessage("labels[1] must lie in [0, 1], got 2");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(bytes, new int[] {0, 0, -1}, 1, 2, 2, classNames))
        .withMessage("labels[2] must lie in [0, 1], got -1");
  }

  @Test
  void refusesNothingAtAll() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(null, labels, 1, 2, 2, classNames))
        .withMessage("pixels must not be null");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(bytes, null, 1, 2, 2, classNames));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(bytes, labels, 1, 2, 2, null));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(new byte[0], new int[0], 1, 2, 2, classNames))
        .withMessage("labels.length must be at least 1, got 0");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageDataset.of(bytes, labels, 0, 2, 2, classNames));
  }

  @Test
  void splitsMustFitEachOther() {
    ImageDataset wider = ImageDataset.of(new byte[4], new int[1], 1, 4, 1, classNames);
    ImageDataset otherClasses = ImageDataset.of(bytes, labels, 1, 2, 2, List.of("cow", "dog"));

    assertThat(new DatasetSplits(dataset, dataset.limit(1)).test().size()).isEqualTo(1);
    assertThatIllegalArgumentException().isThrownBy(() -> new DatasetSplits(dataset, wider));
    assertThatIllegalArgumentException().isThrownBy(() -> new DatasetSplits(dataset, otherClasses));
    assertThatIllegalArgumentException().isThrownBy(() -> new DatasetSplits(null, dataset));
  }
}
