package io.retort.benchmarks.peers;

import io.retort.benchmarks.TrainingProblem;
import io.retort.benchmarks.TrainingStepProvider.Step;
import io.retort.nn.ImageShape;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/** Forward pass, cross-entropy, autograd, and PyTorch's own SGD. */
final class PyTorchTrainingStep implements Step {
  private final PyTorchNetwork network;
  private final SGD optimizer;
  private final Tensor images;
  private final Tensor labels;

  PyTorchTrainingStep(TrainingProblem problem, boolean channelsLast) {
    torch.set_num_threads(problem.threads());
    network = new PyTorchNetwork(problem.network(), channelsLast);
    SGDOptions options = new SGDOptions(TrainingProblem.LEARNING_RATE);
    options.momentum().put(TrainingProblem.MOMENTUM);
    optimizer = new SGD(network.parameters(), options);
    ImageShape input = problem.network().input();
    Tensor rows =
        torch
            .from_blob(
                new FloatPointer(problem.images()),
                problem.batch(),
                input.height(),
                input.width(),
                input.channels())
            .clone();
    images = PyTorchNetwork.channelsSecond(rows, channelsLast);
    long[] classes = Arrays.stream(problem.labels()).asLongStream().toArray();
    labels =
        torch
            .from_blob(
                new LongPointer(classes),
                new long[] {classes.length},
                new TensorOptions(torch.kLong()))
            .clone();
  }

  @Override
  @SuppressWarnings("try") // the scope is there to be closed: it frees every tensor made in it
  public double run() {
    try (PointerScope scope = new PointerScope()) {
      optimizer.zero_grad();
      Tensor loss = torch.cross_entropy_loss(network.logits(images), labels);
      loss.backward();
      optimizer.step();
      return loss.item_float();
    }
  }

  @Override
  public void close() {
    optimizer.close();
    network.close();
    images.close();
    labels.close();
  }
}
