package io.retort.benchmarks.peers;

import io.retort.benchmarks.DistillationProblem;
import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;

/**
 * A problem as PyTorch's tensors over the same memory; labels are copied, for PyTorch wants them 64
 * bits wide.
 */
final class PyTorchTensors {
  /** The student's logits [rows, classes]. */
  final Tensor student;

  /** Every teacher's logits [teachers, rows, classes]. */
  final Tensor teachers;

  /** Labels [rows]. */
  final Tensor labels;

  private final Mean mean;
  private final Scalar temperature = new Scalar(DistillationProblem.TEMPERATURE);

  /** Keeps the labels' memory, which the tensor does not own. */
  private final LongPointer labelMemory;

  PyTorchTensors(DistillationProblem problem) {
    torch.set_num_threads(problem.threads());
    mean = problem.mean();
    long rows = problem.rows();
    long classes = problem.classes();
    TensorOptions type = new TensorOptions(scalarType(problem.dtype()));
    student = torch.from_blob(problem.student().pointer(), new long[] {rows, classes}, type);
    teachers =
        torch.from_blob(
            problem.teacher(0).pointer(), new long[] {problem.teachers(), rows, classes}, type);
    labelMemory = new LongPointer(rows);
    for (long row = 0; row < rows; row++) {
      labelMemory.put(row, problem.labels().get(row));
    }
    labels = torch.from_blob(labelMemory, new long[] {rows}, new TensorOptions(torch.kLong()));
  }

  private static torch.ScalarType scalarType(DType dtype) {
    return switch (dtype) {
      case F32 -> torch.kFloat();
      case F16 -> torch.kHalf();
      case BF16 -> torch.kBFloat16();
    };
  }

  /** {@code tensor.float()}: the tensor itself where it is single precision already. */
  static Tensor single(Tensor tensor) {
    return tensor.toType(torch.kFloat());
  }

  /**
   * The mean teacher's distribution [rows, classes] in single precision; a single teacher is not
   * averaged.
   */
  Tensor teacherDistribution() {
    Tensor logits = single(teachers);
    return mean == Mean.LOGITS ? softmax(average(logits)) : average(softmax(logits));
  }

  /** The softmax at the problem's temperature. */
  Tensor softmax(Tensor logits) {
    return torch.softmax(logits.div(temperature), -1);
  }

  /** The same, written into {@code output}. */
  void softmaxInto(Tensor output, Tensor logits) {
    torch.softmax_out(output, logits.div(temperature), -1);
  }

  /** Its logarithm. */
  Tensor logSoftmax(Tensor logits) {
    return torch.log_softmax(logits.div(temperature), -1);
  }

  private static Tensor average(Tensor tensor) {
    return tensor.size(0) == 1 ? tensor.squeeze(0) : tensor.mean(0);
  }

  /** Copies a tensor's values as floats. */
  static void copy(Tensor source, FloatPointer target) {
    try (Tensor values = single(source)) {
      Pointer.memcpy(target, values.data_ptr_float(), values.numel() * Float.BYTES);
    }
  }
}
