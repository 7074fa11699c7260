package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import io.retort.kernels.binding.cuda.RetortCuda;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * The operations of {@link Softmax}, {@link EnsembleMean}, {@link DistillationLoss} and {@link
 * LinearDistillation} on the current CUDA device.
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

  /**
   * Whether a budget of so many bytes holds the matrices of logits of one row.
   *
   * @param loss what is computed
   * @param student the layer that learns
   * @param teachers how many there are
   * @param budget in bytes
   * @return also false where another argument is out of its range
   * @throws IllegalStateException if the loss is closed
   */
  public static boolean holdsRow(
      DistillationLoss loss, LinearLayer student, int teachers, long budget) {
    return linearWorkspace(loss, student, teachers, budget, false) >= 0;
  }

  /**
   * Bytes of workspace that {@link #linearDistillation} uses with a budget of so many bytes for the
   * matrices of logits of a chunk of rows.
   *
   * @param loss what is computed
   * @param student the layer that learns
   * @param teachers how many there are
   * @param budget in bytes
   * @param overlaps whether the call has a second stream, and so the matrices of two chunks
   * @throws IllegalArgumentException for an argument out of its range, and for a budget that does
   *     not hold one row, with the least that does
   * @throws IllegalStateException if the loss is closed
   */
  public static long linearWorkspaceBytes(
      DistillationLoss loss, LinearLayer student, int teachers, long budget, boolean overlaps) {
    long bytes = linearWorkspace(loss, student, teachers, budget, overlaps);
    if (bytes < 0) {
      CudaLibrary.check(Retort.RETORT_INVALID_ARGUMENT);
    }
    return bytes;
  }

  /** As its function gives it: -1, with a message, for an argument out of its range. */
  private static long linearWorkspace(
      DistillationLoss loss, LinearLayer student, int teachers, long budget, boolean overlaps) {
    Arguments.notNull("student", student);
    long options = Arguments.notNull("loss", loss).optionsFor(student.hidden().dtype(), null);
    try {
      return RetortCuda.retort_cuda_linear_distillation_workspace(
          options,
          student.rows(),
          student.classes(),
          student.hidden().columns(),
          teachers,
          budget,
          overlaps ? 1 : 0);
    } finally {
      Reference.reachabilityFence(loss);
    }
  }

  /**
   * Computes the loss between networks that end in a linear layer, and the gradients on the
   * student's; shapes and nulls are as in {@link LinearDistillation#compute}.
   *
   * @param totals where the device writes the {@code retort_distillation_totals}
   * @param budget bytes of a chunk's logits at the most. What it makes of the chunks decides bits
   *     of the gradients on weights and bias, which add them up
   * @param workspace {@link #linearWorkspaceBytes} of the device for these layers, this budget and
   *     whether there is a second stream, aligned to 16
   * @param cublas set to {@code stream}
   * @param overlap a second stream for the next chunk's logits; null for one stream. No bit depends
   *     on it
   * @param stream where the rest runs, and all of it without a second one
   * @throws IllegalStateException if the loss or the second stream is closed
   */
  public static void linearDistillation(
      DistillationLoss loss,
      LinearLayer student,
      List<LinearLayer> teachers,
      Labels labels,
      Matrix rowWeights,
      LinearGradient gradient,
      Matrix rowLoss,
      Pointer totals,
      long budget,
      Pointer workspace,
      LentCublas cublas,
      CudaOverlap overlap,
      Pointer stream) {
    List<LinearLayer> own = teachers == null ? null : new ArrayList<>(teachers);
    LinearDistillation.check(loss, student, own, labels, rowWeights, gradient, rowLoss);
    Arguments.notNull("totals", totals);
    Arguments.notNull("workspace", workspace);
    Arguments.notNull("cublas", cublas);
    int status;
    try (Loan layer = LinearLoan.layers("student", List.of(student));
        Loan layers = LinearLoan.layers("teacher", own);
        Loan classes = Labels.lend(labels);
        Loan weights = Matrix.read("rowWeights", rowWeights);
        Loan out = LinearLoan.gradient(gradient);
        Loan losses = Matrix.write("rowLoss", rowLoss)) {
      status =
          RetortCuda.retort_cuda_linear_distillation(
              loss.optionsFor(student.hidden().dtype(), labels),
              student.rows(),
              student.classes(),
              layer.address(),
              layers.address(),
              own == null ? 0 : own.size(),
              loss.teacherWeights.address,
              classes.address(),
              weights.address(),
              out.address(),
              losses.address(),
              address(totals),
              budget,
              address(workspace),
              cublas.struct().address(),
              overlap == null ? 0 : overlap.address(),
              address(stream));
    } finally {
      Reference.reachabilityFence(loss);
      Reference.reachabilityFence(cublas);
      Reference.reachabilityFence(overlap);
    }
    CudaLibrary.check(status);
  }

  private static long address(Pointer pointer) {
    return pointer == null ? 0 : pointer.address();
  }
}
