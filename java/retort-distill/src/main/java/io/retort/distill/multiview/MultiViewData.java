package io.retort.distill.multiview;

import io.retort.distill.Formats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * What networks learn from, and what they are judged by. Multi-view and single-view test samples
 * stand apart, for it is the latter that tell networks from one another.
 *
 * @param train samples of both kinds, mixed
 * @param testMultiView multi-view samples alone
 * @param testSingleView single-view samples alone
 */
public record MultiViewData(Samples train, Samples testMultiView, Samples testSingleView) {

  /** Draws all samples; the same for the same seed. */
  public static MultiViewData draw(DistributionConfig config, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new MultiViewData(
        new SampleGenerator(config, random.split())
            .draw(config.trainSamples(), config.singleViewFraction()),
        new SampleGenerator(config, random.split()).draw(config.testMultiViewSamples(), 0),
        new SampleGenerator(config, random.split()).draw(config.testSingleViewSamples(), 1));
  }

  /**
   * Writes {@code train.safetensors}, {@code test-multi-view.safetensors} and {@code
   * test-single-view.safetensors}, as {@link Samples#write} says.
   *
   * @param directory where to; made if there is none
   */
  public void write(Path directory, DistributionConfig config, long seed) throws IOException {
    Files.createDirectories(directory);
    Map<String, String> metadata =
        Map.of(
            "distribution",
            Formats.JSON_LINE.writeValueAsString(config),
            "seed",
            Long.toString(seed));
    train.write(directory.resolve("train.safetensors"), metadata);
    testMultiView.write(directory.resolve("test-multi-view.safetensors"), metadata);
    testSingleView.write(directory.resolve("test-single-view.safetensors"), metadata);
  }
}
