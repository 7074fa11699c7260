package io.retort.distill;

import io.retort.data.Batch;
import io.retort.data.Batches;
import io.retort.data.Prefetch;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.RetortException;
import io.retort.kernels.Totals;
import io.retort.nn.Mode;
import io.retort.nn.Network;
import io.retort.nn.Optimizer;
import io.retort.nn.Schedule;
import io.retort.nn.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Objects;

/**
 * Trains one network: epochs of steps, and nothing else. What is to happen between steps, such as
 * measuring and saving, is up to a {@link TrainingListener}.
 *
 * <p>All that a training depends on are its arguments and where it stands, so one that was put back
 * to a {@link Position} goes on with the same bits.
 */
final class Trainer implements AutoCloseable {

  /**
   * Where a training stands, besides what network and optimiser hold.
   *
   * @param epochs epochs done
   * @param step steps done, over all epochs
   * @param totals what the steps of the epoch under way came to
   */
  record Position(int epochs, long step, EpochTotals totals) {
    static final Position START = new Position(0, 0, EpochTotals.NONE);

    Position {
      Objects.requireNonNull(totals, "totals");
    }
  }

  private final Network network;
  private final Batches batches;
  private final Teacher teacher;
  private final int epochs;
  private final Schedule schedule;
  private final DistillationLoss loss;
  private final Optimizer optimizer;
  private final DeviceBatch input;
  private final Tensor gradient;
  private final float[] logits;
  private Position position = Position.START;

  /**
   * Prepares to train.
   *
   * @param network what is trained; neither it nor the teacher is closed by the trainer
   * @param batches what it is trained on, all of one size
   */
  Trainer(
      Network network, Batches batches, TrainingConfig config, Targets targets, Teacher teacher) {
    this.network = network;
    this.batches = batches;
    this.teacher = teacher;
    epochs = config.epochs();
    schedule = config.schedule().schedule();
    loss = targets.loss(config.labelSmoothing());
    optimizer = config.optimizer().optimizer(network);
    input = new DeviceBatch(network.device(), batches.batchSize(), network.input());
    gradient = network.device().tensor(batches.batchSize(), network.classes());
    logits = new float[batches.batchSize() * network.classes()];
  }

  /** Trains from where it stands to the last epoch. */
  void train(TrainingListener listener) throws IOException {
    int stepsPerEpoch = batches.stepsPerEpoch();
    int stepOfEpoch = (int) (position.step() - (long) position.epochs() * stepsPerEpoch);
    try (Prefetch prefetch = batches.prefetch(position.epochs(), stepOfEpoch, epochs)) {
      while (position.epochs() < epochs) {
        while (position.step() < (position.epochs() + 1L) * stepsPerEpoch) {
          listener.afterStep(this, step(prefetch));
        }
        EpochTotals totals = position.totals();
        position = new Position(position.epochs() + 1, position.step(), EpochTotals.NONE);
        listener.afterEpoch(this, totals);
      }
    }
  }

  private double step(Prefetch prefetch) {
    long start = System.nanoTime();
    Batch batch = prefetch.next();
    input.upload(batch);
    Tensor output = network.forward(input.images(), Mode.TRAINING);
    output.download(logits);
    List<Tensor> teachers = teacher.logits(batch, input.images());
    Totals totals =
        network
            .device()
            .distillationLoss(loss, output, teachers, input.labels(), null, gradient, null);
    if (!Double.isFinite(totals.total())) {
      throw new RetortException(
          "the training diverged: the loss of step %d is %s; a lower learning rate may help"
              .formatted(position.step() + 1, totals.total()));
    }
    network.backward(gradient);
    optimizer.step(learningRate(position.step()));
    int correct = Metrics.correct(logits, batch.labels(), batch.rows(), network.classes());
    double seconds = (System.nanoTime() - start) * 1e-9;
    position =
        new Position(
            position.epochs(),
            position.step() + 1,
            position.totals().plus(batch.rows(), correct, totals, seconds));
    return totals.total();
  }

  /** The learning rate of a step, counted from 0. */
  float learningRate(long step) {
    return schedule.at(step, steps());
  }

  /** Steps of all epochs. */
  long steps() {
    return (long) epochs * batches.stepsPerEpoch();
  }

  Position position() {
    return position;
  }

  /**
   * Goes to where a training stood; network and optimiser are put back apart.
   *
   * @throws IllegalArgumentException if no training like this one can stand there
   */
  void restore(Position newPosition) {
    int stepsPerEpoch = batches.stepsPerEpoch();
    long stepOfEpoch = newPosition.step() - (long) newPosition.epochs() * stepsPerEpoch;
    if (newPosition.epochs() < 0
        || newPosition.epochs() >= epochs
        || stepOfEpoch < 0
        || stepOfEpoch > stepsPerEpoch) {
      throw new IllegalArgumentException(
          "a training of %d epochs of %d steps cannot stand at epochs %d, step %d"
              .formatted(epochs, stepsPerEpoch, newPosition.epochs(), newPosition.step()));
    }
    position = newPosition;
  }

  Network network() {
    return network;
  }

  Optimizer optimizer() {
    return optimizer;
  }

  @Override
  public void close() {
    gradient.close();
    input.close();
    optimizer.close();
    loss.close();
  }
}
