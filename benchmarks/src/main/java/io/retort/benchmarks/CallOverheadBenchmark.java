package io.retort.benchmarks;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.Totals;
import io.retort.kernels.TotalsBuffer;
import io.retort.kernels.binding.DistillationLossOptions;
import io.retort.kernels.binding.DistillationTotals;
import io.retort.kernels.binding.Retort;
import java.util.concurrent.TimeUnit;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerPointer;
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
 * What a call costs beside the kernel: ten classes and one teacher, on the calling thread.
 *
 * <p>{@link #buffers}, {@link #pointers} and {@link #newTotals} go through the Java interface;
 * {@link #binding} makes the same C call with addresses prepared beforehand; {@link #empty} crosses
 * into C and back for nothing. So the C call alone takes binding - empty, and the Java interface
 * adds what it takes over that. Without rows, the kernel computes nothing to blur the difference.
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

  /** Rows of a call. */
  @Param({"0", "1"})
  public int rows;

  private final FloatPointer student = new FloatPointer(CLASSES);
  private final FloatPointer teacher = new FloatPointer(CLASSES);
  private final FloatPointer gradient = new FloatPointer(CLASSES);
  private final IntPointer labels = new IntPointer(1).put(3);
  private final PointerPointer<FloatPointer> teachers =
      new PointerPointer<FloatPointer>(1).put(0, teacher);
  private final DistillationLossOptions options =
      Retort.retort_distillation_loss_options_default()
          .temperature(DistillationProblem.TEMPERATURE)
          .alpha(DistillationProblem.ALPHA);
  private final DistillationTotals totals = new DistillationTotals();
  private final TotalsBuffer totalsBuffer = new TotalsBuffer();
  private DistillationLoss loss;
  private Arguments buffers;
  private Arguments pointers;

  /** The arguments of a call through Java. */
  private record Arguments(Matrix student, Members teachers, Labels labels, Matrix gradient) {}

  /** Every argument of every call. */
  @Setup(Level.Trial)
  public void prepare() {
    NormalLogits.fill(student, 42);
    NormalLogits.fill(teacher, 43);
    loss =
        DistillationLoss.builder()
            .temperature(DistillationProblem.TEMPERATURE)
            .alpha(DistillationProblem.ALPHA)
            .build();
    pointers =
        new Arguments(
            Matrix.of(student, rows, CLASSES),
            Members.of(Matrix.of(teacher, rows, CLASSES)),
            Labels.of(labels),
            Matrix.of(gradient, rows, CLASSES));
    buffers =
        new Arguments(
            Matrix.of(student.asBuffer(), rows, CLASSES),
            Members.of(Matrix.of(teacher.asBuffer(), rows, CLASSES)),
            Labels.of(labels.asBuffer()),
            Matrix.of(gradient.asBuffer(), rows, CLASSES));
  }

  /** Over direct buffers, with totals that are used again. */
  @Benchmark
  public double buffers() {
    return compute(buffers);
  }

  /** Over pointers, whose references are counted, with totals that are used again. */
  @Benchmark
  public double pointers() {
    return compute(pointers);
  }

  private double compute(Arguments of) {
    loss.compute(of.student, of.teachers, of.labels, null, of.gradient, null, null, totalsBuffer);
    return totalsBuffer.total();
  }

  /** Over direct buffers, with new totals. */
  @Benchmark
  public Totals newTotals() {
    return loss.compute(
        buffers.student, buffers.teachers, buffers.labels, null, buffers.gradient, null, null);
  }

  /** The C call. */
  @Benchmark
  public int binding() {
    return Retort.retort_distillation_loss(
        options.address(),
        rows,
        CLASSES,
        student.address(),
        CLASSES,
        teachers.address(),
        1,
        CLASSES,
        ABSENT,
        labels.address(),
        ABSENT,
        gradient.address(),
        CLASSES,
        ABSENT,
        totals.address(),
        ABSENT);
  }

  /** Into C and back. */
  @Benchmark
  public void empty() {
    Retort.retort_thread_pool_destroy(null);
  }

  /** Frees what the arguments took. */
  @TearDown(Level.Trial)
  public void free() {
    loss.close();
    options.close();
    totals.close();
    teachers.close();
    student.close();
    teacher.close();
    gradient.close();
    labels.close();
  }
}
