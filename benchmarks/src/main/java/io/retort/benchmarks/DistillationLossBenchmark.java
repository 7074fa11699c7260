package io.retort.benchmarks;

import io.retort.benchmarks.DistillationLossProvider.Step;
import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import java.util.concurrent.TimeUnit;
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
 * One provider's distillation loss with its gradient on one {@link DistillationProblem}. A provider
 * other than Retort must agree with it before it is timed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgs = "-Dorg.bytedeco.javacpp.maxBytes=8G")
public class DistillationLossBenchmark {
  /** Classes of the logits. */
  @Param("1000")
  public int classes;

  /** Number of teachers, K. */
  @Param("4")
  public int teachers;

  /** Type of the logits and of the gradient. */
  @Param("F32")
  public DType dtype;

  /** How the teachers become one. */
  @Param("PROBABILITIES")
  public Mean mean;

  /** Threads that work. */
  @Param("1")
  public int threads;

  /** Bytes one call moves, about. */
  @Param("268435456")
  public long modelBytes;

  /** Whose implementation. */
  @Param(RetortProvider.NAME)
  public String provider;

  private DistillationProblem problem;
  private Step step;

  /** Makes the problem and checks the provider's solution. */
  @Setup(Level.Trial)
  public void prepare() {
    problem = new DistillationProblem(classes, teachers, dtype, mean, threads, modelBytes);
    step = Provider.named(DistillationLossProvider.class, provider).prepare(problem);
    if (!provider.equals(RetortProvider.NAME)) {
      new Agreement(problem).check(provider, step);
    }
  }

  /** Loss and gradient. */
  @Benchmark
  public void distillationLoss() {
    step.run();
  }

  /** Frees what {@link #prepare} took. */
  @TearDown(Level.Trial)
  public void free() {
    step.close();
    problem.close();
  }
}
