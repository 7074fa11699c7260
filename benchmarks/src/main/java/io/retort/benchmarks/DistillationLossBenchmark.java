package io.retort.benchmarks;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Mean;
import io.retort.kernels.Members;
import io.retort.kernels.ThreadPool;
import io.retort.kernels.Totals;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The distillation loss with its gradient, beside a copy of as many bytes by the same threads.
 *
 * <p>Model bytes are what the operation must move at the least: the student and K teachers read once, the
 * gradient written once, (K + 2) * rows * classes * 4. The rows are as many as make those bytes {@link
 * #MODEL_BYTES}, far more than any cache holds, so every sweep starts cold. The copy reads half of the
 * bytes and writes the other half.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgs = "-Dorg.bytedeco.javacpp.maxBytes=4G")
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class DistillationLossBenchmark {
  /** Bytes one call moves, about. */
  static final long MODEL_BYTES = 256L << 20;

  /** Classes of the logits. */
  @Param({"10", "100", "1000", "10000", "32000", "128256"})
  public int classes;

  /** Number of teachers, K. */
  @Param({"1", "4", "16"})
  public int teachers;

  /** How the teachers become one. */
  @Param({"LOGITS", "PROBABILITIES"})
  public Mean mean;

  /** Threads that work. */
  @Param("1")
  public int threads;

  private long elements;
  private FloatPointer logits;
  private IntPointer labels;
  private Matrix student;
  private Members members;
  private Labels classOfRow;
  private Matrix gradient;
  private DistillationLoss loss;
  private ThreadPool pool;
  private CopyThreads copy;

  /** Rows whose model bytes come nearest to {@link #MODEL_BYTES}. */
  static long rows(int classes, int teachers) {
    return Math.max(1, MODEL_BYTES / (4L * classes * (teachers + 2)));
  }

  /** Bytes that the operation must move for these rows. */
  static long modelBytes(int classes, int teachers) {
    return rows(classes, teachers) * classes * 4L * (teachers + 2);
  }

  /** Logits as a trained network gives them: a few units apart, without pattern. */
  @Setup(Level.Trial)
  public void allocate() {
    long rows = rows(classes, teachers);
    elements = rows * classes;
    logits = new FloatPointer(elements * (teachers + 2));
    NormalLogits.fill(logits, 42);
    student = matrix(0, rows);
    Matrix[] matrices = new Matrix[teachers];
    for (int k = 0; k < teachers; k++) {
      matrices[k] = matrix(k + 1, rows);
    }
    members = Members.of(matrices);
    gradient = matrix(teachers + 1, rows);
    labels = new IntPointer(rows);
    for (long row = 0; row < rows; row++) {
      labels.put(row, (int) (row % classes));
    }
    classOfRow = Labels.of(labels);
    loss = DistillationLoss.builder().temperature(4).alpha(0.9f).mean(mean).build();
    pool = new ThreadPool(threads);
    copy = new CopyThreads(threads);
  }

  private Matrix matrix(int index, long rows) {
    FloatPointer start = logits.getPointer(index * elements);
    return Matrix.of(start.capacity(elements), rows, classes);
  }

  /** The fused loss and gradient. */
  @Benchmark
  public Totals distillationLoss() {
    return loss.compute(student, members, classOfRow, null, gradient, null, pool);
  }

  /** As many bytes moved by memcpy, half read and half written. */
  @Benchmark
  public void copy() {
    copy.copyFirstHalfToSecond(logits);
  }

  /** Frees what {@link #allocate} took. */
  @TearDown(Level.Trial)
  public void free() {
    copy.close();
    pool.close();
    loss.close();
    labels.close();
    logits.close();
  }
}
