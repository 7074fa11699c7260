package io.retort.benchmarks.peers;

import io.retort.benchmarks.DistillationLossProvider;
import io.retort.benchmarks.DistillationProblem;
import io.retort.kernels.DType;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The fastest that eager PyTorch is written by hand: the gradient's closed form, written into one
 * tensor that is kept, without autograd and without the loss itself. It is computed in single
 * precision, as by {@code logits.float()}, and copied into a kept tensor of a narrower type:
 *
 * <pre>
 *   gradient = (softmax(student / T) - p) * (alpha * T) + (softmax(student) - onehot(labels)) * (1 - alpha)
 * </pre>
 */
public final class PyTorchGradientProvider implements DistillationLossProvider {
  @Override
  public String name() {
    return "pytorch-gradient";
  }

  @Override
  public boolean supports(DType dtype) {
    return true;
  }

  @Override
  public Step prepare(DistillationProblem problem) {
    return new GradientStep(problem);
  }

  private static final class GradientStep implements Step {
    private final PyTorchTensors tensors;
    private final Scalar softWeight;
    private final Scalar hardWeight;
    private final Tensor labelColumn;
    private final Tensor minusHardWeights;
    private final Tensor gradient;

    /** The same in single precision; the tensor itself where that is its type. */
    private final Tensor computed;

    private GradientStep(DistillationProblem problem) {
      tensors = new PyTorchTensors(problem);
      float rows = problem.rows();
      float hard = (1 - DistillationProblem.ALPHA) / rows;
      softWeight = new Scalar(DistillationProblem.ALPHA * DistillationProblem.TEMPERATURE / rows);
      hardWeight = new Scalar(hard);
      gradient = torch.empty_like(tensors.student);
      computed = PyTorchTensors.single(gradient);
      labelColumn = tensors.labels.unsqueeze(1);
      minusHardWeights = torch.full(new long[] {problem.rows(), 1}, new Scalar(-hard));
    }

    @Override
    @SuppressWarnings("try") // the scope is there to be closed: it frees every tensor made in it
    public void run() {
      try (PointerScope scope = new PointerScope()) {
        Tensor student = PyTorchTensors.single(tensors.student);
        tensors.softmaxInto(computed, student);
        computed.sub_(tensors.teacherDistribution()).mul_(softWeight);
        computed.add_(torch.softmax(student, -1), hardWeight);
        computed.scatter_add_(1, labelColumn, minusHardWeights);
        gradient.copy_(computed); // nothing where the two are one
      }
    }

    @Override
    public OptionalDouble loss() {
      return OptionalDouble.empty();
    }

    @Override
    public void copyGradientTo(FloatPointer target) {
      PyTorchTensors.copy(gradient, target);
    }

    @Override
    public void close() {
      computed.close();
      gradient.close();
    }
  }
}
