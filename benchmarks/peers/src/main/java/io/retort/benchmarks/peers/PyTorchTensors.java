package io.retort.benchmarks.peers;

import io.retort.benchmarks.DistillationProblem;
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
    student = torch.from_blob(problem.student(), rows, classes);
    teachers = torch.from_blob(problem.teacher(0), problem.teachers(), rows, classes);
    labelMemory = new LongPointer(rows);
    for (long row = 0; row < rows; row++) {
      labelMemory.put(row, problem.labels().get(row));
    }
    labels = torch.from_blob(labelMemory, new long[] {rows}, new TensorOptions(torch.kLong()));
  }

  /** The mean teacher's distribution [rows, classes]; a single teacher is not averaged. */
  Tensor teacherDistribution() {
    return mean == Mean.LOGITS
        ? softmax(average(teachers))
        : average(torch.softmax(teachers.div(temperature), -1));
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

  /** Copies a tensor's values. */
  static void copy(Tensor source, FloatPointer target) {
    Pointer.memcpy(target, source.data_ptr_float(), source.numel() * Float.BYTES);
  }
}
