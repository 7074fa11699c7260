package io.retort.benchmarks;

import io.retort.benchmarks.TrainingStepProvider.Step;
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
 * One provider's training step: forward, backward, stochastic gradient descent. A provider other
 * than Retort must train like it before it is timed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
public class TrainingStepBenchmark {
  /** Which network. */
  @Param("CNNBN")
  public TrainingNetwork network;

  /** Images of a step. */
  @Param("128")
  public int batch;

  /** Threads that work. */
  @Param("1")
  public int threads;

  /** Whose implementation. */
  @Param(RetortProvider.NAME)
  public String provider;

  private Step step;

  /** Makes the network and checks the provider's training. */
  @Setup(Level.Trial)
  public void prepare() {
    TrainingProblem problem = new TrainingProblem(network, batch, threads);
    step = Provider.named(TrainingStepProvider.class, provider).prepare(problem);
    if (!provider.equals(RetortProvider.NAME)) {
      TrainingAgreement.check(provider, problem, step);
    }
  }

  /** A step. */
  @Benchmark
  public double trainingStep() {
    return step.run();
  }

  /** Frees the network. */
  @TearDown(Level.Trial)
  public void free() {
    step.close();
  }
}
