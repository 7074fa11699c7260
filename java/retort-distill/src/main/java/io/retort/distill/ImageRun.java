package io.retort.distill;

import io.retort.nn.DeviceKind;
import java.io.IOException;
import java.util.List;

/**
 * A run whose stages are networks that learn from images: trains them as plans say, and lets the
 * finished ones be judged.
 */
public final class ImageRun {

  /**
   * On a GPU. A small network is a chain of short kernels, each of which leaves most of a GPU idle
   * and is over before the host has launched the next: some chains at once fill both gaps, until
   * the host, which launches them all, is what they wait for. Where that is has not been measured.
   */
  private static final int AT_A_TIME_ON_CUDA = 4;

  private final RunDirectory directory;
  private final RunData data;
  private final TrainingConfig training;

  ImageRun(RunDirectory directory, RunData data, TrainingConfig training) {
    this.directory = directory;
    this.data = data;
    this.training = training;
  }

  /**
   * Reads the images.
   *
   * @param directory where everything is written
   * @param training which images, on which device and with how many threads
   * @throws IOException if the images cannot be read
   */
  public static ImageRun open(RunDirectory directory, TrainingConfig training) throws IOException {
    return new ImageRun(directory, RunData.open(training.data()), training);
  }

  RunData data() {
    return data;
  }

  /** Steps of all epochs of a training. */
  public long steps(TrainingConfig config) {
    return data.steps(config);
  }

  /**
   * Brings the network of every plan to its checkpoint, or goes on where the directory shows that
   * the run was stopped, with the same bits as if it had not been.
   *
   * @param config of the whole run, which is written to the directory, or compared with what is
   *     there
   * @param plans each after its teachers
   * @param parallelModels how many networks train at the same time, each on a device of its own
   *     with its share of the threads, which on a GPU is a stream of its own; 0 for what suits the
   *     device: as many as there are threads, and on a GPU up to four
   * @param progress is told after every step
   * @param interruption asks to stop
   * @throws RunConflictException if the directory holds a run with another configuration
   * @throws InterruptedRunException once the interruption was requested and every network that was
   *     in training has its state on the disk
   * @throws IOException if files of the run cannot be read or written
   */
  public void train(
      Record config,
      List<ModelPlan> plans,
      int parallelModels,
      Progress progress,
      Interruption interruption)
      throws IOException {
    long[] steps = plans.stream().mapToLong(plan -> steps(plan.config())).toArray();
    directory.begin(config);
    RunProgress runProgress = new RunProgress(progress, plans, steps);
    ModelTraining work = new ModelTraining(directory, data, runProgress, training.threadCount());
    int atATime = parallelModels > 0 ? parallelModels : suitingTheDevice();
    Stages.run(plans, work::isFinished, atATime, work::train, interruption);
    directory.orderMetrics(plans.stream().map(ModelPlan::name).toList());
  }

  /**
   * On the CPU one a thread: two networks of a thread each are done sooner than one after the other
   * on two, because nothing in them waits for another thread.
   */
  private int suitingTheDevice() {
    int threads = training.threadCount();
    boolean cuda = DeviceKind.parse(training.device()).resolve() == DeviceKind.CUDA;
    return cuda ? Math.min(AT_A_TIME_ON_CUDA, threads) : threads;
  }

  /** The networks that are finished; the caller closes it. */
  public FinishedModels finished(Interruption interruption) {
    return new FinishedModels(directory, data, training, interruption);
  }
}
