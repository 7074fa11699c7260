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
 * The textbook expression in eager PyTorch, with its gradient by autograd; student and teachers are
 * {@code logits.float()}, which changes nothing in f32:
 *
 * <pre>
 *   p = softmax(teachers / T, -1).mean(0)          or  softmax(teachers.mean(0) / T, -1)
 *   loss = kl_div(log_softmax(student / T, -1), p, reduction="batchmean") * (alpha * T * T)
 *        + cross_entropy(student, labels) * (1 - alpha)
 *   loss.backward()
 * </pre>
 */
public final class PyTorchAutogradProvider implements DistillationLossProvider {
  /** {@code at::Reduction::Sum}. */
  private static final int SUM = 2;

  @Override
  public String name() {
    return "pytorch-autograd";
  }

  @Override
  public boolean supports(DType dtype) {
    return true;
  }

  @Override
  public Step prepare(DistillationProblem problem) {
    return new AutogradStep(problem);
  }

  private static final class AutogradStep implements Step {
    private final PyTorchTensors tensors;
    private final Scalar softWeight;
    private final Scalar hardWeight;
    private double loss;

    private AutogradStep(DistillationProblem problem) {
      tensors = new PyTorchTensors(problem);
      tensors.student.set_requires_grad(true);
      float temperature = DistillationProblem.TEMPERATURE;
      softWeight =
          new Scalar(DistillationProblem.ALPHA * temperature * temperature / problem.rows());
      hardWeight = new Scalar(1 - DistillationProblem.ALPHA);
    }

    @Override
    @SuppressWarnings("try") // the scope is there to be closed: it frees every tensor made in it
    public void run() {
      try (PointerScope scope = new PointerScope()) {
        tensors.student.mutable_grad().reset();
        Tensor student = PyTorchTensors.single(tensors.student);
        Tensor soft =
            torch.kl_div(tensors.logSoftmax(student), tensors.teacherDistribution(), SUM, false);
        Tensor hard = torch.cross_entropy_loss(student, tensors.labels);
        Tensor total = soft.mul(softWeight).add(hard.mul(hardWeight));
        total.backward();
        loss = total.item_float();
      }
    }

    @Override
    public OptionalDouble loss() {
      return OptionalDouble.of(loss);
    }

    @Override
    public void copyGradientTo(FloatPointer target) {
      PyTorchTensors.copy(tensors.student.grad(), target);
    }

    @Override
    public void close() {
      tensors.student.mutable_grad().reset();
    }
  }
}
