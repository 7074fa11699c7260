package io.retort.kernels;

import io.retort.kernels.binding.cuda.RetortCuda;
import java.lang.ref.Reference;
import org.bytedeco.javacpp.Pointer;

/**
 * The operations of {@link Softmax}, {@link EnsembleMean} and {@link DistillationLoss} on the
 * current CUDA device.
 *
 * <p>Matrices and labels are over pointers to memory of the device. A call puts its kernels into a
 * stream and returns: it waits for nothing and reads nothing back. The stream is a {@code
 * cudaStream_t}, null for the default one; memory given to a call must stay until the stream has
 * passed it. Arguments are checked as on the CPU, but for what lies on the device: a label out of
 * range, or a row weight that is negative or not finite, makes its own row's results NaN, and with
 * them the totals.
 *
 * <p>{@link CudaLibrary#load} comes first. Every method raises {@link IllegalArgumentException} for
 * an argument out of its range, and {@link RetortException} where CUDA refuses a call.
 */
public final class CudaDistillation {
  private CudaDistillation() {}

  /** Bytes of workspace that suffice for an operation on so many rows and members. */
  public static long workspaceBytes(long rows, long members) {
    return RetortCuda.retort_cuda_workspace(rows, members);
  }

  /**
   * {@code output = softmax(logits / temperature)}.
   *
   * @param logits [rows, classes]
   * @param temperature in [1e-18, 1e18]
   * @param output [rows, classes]; may be {@code logits}
   * @param stream where it runs
   */
  public static void softmax(Matrix logits, float temperature, Matrix output, Pointer stream) {
    Arguments.notNull("logits", logits);
    Arguments.notNull("output", output).checkLike("output", logits, "logits");
    int status;
    try (Loan in = Matrix.read("logits", logits);
        Loan out = Matrix.write("output", output)) {
      status =
          RetortCuda.retort_cuda_softmax(
              logits.dtype().value,
              logits.rows(),
              logits.columns(),
              in.address(),
              logits.stride(),
              temperature,
              out.address(),
              output.stride(),
              address(stream));
    }
    CudaLibrary.check(status);
  }

  /**
   * Writes the mean of the members.
   *
   * @param mean what is averaged, and what is written
   * @param members K matrices [rows, classes]
   * @param output [rows, classes] of the members' type; may be a member
   * @param workspace {@link #workspaceBytes} of the device for 0 rows and K members, aligned to 16
   * @param stream where it runs
   */
  public static void ensembleMean(
      EnsembleMean mean, Members members, Matrix output, Pointer workspace, Pointer stream) {
    Arguments.notNull("mean", mean).check(members, output);
    int status;
    try (Loan in = Members.read("members", members);
        Loan out = Matrix.write("output", output)) {
      status =
          RetortCuda.retort_cuda_ensemble_mean(
              mean.optionsFor(output.dtype()),
              members.rows(),
              members.columns(),
              in.address(),
              members.count(),
              members.stride(),
              out.address(),
              output.stride(),
              address(workspace),
              address(stream));
    } finally {
      Reference.reachabilityFence(mean);
    }
    CudaLibrary.check(status);
  }

  /**
   * Computes the loss and its gradient; shapes and nulls are as in {@link
   * DistillationLoss#compute}.
   *
   * @param totals where the device writes the {@code retort_distillation_totals}
   * @param workspace {@link #workspaceBytes} of the device for these rows and teachers, aligned to
   *     16
   * @param stream where it runs
   * @throws IllegalStateException if the loss is closed
   */
  public static void distillationLoss(
      DistillationLoss loss,
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss,
      Pointer totals,
      Pointer workspace,
      Pointer stream) {
    Arguments.notNull("loss", loss).check(student, teachers, labels, rowWeights, gradient, rowLoss);
    Arguments.notNull("totals", totals);
    Arguments.notNull("workspace", workspace);
    int status;
    try (Loan in = Matrix.read("student", student);
        Loan members = Members.read("teachers", teachers);
        Loan classes = Labels.lend(labels);
        Loan weights = Matrix.read("rowWeights", rowWeights);
        Loan out = Matrix.write("gradient", gradient);
        Loan losses = Matrix.write("rowLoss", rowLoss)) {
      status =
          RetortCuda.retort_cuda_distillation_loss(
              loss.optionsFor(student.dtype(), labels),
              student.rows(),
              student.columns(),
              in.address(),
              student.stride(),
              members.address(),
              Members.count(teachers),
              Members.stride(teachers),
              loss.teacherWeights.address,
              classes.address(),
              weights.address(),
              out.address(),
              Matrix.stride(gradient),
              losses.address(),
              address(totals),
              address(workspace),
              address(stream));
    } finally {
      Reference.reachabilityFence(loss);
    }
    CudaLibrary.check(status);
  }

  private static long address(Pointer pointer) {
    return pointer == null ? 0 : pointer.address();
  }
}
