package io.retort.benchmarks;

import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import org.bytedeco.javacpp.IntPointer;

/**
 * The problem that every provider solves: logits of one student and K teachers, labels, and room
 * for the gradient, in one block of native memory.
 *
 * <p>Model bytes are what any implementation must move at the least: the student and K teachers
 * read once, the gradient written once, (K + 2) * rows * classes elements. The rows are as many as
 * make about the bytes asked for; take those far above every cache, so that each sweep starts cold.
 */
public final class DistillationProblem implements AutoCloseable {
  /** The temperature T of the loss. */
  public static final float TEMPERATURE = 4;

  /** The weight of the teachers in the loss. */
  public static final float ALPHA = 0.9f;

  private final long rows;
  private final int classes;
  private final int teachers;
  private final DType dtype;
  private final Mean mean;
  private final int threads;
  private final TypedMemory memory;
  private final IntPointer labels;

  /**
   * Allocates and fills a problem.
   *
   * @param classes classes of the logits
   * @param teachers number of teachers, K
   * @param dtype type of the logits and of the gradient
   * @param mean how the teachers become one
   * @param threads threads a provider may use
   * @param modelBytes bytes that the rows shall come nearest to from below; one row at the least
   */
  public DistillationProblem(
      int classes, int teachers, DType dtype, Mean mean, int threads, long modelBytes) {
    this.rows = rows(classes, teachers, dtype, modelBytes);
    this.classes = classes;
    this.teachers = teachers;
    this.dtype = dtype;
    this.mean = mean;
    this.threads = threads;
    memory = TypedMemory.allocate(dtype, elements() * (teachers + 2));
    NormalLogits.fill(memory, 42);
    labels = new IntPointer(rows);
    for (long row = 0; row < rows; row++) {
      labels.put(row, (int) (row % classes));
    }
  }

  static long rows(int classes, int teachers, DType dtype, long modelBytes) {
    return Math.max(1, modelBytes / bytesOfRow(classes, teachers, dtype));
  }

  static long bytesOfRow(int classes, int teachers, DType dtype) {
    return (long) dtype.bytes() * classes * (teachers + 2);
  }

  /** Rows of the logits. */
  public long rows() {
    return rows;
  }

  /** Classes of the logits. */
  public int classes() {
    return classes;
  }

  /** Number of teachers, K. */
  public int teachers() {
    return teachers;
  }

  /** Type of the logits and of the gradient. */
  public DType dtype() {
    return dtype;
  }

  /** How the teachers become one. */
  public Mean mean() {
    return mean;
  }

  /** Threads a provider may use. */
  public int threads() {
    return threads;
  }

  /** Elements of one matrix, rows * classes. */
  public long elements() {
    return rows * classes;
  }

  /** The student's logits [rows, classes]. */
  public TypedMemory student() {
    return matrix(0);
  }

  /** The logits [rows, classes] of teacher {@code k}; the next teacher's follow without a gap. */
  public TypedMemory teacher(int k) {
    return matrix(1 + k);
  }

  /** Room for the gradient [rows, classes] of the mean loss on the student's logits. */
  public TypedMemory gradient() {
    return matrix(teachers + 1);
  }

  /** One label a row. */
  public IntPointer labels() {
    return labels;
  }

  private TypedMemory matrix(int index) {
    return memory.slice(index * elements(), elements());
  }

  @Override
  public void close() {
    memory.close();
    labels.close();
  }
}
