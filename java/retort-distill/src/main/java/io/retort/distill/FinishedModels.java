package io.retort.distill;

import io.retort.distill.targets.ClassSimilarity;
import io.retort.kernels.Output;
import io.retort.nn.Device;
import java.io.IOException;
import java.util.List;

/**
 * What the finished networks of an {@link ImageRun} say of its images, each alone and as a mean.
 */
public final class FinishedModels implements AutoCloseable {

  private final RunDirectory directory;
  private final RunData data;
  private final TrainingConfig training;
  private final Interruption interruption;
  private final TeacherLogits ofTrainingImages;
  private final Device device;

  FinishedModels(
      RunDirectory directory, RunData data, TrainingConfig training, Interruption interruption) {
    this.directory = directory;
    this.data = data;
    this.training = training;
    this.interruption = interruption;
    this.ofTrainingImages = new TeacherLogits(directory, data);
    this.device = training.openDevice(training.threads());
  }

  /** How many classes there are. */
  public int classes() {
    return data.classes();
  }

  /** The classes of the training images. */
  public int[] trainLabels() {
    return RunData.labels(data.train());
  }

  /** The classes of the test images. */
  public int[] testLabels() {
    return RunData.labels(data.test());
  }

  /**
   * A model on the test images.
   *
   * @throws IOException if its checkpoint cannot be read
   */
  public TestLogits test(String name) throws IOException {
    return TestLogits.of(file(name), data.test(), device, interruption);
  }

  /**
   * Logits of models on the training images as they are, each row-major [images, classes]; not to
   * be written.
   *
   * @throws IOException if a checkpoint cannot be read
   */
  public List<float[]> train(List<String> names) throws IOException {
    return ofTrainingImages.of(names, device, training.batchSize(), interruption);
  }

  /**
   * How alike the classes are by the weights of a model's last layer.
   *
   * @throws IOException if its checkpoint cannot be read
   */
  public ClassSimilarity classSimilarity(String name) throws IOException {
    return file(name).classSimilarity();
  }

  /**
   * The mean of models, as logits.
   *
   * @param members logits, each row-major [images, classes]
   * @return row-major [images, classes]
   */
  public float[] mean(List<float[]> members, MeanKind mean) {
    return mean(members, mean, 1, Output.LOGITS);
  }

  float[] mean(List<float[]> members, MeanKind mean, double temperature, Output output) {
    return Ensemble.mean(device, members, data.classes(), mean, temperature, output);
  }

  private ModelFile file(String name) throws IOException {
    return ModelFile.read(directory.checkpoint(name));
  }

  /** Closes the device that the models run on. */
  @Override
  public void close() {
    device.close();
  }
}
