package io.retort.benchmarks.peers;

import io.retort.benchmarks.TrainingNetwork;
import io.retort.benchmarks.TrainingNetwork.InitialParameter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Retort's networks in PyTorch's functions, with Retort's names and first values of the parameters.
 */
final class PyTorchNetwork implements AutoCloseable {
  private static final double NORM_MOMENTUM = 0.1;
  private static final double NORM_EPSILON = 1e-5;
  private static final TensorOptional NONE = new TensorOptional();

  private final TrainingNetwork network;
  private final Map<String, Tensor> parameters = new LinkedHashMap<>();
  private final Map<String, TensorOptional> biases = new LinkedHashMap<>();
  private final Map<String, Norm> norms = new LinkedHashMap<>();

  /** A batch normalisation's tensors in the form that the function takes. */
  private record Norm(
      TensorOptional scale, TensorOptional shift, TensorOptional mean, TensorOptional variance) {}

  PyTorchNetwork(TrainingNetwork network, boolean channelsLast) {
    this.network = network;
    for (InitialParameter initial : network.initialParameters()) {
      try (FloatPointer values = new FloatPointer(initial.values())) {
        Tensor tensor = torch.from_blob(values, initial.shape()).clone();
        if (initial.shape().length == 4) {
          tensor = channelsSecond(tensor, channelsLast);
        }
        parameters.put(initial.name(), tensor.set_requires_grad(true));
      }
    }
    parameters.forEach(this::wrap);
  }

  private void wrap(String name, Tensor tensor) {
    String layer = name.substring(0, name.lastIndexOf('.'));
    if (name.endsWith(".bias")) {
      biases.put(layer, new TensorOptional(tensor));
    } else if (name.endsWith(".scale")) {
      norms.put(
          layer,
          new Norm(
              new TensorOptional(tensor),
              new TensorOptional(parameters.get(layer + ".shift")),
              new TensorOptional(torch.zeros(tensor.size(0))),
              new TensorOptional(torch.ones(tensor.size(0)))));
    }
  }

  /**
   * The same values with the channels as second dimension; in memory they stay last if asked for.
   */
  static Tensor channelsSecond(Tensor channelsLast, boolean stayLast) {
    Tensor permuted = channelsLast.permute(0, 3, 1, 2);
    return stayLast ? permuted : permuted.contiguous();
  }

  /** What an optimiser changes. */
  TensorVector parameters() {
    return new TensorVector(parameters.values().toArray(new Tensor[0]));
  }

  /** The logits of images [rows, channels, height, width]. */
  Tensor logits(Tensor images) {
    return switch (network) {
      case CNNBN -> convolutionalLogits(images);
      case WRN -> wideResidualLogits(images);
    };
  }

  private Tensor convolutionalLogits(Tensor images) {
    Tensor x = images;
    for (int i = 1; i <= 2; i++) {
      x = normRelu("norm" + i, convolution("conv" + i, x, 1));
      x = torch.max_pool2d(x, 2, 2);
    }
    // Retort's rows are channels last, and so are the hidden layer's weights
    Tensor flat = x.permute(0, 2, 3, 1).reshape(x.size(0), -1);
    return linear("classifier", normRelu("norm3", linear("hidden", flat)));
  }

  private Tensor wideResidualLogits(Tensor images) {
    Tensor x = convolution("conv1", images, 1);
    for (int stage = 1; stage <= 3; stage++) {
      for (int block = 1; block <= 2; block++) {
        x = block("stage" + stage + ".block" + block, x, stage > 1 && block == 1 ? 2 : 1);
      }
    }
    Tensor pooled = torch.adaptive_avg_pool2d(normRelu("norm", x), 1, 1);
    return linear("classifier", pooled.reshape(x.size(0), -1));
  }

  private Tensor block(String name, Tensor input, int stride) {
    Tensor activated = normRelu(name + ".norm1", input);
    Tensor x = convolution(name + ".conv1", activated, stride);
    x = convolution(name + ".conv2", normRelu(name + ".norm2", x), 1);
    String shortcut = name + ".shortcut.conv";
    boolean identity = !parameters.containsKey(shortcut + ".weights");
    return x.add(identity ? input : convolution(shortcut, activated, stride));
  }

  private Tensor convolution(String name, Tensor input, int stride) {
    Tensor weights = parameters.get(name + ".weights");
    long padding = (weights.size(2) - 1) / 2;
    return torch.conv2d(
        input,
        weights,
        NONE,
        new long[] {stride, stride},
        new long[] {padding, padding},
        new long[] {1, 1},
        1);
  }

  private Tensor normRelu(String name, Tensor input) {
    Norm norm = norms.get(name);
    return torch.relu_(
        torch.batch_norm(
            input,
            norm.scale,
            norm.shift,
            norm.mean,
            norm.variance,
            true,
            NORM_MOMENTUM,
            NORM_EPSILON,
            false));
  }

  private Tensor linear(String name, Tensor input) {
    return torch.linear(input, parameters.get(name + ".weights"), biases.getOrDefault(name, NONE));
  }

  @Override
  public void close() {
    parameters.values().forEach(Tensor::close);
  }
}
