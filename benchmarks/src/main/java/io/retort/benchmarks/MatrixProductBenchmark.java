package io.retort.benchmarks;

import static org.bytedeco.openblas.global.openblas.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas.CblasRowMajor;

import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas;
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

/**
 * The machine's limit for networks: OpenBLAS's product of two square matrices on the same threads.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class MatrixProductBenchmark {
  /** Rows and columns of each matrix: large enough that the product's speed grows no more. */
  static final int SIZE = 2048;

  /** Floating point operations of the product. */
  static final double OPERATIONS = 2.0 * SIZE * SIZE * SIZE;

  /** Threads that work. */
  @Param("1")
  public int threads;

  private FloatPointer a;
  private FloatPointer b;
  private FloatPointer c;

  /** Fills the matrices. */
  @Setup(Level.Trial)
  public void allocate() {
    openblas.blas_set_num_threads(threads);
    a = new FloatPointer((long) SIZE * SIZE);
    b = new FloatPointer((long) SIZE * SIZE);
    c = new FloatPointer((long) SIZE * SIZE);
    NormalLogits.fill(a, 1);
    NormalLogits.fill(b, 2);
  }

  /** c = a * b. */
  @Benchmark
  public void matrixProduct() {
    openblas.cblas_sgemm(
        CblasRowMajor,
        CblasNoTrans,
        CblasNoTrans,
        SIZE,
        SIZE,
        SIZE,
        1,
        a,
        SIZE,
        b,
        SIZE,
        0,
        c,
        SIZE);
  }

  /** Frees the matrices. */
  @TearDown(Level.Trial)
  public void free() {
    a.close();
    b.close();
    c.close();
  }
}
