package io.retort.benchmarks;

import io.retort.kernels.Indices;
import io.retort.kernels.Matrix;
import io.retort.kernels.Output;
import io.retort.kernels.ThreadPool;
import io.retort.kernels.TopK;
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

/** The k largest classes of each row with their log-probabilities. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgs = "-Dorg.bytedeco.javacpp.maxBytes=8G")
public class TopKBenchmark {
  /** Classes of the logits. */
  @Param("32000")
  public int classes;

  /** Classes listed of each row, k. */
  @Param("64")
  public int entries;

  /** What the values are. */
  @Param("LOG_PROBABILITIES")
  public Output form;

  /** Threads that work. */
  @Param("1")
  public int threads;

  /** Rows of the logits. */
  @Param("1000")
  public long rows;

  private FloatPointer logits;
  private FloatPointer values;
  private IntPointer indices;
  private ThreadPool pool;

  /** What any implementation must move of a row. */
  static long bytesOfRow(int classes, int entries) {
    return (long) Float.BYTES * classes + (long) (Integer.BYTES + Float.BYTES) * entries;
  }

  /** Fills the logits. */
  @Setup(Level.Trial)
  public void prepare() {
    logits = new FloatPointer(rows * classes);
    NormalLogits.fill(logits, 42);
    values = new FloatPointer(rows * entries);
    indices = new IntPointer(rows * entries);
    pool = new ThreadPool(threads);
  }

  /** Indices and values. */
  @Benchmark
  public void topK() {
    TopK.compute(
        Matrix.of(logits, rows, classes),
        form,
        1,
        Indices.of(indices, rows, entries),
        Matrix.of(values, rows, entries),
        pool);
  }

  /** Frees what {@link #prepare} took. */
  @TearDown(Level.Trial)
  public void free() {
    pool.close();
    logits.close();
    values.close();
    indices.close();
  }
}
