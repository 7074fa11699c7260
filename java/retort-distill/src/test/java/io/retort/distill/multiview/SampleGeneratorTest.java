package io.retort.distill.multiview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.Safetensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Samples are what the distribution says. */
class SampleGeneratorTest {

  private static final Range OWN = new Range(1, 1.2);
  private static final Range OTHER = new Range(0.3, 0.4);
  private static final Range MISSING = new Range(0.1, 0.2);
  private static final Range SINGLE_OTHER = new Range(0.5, 0.6);

  @TempDir Path directory;

  private static DistributionConfig config(
      int patches, int patchesPerFeature, double featureNoise, double denseNoise) {
    return new DistributionConfig(
        4,
        20,
        patches,
        patchesPerFeature,
        1,
        0.25,
        featureNoise,
        denseNoise,
        OWN,
        OTHER,
        MISSING,
        SINGLE_OTHER,
        10,
        10,
        10);
  }

  private static Samples draw(DistributionConfig config, int count, double singleViewFraction) {
    return new SampleGenerator(config, new SplittableRandom(1)).draw(count, singleViewFraction);
  }

  private static double sumAlong(Samples samples, int sample, int axis) {
    double sum = 0;
    for (int patch = 0; patch < samples.patches(); patch++) {
      sum += samples.values()[(sample * samples.patches() + patch) * samples.dimension() + axis];
    }
    return sum;
  }

  private static int patchesAlong(Samples samples, int sample, int axis) {
    int count = 0;
    for (int patch = 0; patch < samples.patches(); patch++) {
      int row = sample * samples.patches() + patch;
      count += samples.values()[row * samples.dimension() + axis] != 0 ? 1 : 0;
    }
    return count;
  }

  @Test
  void weightsLieInTheirRangesAndAreWhatThePatchesAddUpTo() {
    Samples samples = draw(config(20, 2, 0, 0), 400, 0.5);
    for (int sample = 0; sample < samples.count(); sample++) {
      int label = samples.labels()[sample];
      int missing = samples.missingViews()[sample];
      for (int feature = 0; feature < 8; feature++) {
        double weight = samples.weight(sample, feature);
        assertThat(sumAlong(samples, sample, feature)).isCloseTo(weight, within(1e-6));
        if (weight > 0) {
          assertThat(patchesAlong(samples, sample, feature)).isEqualTo(2);
        }
        if (feature / 2 == label) {
          assertThat(weight).isGreaterThan(0);
        }
        if (weight > 0) {
          Range range =
              feature / 2 != label
                  ? missing < 0 ? OTHER : SINGLE_OTHER
                  : feature % 2 == missing ? MISSING : OWN;
          assertThat(weight).isBetween(range.least() - 1e-6, range.most() + 1e-6);
        }
      }
    }
  }

