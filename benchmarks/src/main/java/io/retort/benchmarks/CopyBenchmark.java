package io.retort.benchmarks;

import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
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
 * The machine's limit: as many bytes moved by memcpy on the same threads, half read and half
 * written.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgs = "-Dorg.bytedeco.javacpp.maxBytes=8G")
public class CopyBenchmark {
  /** Bytes moved in all. */
  @Param("268435456")
  public long modelBytes;

  /** Threads that work. */
  @Param("1")
  public int threads;

  private FloatPointer memory;
  private Workers workers;

  /** Touches every page, so that the copy never meets an unmapped one. */
  @Setup(Level.Trial)
  public void allocate() {
    memory = new FloatPointer(modelBytes / Float.BYTES);
    NormalLogits.fill(memory, 42);
    workers = new Workers(threads);
  }

  /** Copies the first half onto the second. */
  @Benchmark
  public void copy() {
    long half = memory.limit() / 2;
    workers.share(
        half,
        (from, to) ->
            Pointer.memcpy(
                memory.getPointer(half + from),
                memory.getPointer(from),
                (to - from) * Float.BYTES));
  }

  /** Frees what {@link #allocate} took. */
  @TearDown(Level.Trial)
  public void free() {
    workers.close();
    memory.close();
  }
}
