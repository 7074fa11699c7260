package example;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;

/** A layer of PyTorch learns by Retort's loss over its own memory, with autograd's gradient. */
public final class Distil {
  public static void main(String[] arguments) {
    torch.manual_seed(1);
    Tensor inputs = torch.randn(64, 20);
    Tensor teacher = torch.randn(64, 10);
    Tensor labels = torch.randint(10, new long[] {64}).to(torch.ScalarType.Long);
    LinearImpl layer = new LinearImpl(20, 10);
    try (DistillationLoss loss = DistillationLoss.builder().temperature(4).alpha(0.9f).build()) {
      double before = backward(loss, layer.forward(inputs), teacher, labels);
      Tensor gradient = layer.weight().grad().clone();
      layer.zero_grad(true);
      autograd(layer.forward(inputs), teacher, labels).backward();
      float error = gradient.sub(layer.weight().grad()).abs().max().item_float();
      layer.weight().set_data(layer.weight().sub(gradient));
      double after = backward(loss, layer.forward(inputs), teacher, labels);
      System.out.printf("loss %.6f, then %.6f; gradient off by %.1e%n", before, after, error);
      System.exit(after < before && error < 1e-6 ? 0 : 1);
    }
  }

  /** Computes the loss with its gradient in one call, and hands the gradient back to PyTorch. */
  static double backward(DistillationLoss loss, Tensor logits, Tensor teacher, Tensor labels) {
    Tensor gradient = torch.empty_like(logits);
    Matrix out = matrix(gradient);
    Members teachers = Members.of(matrix(teacher));
    Labels classes = Labels.of(labels.data_ptr_long().capacity(labels.numel()));
    var totals = loss.compute(matrix(logits), teachers, classes, null, out, null, null);
    logits.backward(gradient, new BoolOptional(), false, new TensorArrayRefOptional());
    return totals.total();
  }

  /** A contiguous tensor's memory as a matrix, valid while the tensor is. */
  static Matrix matrix(Tensor t) {
    return Matrix.of(t.data_ptr_float().capacity(t.numel()), t.size(0), t.size(1));
  }

  /** The same loss in PyTorch's functions, less the teacher's entropy, which has no gradient. */
  static Tensor autograd(Tensor logits, Tensor teacher, Tensor labels) {
    Tensor p = torch.softmax(teacher.div(new Scalar(4)), 1);
    Tensor soft = torch.cross_entropy_loss(logits.div(new Scalar(4)), p).mul(new Scalar(0.9 * 16));
    return soft.add(torch.cross_entropy_loss(logits, labels).mul(new Scalar(0.1)));
  }
}
