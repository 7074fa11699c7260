package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The {@link DistillationLoss} between networks that end in a linear layer, from what goes into
 * those layers, and the gradients on the student's: its hidden states, weights and bias. The logits
 * [rows, classes], which for a large vocabulary outweigh everything else, never exist as a whole:
 * the rows go in chunks through a workspace of a stated size.
 *
 * <p>A budget for a few hundred rows is a good one: every chunk reads all weights, and reads and
 * writes their gradient. Of each row it holds the student's logits and, besides,
 *
 * <ul>
 *   <li>for a mean of logits those of one teacher, whatever their number;
 *   <li>for a mean of probabilities those of two;
 *   <li>with standardised logits, and for a mean of probabilities with {@link SoftValue#MEAN_OF_KL}
 *       or {@link Divergence#NORMALIZED}, those of every teacher.
 * </ul>
 *
 * <p>Another budget may change the last bits, because sums over the rows are added chunk by chunk.
 *
 * <p>The matrix product is lent, for Retort has none of its own. An instance holds its workspace
 * until it is closed; threads that share it take turns.
 */
public final class LinearDistillation implements AutoCloseable {
  private final Pointer sgemm;
  private final long budget;
  private final TotalsBuffer totals = new TotalsBuffer();
  private FloatPointer workspace;
  private boolean closed;

  /**
   * An operation without a workspace: the first call allocates it.
   *
   * @param sgemm the address of {@code cblas_sgemm} of any BLAS with 32-bit integers, such as
   *     {@code Loader.addressof("cblas_sgemm")} once OpenBLAS is loaded. It is called from the
   *     pool's threads and must run on the one that calls it. An address of anything else ends the
   *     JVM
   * @param budget bytes of workspace at the most. Whether it is enough is checked by the call
   * @throws IllegalArgumentException for a null pointer and for a budget below 1
   */
  public LinearDistillation(Pointer sgemm, long budget) {
    if (Arguments.notNull("sgemm", sgemm).isNull()) {
      throw new IllegalArgumentException("sgemm must not be a null pointer");
    }
    Arguments.atLeast("budget", budget, 1);
    this.sgemm = sgemm;
    this.budget = budget;
  }

  /** Bytes of workspace at the most. */
  public long budget() {
    return budget;
  }

  /**
   * Bytes of workspace that a call uses within the budget.
   *
   * @param loss what is computed
   * @param rows at least 0
   * @param classes at least 1
   * @param teachers how many there are
   * @throws IllegalArgumentException for an argument out of its range, and for a budget that does
   *     not hold one row, with the least that does
   * @throws IllegalStateException if the loss is closed
   */
  public long workspace(DistillationLoss loss, long rows, long classes, int teachers) {
    long options = Arguments.notNull("loss", loss).optionsFor(DType.F32, null);
    long bytes;
    try {
      bytes = Retort.retort_linear_distillation_workspace(options, rows, classes, teachers, budget);
    } finally {
      Reference.reachabilityFence(loss);
    }
    if (bytes < 0) {
      Status.check(Retort.RETORT_INVALID_ARGUMENT);
    }
    return bytes;
  }

  /**
   * Computes the loss and the gradients. A row that is ignored or weighs 0 adds nothing to them. A
   * NaN in a row's hidden state stays in that row's loss and gradient; the gradients on weights and
   * bias, sums over the rows, become NaN.
   *
   * @param loss what is computed; its teachers' form must be {@link TeacherForm#LOGITS}
   * @param student the layer that learns
   * @param teachers as many rows and classes each, and any hidden size; may be null where alpha is
   *     0
   * @param labels as in {@link DistillationLoss#compute}
   * @param rowWeights as in {@link DistillationLoss#compute}
   * @param gradient receives the gradients on the student's layer; null for none
   * @param rowLoss as in {@link DistillationLoss#compute}
   * @param pool where it runs; null for the calling thread
   * @return the reduced loss and its parts
   * @throws IllegalArgumentException for an argument out of its range, before anything is written,
   *     and for a budget that does not hold the logits of one row
   * @throws RetortException if there is no memory for the workspace
   * @throws IllegalStateException if this instance, the loss or the pool is closed
   */
  public synchronized Totals compute(
      DistillationLoss loss,
      LinearLayer student,
      List<LinearLayer> teachers,
      Labels labels,
      Matrix rowWeights,
      LinearGradient gradient,
      Matrix rowLoss,
      ThreadPool pool) {
    if (closed) {
      throw new IllegalStateException("the linear distillation is closed");
    }
    // The caller's list may change meanwhile; null elements are named by the checks.
    List<LinearLayer> own = teachers == null ? null : new ArrayList<>(teachers);
    check(loss, student, own, labels, rowWeights, gradient, rowLoss);
    int count = own == null ? 0 : own.size();
    FloatPointer scratch = reserve(workspace(loss, student.rows(), student.classes(), count));
    int status;
    try (Loan layer = LinearLoan.layers("student", List.of(student));
        Loan layers = LinearLoan.layers("teacher", own);
        Loan classes = Labels.lend(labels);
        Loan weights = Matrix.read("rowWeights", rowWeights);
        Loan out = LinearLoan.gradient(gradient);
        Loan losses = Matrix.write("rowLoss", rowLoss);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          Retort.retort_linear_distillation(
              loss.optionsFor(DType.F32, labels),
              student.rows(),
              student.classes(),
              layer.address(),
              layers.address(),
              count,
              loss.teacherWeights.address,
              classes.address(),
              weights.address(),
              out.address(),
              losses.address(),
              totals.address,
              budget,
              scratch.address(),
              sgemm.address(),
              executor.address());
    } finally {
      Reference.reachabilityFence(loss);
    }
    Status.check(status);
    return totals.toTotals();
  }

  static void check(
      DistillationLoss loss,
      LinearLayer student,
      List<LinearLayer> teachers,
      Labels labels,
      Matrix rowWeights,
      LinearGradient gradient,
      Matrix rowLoss) {
    Arguments.notNull("loss", loss);
    long rows = Arguments.notNull("student", student).rows();
    if (teachers != null) {
      for (int k = 0; k < teachers.size(); k++) {
        String name = "teacher " + k;
        Arguments.notNull(name, teachers.get(k)).checkLogits(name, rows, student.classes());
      }
      loss.checkTeachers(teachers.size());
    }
    DistillationLoss.checkRows(labels, rowWeights, rows);
    if (gradient != null) {
      gradient.checkLike(student);
    }
    DistillationLoss.checkVector("rowLoss", rowLoss, rows);
  }

  private FloatPointer reserve(long bytes) {
    long floats = Math.max(1, bytes / Float.BYTES);
    if (workspace == null || workspace.capacity() < floats) {
      free();
      try {
        workspace = new FloatPointer(floats);
      } catch (OutOfMemoryError failure) {
        throw new RetortException("no memory for a workspace of " + bytes + " bytes", failure);
      }
    }
    return workspace;
  }

  private void free() {
    if (workspace != null) {
      workspace.close();
      workspace = null;
    }
  }

  /** Frees the workspace. Closing twice is no error. */
  @Override
  public synchronized void close() {
    closed = true;
    free();
  }
}
