package io.retort.distill;

import io.retort.distill.check.Require;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.Precision;
import java.util.Objects;

/**
 * Everything that decides the weights of one trained network.
 *
 * @param data the images
 * @param architecture the network, for example {@code cnnbn-16-32-128}
 * @param epochs passes over the training images
 * @param batchSize images in a step
 * @param optimizer the optimiser
 * @param schedule the learning rate
 * @param labelSmoothing probability spread evenly over all classes, in [0, 1] (Szegedy et al. 2016)
 * @param seed decides the initial weights, the order of the images and their augmentation
 * @param device {@code cpu}, {@code cuda} or {@code auto}
 * @param precision what a GPU's products and convolutions multiply: {@code f32}, {@code tf32} or
 *     {@code bf16}
 * @param threads threads of the CPU; 0 for one a processor; never changes the result
 */
public record TrainingConfig(
    DataConfig data,
    String architecture,
    int epochs,
    int batchSize,
    OptimizerConfig optimizer,
    ScheduleConfig schedule,
    double labelSmoothing,
    long seed,
    String device,
    String precision,
    int threads) {

  /**
   * Checks every value.
   *
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public TrainingConfig {
    Objects.requireNonNull(data, "data");
    Objects.requireNonNull(architecture, "architecture");
    Objects.requireNonNull(optimizer, "optimizer");
    Objects.requireNonNull(schedule, "schedule");
    device = Objects.requireNonNullElse(device, "auto");
    precision = Objects.requireNonNullElse(precision, "f32");
    Require.atLeast("epochs", epochs, 1);
    Require.atLeast("batchSize", batchSize, 1);
    Require.within("labelSmoothing", labelSmoothing, 0, 1);
    Require.atLeast("threads", threads, 0);
  }

  /**
   * A small convolutional network on Fashion-MNIST, without weight decay: what a member overfits,
   * the mean of the members does not, and that is what the ensemble gains.
   */
  public static TrainingConfig defaults() {
    return new TrainingConfig(
        DataConfig.of("fashion-mnist"),
        "cnnbn-16-32-128",
        8,
        128,
        new OptimizerConfig(OptimizerConfig.Kind.SGD, 0.9, true, 0),
        ScheduleConfig.oneCycle(0.2),
        0,
        0,
        "auto",
        "f32",
        0);
  }

  /** The same with other images. */
  public TrainingConfig withData(DataConfig newData) {
    return new TrainingConfig(
        newData,
        architecture,
        epochs,
        batchSize,
        optimizer,
        schedule,
        labelSmoothing,
        seed,
        device,
        precision,
        threads);
  }

  /** The same with another seed. */
  public TrainingConfig withSeed(long newSeed) {
    return new TrainingConfig(
        data,
        architecture,
        epochs,
        batchSize,
        optimizer,
        schedule,
        labelSmoothing,
        newSeed,
        device,
        precision,
        threads);
  }

  /** The same with another network. */
  public TrainingConfig withArchitecture(String newArchitecture) {
    return new TrainingConfig(
        data,
        newArchitecture,
        epochs,
        batchSize,
        optimizer,
        schedule,
        labelSmoothing,
        seed,
        device,
        precision,
        threads);
  }

  /** The same with another number of epochs. */
  public TrainingConfig withEpochs(int newEpochs) {
    return new TrainingConfig(
        data,
        architecture,
        newEpochs,
        batchSize,
        optimizer,
        schedule,
        labelSmoothing,
        seed,
        device,
        precision,
        threads);
  }

  /** The same with another optimiser and learning rate. */
  public TrainingConfig withOptimizer(OptimizerConfig newOptimizer, ScheduleConfig newSchedule) {
    return new TrainingConfig(
        data,
        architecture,
        epochs,
        batchSize,
        newOptimizer,
        newSchedule,
        labelSmoothing,
        seed,
        device,
        precision,
        threads);
  }

  /** The same with another label smoothing. */
  public TrainingConfig withLabelSmoothing(double newLabelSmoothing) {
    return new TrainingConfig(
        data,
        architecture,
        epochs,
        batchSize,
        optimizer,
        schedule,
        newLabelSmoothing,
        seed,
        device,
        precision,
        threads);
  }

  /** The same with another number of threads. */
  public TrainingConfig withThreads(int newThreads) {
    return new TrainingConfig(
        data,
        architecture,
        epochs,
        batchSize,
        optimizer,
        schedule,
        labelSmoothing,
        seed,
        device,
        precision,
        newThreads);
  }

  /** The number of threads to use: {@link #threads}, or one a processor. */
  public int threadCount() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  /** The device that is asked for, with so many threads; the caller closes it. */
  Device openDevice(int count) {
    return Device.open(DeviceKind.parse(device), count, Precision.parse(precision));
  }
}
