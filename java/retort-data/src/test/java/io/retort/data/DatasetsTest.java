package io.retort.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DatasetsTest {

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Datasets.load("imagenet", null))
        .withMessage(
            "name must be one of fashion-mnist, mnist, cifar-10, cifar-100, folder, got imagenet");
    assertThatIllegalArgumentException().isThrownBy(() -> Datasets.load(null, null));
    assertThatIllegalArgumentException().isThrownBy(() -> Datasets.usualPlace("CIFAR-10"));
  }

  @Test
  void aDataSetWithoutDirectoryIsLookedForInItsUsualPlace() {
    assertThat(Datasets.usualPlace("fashion-mnist"))
        .isEqualTo(Path.of("/usr/share/datasets/fashion-mnist"));
    assertThat(Datasets.usualPlace("cifar-10")).isEqualTo(Path.of("data/cifar-10"));
    assertThatExceptionOfType(DataException.class)
        .isThrownBy(() -> Datasets.load("cifar-10", null))
        .withMessageStartingWith("CIFAR-10 was not found in " + Path.of("data/cifar-10"));
  }

  @Test
  void onlyAFolderCanBeResized() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Datasets.load("mnist", null, new ImageSize(14, 14)))
        .withMessage("size must be null for mnist, got 14x14; only folder can be resized");
    assertThatIllegalArgumentException().isThrownBy(() -> new ImageSize(0, 3));
  }

  @Test
  void theRealFashionMnistIsReadWhereItIsInstalled() throws IOException {
    assumeTrue(Files.isDirectory(Datasets.usualPlace("fashion-mnist")));

    DatasetSplits splits = Datasets.load("fashion-mnist", null);

    assertThat(splits.train()).hasToString("60000 images of 28x28x1 in 10 classes");
    assertThat(splits.test()).hasToString("10000 images of 28x28x1 in 10 classes");
    assertThat(IntStream.range(0, 4).map(splits.train()::label)).containsExactly(9, 0, 0, 3);
    assertThat(IntStream.range(0, 4).map(splits.test()::label)).containsExactly(9, 2, 1, 1);
    // The mean and standard deviation that the literature quotes: 0.2860 and 0.3530.
    Normalization normalization = Normalization.of(splits.train());
    assertThat(normalization.mean().get(0)).isCloseTo(0.2860, within(1e-4));
    assertThat(normalization.standardDeviation().get(0)).isCloseTo(0.3530, within(1e-4));
  }
}