  @Test
  void everyFeatureHasPatchesOfItsOwnAndTheRestAreEmpty() {
    Samples samples = draw(config(9, 1, 0, 0), 300, 0.5);
    for (int row = 0; row < samples.count() * samples.patches(); row++) {
      int features = 0;
      for (int axis = 0; axis < samples.dimension(); axis++) {
        features += samples.values()[row * samples.dimension() + axis] != 0 ? 1 : 0;
      }
      assertThat(features).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void kindsViewsLabelsAndFeaturesAreAsFrequentAsAsked() {
    int count = 20_000;
    Samples samples = draw(config(8, 1, 0, 0), count, 0.25);
    int single = 0;
    int firstMissing = 0;
    int[] labels = new int[4];
    int others = 0;
    for (int sample = 0; sample < count; sample++) {
      labels[samples.labels()[sample]]++;
      single += samples.missingViews()[sample] >= 0 ? 1 : 0;
      firstMissing += samples.missingViews()[sample] == 0 ? 1 : 0;
      for (int feature = 0; feature < 8; feature++) {
        boolean other = feature / 2 != samples.labels()[sample];
        others += other && samples.weight(sample, feature) > 0 ? 1 : 0;
      }
    }
    // Five standard deviations of a frequency are at most 2.5 / sqrt(count).
    double bound = 2.5 / Math.sqrt(count);
    assertThat(single / (double) count).isCloseTo(0.25, within(bound));
    assertThat(firstMissing / (double) count).isCloseTo(0.125, within(bound));
    assertThat(others / (6.0 * count)).isCloseTo(0.25, within(bound));
    for (int label : labels) {
      assertThat(label / (double) count).isCloseTo(0.25, within(bound));
    }
  }

  @Test
  void featuresThatHaveNoRoomAreDrawnAgain() {
    Samples samples = draw(config(3, 1, 0, 0), 500, 0);
    for (int sample = 0; sample < samples.count(); sample++) {
      int present = 0;
      for (int feature = 0; feature < 8; feature++) {
        present += samples.weight(sample, feature) > 0 ? 1 : 0;
      }
      assertThat(present).isBetween(2, 3);
    }
  }

  @Test
  void noiseHasItsDeviationAndFeatureNoiseItsRange() {
    Samples samples = draw(config(8, 1, 0.05, 0.1), 500, 0);
    double squares = 0;
    double featureNoise = 0;
    int elements = 0;
    int axes = 0;
    for (int i = 0; i < samples.values().length; i++) {
      int axis = i % samples.dimension();
      int sample = i / (samples.dimension() * samples.patches());
      if (axis >= 8) {
        squares += samples.values()[i] * samples.values()[i];
        elements++;
      } else if (samples.weight(sample, axis) == 0) {
        featureNoise += samples.values()[i];
        axes++;
      }
    }
    assertThat(Math.sqrt(squares / elements)).isCloseTo(0.1, within(0.002));
    assertThat(featureNoise / axes).isCloseTo(0.025, within(5 * 0.11 / Math.sqrt(axes)));
  }

  @Test
  void theSameSeedGivesTheSameDataAndAnotherOther() {
    DistributionConfig config = TinyExperiment.distribution();
    MultiViewData data = MultiViewData.draw(config, 3);
    assertThat(MultiViewData.draw(config, 3).train().values()).isEqualTo(data.train().values());
    assertThat(MultiViewData.draw(config, 4).train().values()).isNotEqualTo(data.train().values());
    assertThat(data.testSingleView().missingViews()).doesNotContain(-1);
    assertThat(data.testMultiView().missingViews()).containsOnly(-1);
  }

  @Test
  void anotherProgramFindsEverythingInTheFiles() throws IOException {
    DistributionConfig config = TinyExperiment.distribution();
    MultiViewData data = MultiViewData.draw(config, 3);
    data.write(directory, config, 3);
    Safetensors train = Safetensors.read(directory.resolve("train.safetensors"));
    assertThat(train.tensors().get("patches").shape()).containsExactly(40L, 8L, 30L);
    assertThat(train.tensors().get("patches").values()).isEqualTo(data.train().values());
    assertThat(train.tensors().get("weights").shape()).containsExactly(40L, 6L);
    assertThat(train.tensors().get("labels").values()[5]).isEqualTo(data.train().labels()[5]);
    assertThat(train.metadata().get("distribution")).contains("\"patches\":8", "own_weight");
    Safetensors single = Safetensors.read(directory.resolve("test-single-view.safetensors"));
    assertThat(single.tensors().get("missing_views").shape()).containsExactly(60L);
    assertThat(directory.resolve("test-multi-view.safetensors")).exists();
  }

  @Test
  void impossibleDistributionsAreNamed() {
    refused("patches", () -> config(3, 2, 0, 0));
    refused("patchesPerFeature", () -> config(8, 0, 0, 0));
    refused("featureNoise", () -> config(8, 1, Double.NaN, 0));
    refused("denseNoise", () -> config(8, 1, 0, -1));
    refused("most", () -> new Range(1, 0.5));
    refused("least", () -> new Range(-1, 0.5));
    refused("dimension", () -> TinyExperiment.distribution().withDimension(5));
    refused("dimension", () -> TinyExperiment.distribution().withDimension(1 << 30));
    refused("temperatures", () -> new StudentsConfig(1, 1, "1; 2", 1, new OneSidedConfig(1, 1, 1)));
    refused("temperatures", () -> new StudentsConfig(1, 1, "1, 0", 1, new OneSidedConfig(1, 1, 1)));
    refused("degree", () -> new LearnerConfig(1, 1, 1, 1, 1, 1));
  }

  private static void refused(String name, Runnable construction) {
    assertThatThrownBy(construction::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name);
  }
}
