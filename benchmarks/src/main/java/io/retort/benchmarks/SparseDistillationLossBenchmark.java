package io.retort.benchmarks;

import io.retort.kernels.Indices;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Output;
import io.retort.kernels.SparseDistillationLoss;
import io.retort.kernels.SparseTeacher;
import io.retort.kernels.Tail;
import io.retort.kernels.ThreadPool;
import io.retort.kernels.TopK;
import io.retort.kernels.Totals;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The sparse distillation loss of one teacher with its gradient and a hard part. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgs = "-Dorg.bytedeco.javacpp.maxBytes=8G")
public class SparseDistillationLossBenchmark {
  private static final float TEMPERATURE = 2;

  /** Classes of the logits. */
  @Param("32000")
  public int classes;

  /** Classes that the teacher lists of each row, k. */
  @Param("64")
  public int entries;

  /** What is made of the others. */
  @Param("BIN")
  public Tail tail;

  /** Threads that work. */
  @Param("1")
  public int threads;

  /** Rows of the logits. */
  @Param("1000")
  public long rows;

  private FloatPointer student;
  private FloatPointer gradient;
  private FloatPointer values;
  private IntPointer indices;
  private IntPointer labels;
  private SparseDistillationLoss loss;
  private ThreadPool pool;

  /** What any implementation must move of a row. */
  static long bytesOfRow(int classes, int entries) {
    return 2L * Float.BYTES * classes + (long) (Integer.BYTES + Float.BYTES) * entries;
  }

  /** Lists the largest classes of other logits than the student's. */
  @Setup(Level.Trial)
  public void prepare() {
    student = new FloatPointer(rows * classes);
    gradient = new FloatPointer(rows * classes);
    values = new FloatPointer(rows * entries);
    indices = new IntPointer(rows * entries);
    labels = new IntPointer(rows);
    for (long row = 0; row < rows; row++) {
      labels.put(row, (int) (row % classes));
    }
    pool = new ThreadPool(threads);
    loss = SparseDistillationLoss.builder().temperature(TEMPERATURE).tail(tail).build();
    NormalLogits.fill(gradient, 43);
    TopK.compute(
        Matrix.of(gradient, rows, classes),
        Output.LOG_PROBABILITIES,
        TEMPERATURE,
        Indices.of(indices, rows, entries),
        Matrix.of(values, rows, entries),
        pool);
    NormalLogits.fill(student, 42);
  }

  /** Loss and gradient. */
  @Benchmark
  public Totals sparseDistillationLoss() {
    return loss.compute(
        Matrix.of(student, rows, classes),
        List.of(
            new SparseTeacher(
                Indices.of(indices, rows, entries), Matrix.of(values, rows, entries))),
        Labels.of(labels),
        null,
        Matrix.of(gradient, rows, classes),
        null,
        pool);
  }

  /** Frees what {@link #prepare} took. */
  @TearDown(Level.Trial)
  public void free() {
    pool.close();
    loss.close();
    student.close();
    gradient.close();
    values.close();
    indices.close();
    labels.close();
  }
}
