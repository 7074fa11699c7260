package io.retort.benchmarks;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Mean;
import io.retort.kernels.Members;
import io.retort.kernels.Totals;
import io.retort.kernels.TotalsBuffer;
import io.retort.kernels.binding.DistillationLossOptions;
import io.retort.kernels.binding.DistillationTotals;
import io.retort.kernels.binding.Retort;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerPointer;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call costs beside the kernel: one row of ten classes and one teacher, on the calling
 * thread.
 *
 * <p>{@link #java} goes through the Java interface; {@link #binding} makes the same C call with
 * arguments prepared beforehand; {@link #empty} crosses into C and back for nothing. So the C call
 * alone takes binding - empty, and the Java interface adds java - (binding - empty).
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CallOverheadBenchmark {
  private static final int CLASSES = 10;
  private static final long ABSENT = 0;

  private DistillationProblem problem;
  private DistillationLoss loss;
  private Matrix studentMatrix;
  private Members members;
  private Labels labels;
  private Matrix gradientMatrix;
  private TotalsBuffer totalsBuffer;
  private DistillationLossOptions options;
  private DistillationTotals totals;
  private PointerPointer<FloatPointer> teachers;
  private long optionsAddress;
  private long totalsAddress;
  private long student;
  private long teachersAddress;
  private long labelsAddress;
  private long gradient;

  /** One row, and every argument of the C call. */
  @Setup(Level.Trial)
  public void prepare() {
    problem = new DistillationProblem(CLASSES, 1, Mean.LOGITS, 1, 1);
    totalsBuffer = new TotalsBuffer();
    loss =
        DistillationLoss.builder()
            .temperature(DistillationProblem.TEMPERATURE)
            .alpha(DistillationProblem.ALPHA)
            .build();
    studentMatrix = Matrix.of(problem.student(), 1, CLASSES);
    members = Members.of(Matrix.of(problem.teacher(0), 1, CLASSES));
    labels = Labels.of(problem.labels());
    gradientMatrix = Matrix.of(problem.gradient(), 1, CLASSES);
    options =
        Retort.retort_distillation_loss_options_default()
            .temperature(DistillationProblem.TEMPERATURE)
            .alpha(DistillationProblem.ALPHA);
    totals = new DistillationTotals();
    teachers = new PointerPointer<FloatPointer>(1).put(0, problem.teacher(0));
    optionsAddress = options.address();
    totalsAddress = totals.address();
    student = problem.student().address();
    teachersAddress = teachers.address();
    labelsAddress = problem.labels().address();
    gradient = problem.gradient().address();
  }

  /** Through the Java interface, with totals that are used again. */
  @Benchmark
  public double java() {
    loss.compute(studentMatrix, members, labels, null, gradientMatrix, null, null, totalsBuffer);
    return totalsBuffer.total();
  }

  /** Through the Java interface, with new totals. */
  @Benchmark
  public Totals javaTotals() {
    return loss.compute(studentMatrix, members, labels, null, gradientMatrix, null, null);
  }

  /** The C call. */
  @Benchmark
  public int binding() {
    return Retort.retort_distillation_loss(
        optionsAddress,
        1,
        CLASSES,
        student,
        CLASSES,
        teachersAddress,
        1,
        CLASSES,
        ABSENT,
        labelsAddress,
        ABSENT,
        gradient,
        CLASSES,
        ABSENT,
        totalsAddress,
        ABSENT);
  }

  /** Into C and back. */
  @Benchmark
  public void empty() {
    Retort.retort_thread_pool_destroy(null);
  }

  /** Frees what {@link #prepare} took. */
  @TearDown(Level.Trial)
  public void free() {
    loss.close();
    options.close();
    totals.close();
    teachers.close();
    problem.close();
  }
}
