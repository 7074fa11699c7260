package io.retort.distill;

import io.retort.data.Batches;
import io.retort.data.ImageDataset;
import java.io.IOException;

/** Measures a model after every epoch and writes the lines of {@code metrics.jsonl}. */
final class MetricsRecorder implements TrainingListener {

  /** An evaluation is short, and the epoch it belongs to would be lost with it. */
  private static final Interruption NEVER = new Interruption();

  private final String model;
  private final RunDirectory run;
  private final Batches test;
  private final int[] labels;

  /**
   * Prepares to measure.
   *
   * @param test the test images in their order
   */
  MetricsRecorder(String model, RunDirectory run, ImageDataset images, Batches test) {
    this.model = model;
    this.run = run;
    this.test = test;
    this.labels = RunData.labels(images);
  }

  @Override
  public void afterEpoch(Trainer trainer, EpochTotals totals) throws IOException {
    run.append(trainLine(trainer, totals), testLine(trainer));
  }

  private MetricsLine trainLine(Trainer trainer, EpochTotals totals) {
    double examples = totals.examples();
    return line(
        trainer,
        "train",
        totals.loss() / examples,
        totals.hard() / examples,
        totals.soft() / examples,
        totals.correct() / examples,
        totals.examples(),
        totals.seconds());
  }

  private MetricsLine testLine(Trainer trainer) {
    long start = System.nanoTime();
    float[] logits = Inference.logits(trainer.network(), test, labels.length, NEVER);
    double seconds = (System.nanoTime() - start) * 1e-9;
    Metrics metrics = Metrics.of(logits, labels, trainer.network().classes());
    double loss = metrics.negativeLogLikelihood();
    return line(trainer, "test", loss, loss, 0, metrics.accuracy(), labels.length, seconds);
  }

  private MetricsLine line(
      Trainer trainer,
      String split,
      double loss,
      double hard,
      double soft,
      double accuracy,
      long examples,
      double seconds) {
    Trainer.Position position = trainer.position();
    return new MetricsLine(
        model,
        position.epochs(),
        position.step(),
        split,
        loss,
        hard,
        soft,
        accuracy,
        trainer.learningRate(position.step() - 1),
        examples / seconds,
        seconds);
  }
}
