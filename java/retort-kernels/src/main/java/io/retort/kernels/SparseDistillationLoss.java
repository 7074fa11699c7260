package io.retort.kernels;

import io.retort.kernels.binding.DistillationLossOptions;
import io.retort.kernels.binding.Retort;
import io.retort.kernels.binding.SparseDistillationLossOptions;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * The {@link DistillationLoss} of the forward KL, against teachers of whom only some classes of
 * each row are known, as {@link TopK} gives them. {@link Tail} says what is made of all others.
 * Several teachers become one by the weighted mean of their probabilities, over the union of what
 * they list; a class that one of them does not list counts there as a part of its tail.
 *
 * <p>An instance is a set of options that never changes; any number of threads may use it at once.
 * Its native memory, about a kilobyte, goes with it to the garbage collector, so {@link #close}
 * frees nothing under a call: it only refuses the calls that begin later.
 */
public final class SparseDistillationLoss implements AutoCloseable {
  private static final int LABEL_TYPES = 2;
  private static final int OPTIONS_BYTES =
      new SparseDistillationLossOptions((Pointer) null).sizeof();

  /** The options once for each type of matrix and of label. */
  private final ByteBuffer options =
      DirectMemory.allocate(DType.values().length * LABEL_TYPES * OPTIONS_BYTES);

  private final long optionsAddress = DirectMemory.address(options);
  private final NativeFloats teacherWeights;
  private final NativeFloats teacherTemperatures;
  private volatile boolean closed;

  private SparseDistillationLoss(Builder builder) {
    teacherWeights = new NativeFloats(builder.teacherWeights);
    teacherTemperatures = new NativeFloats(builder.teacherTemperatures);
    try (SparseDistillationLossOptions values = builder.options(teacherTemperatures)) {
      for (DType dtype : DType.values()) {
        for (int labelType = 0; labelType < LABEL_TYPES; labelType++) {
          values.loss().dtype(dtype.value).label_type(labelType);
          options.put(new Pointer(values).capacity(OPTIONS_BYTES).asByteBuffer());
        }
      }
    }
  }

  /** Options as they are before anything is set: see {@link Builder}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Computes the loss and its gradient. Arrays are copied for the call; buffers and pointers must
   * not change under it. A row that is ignored or weighs 0 is neither read nor checked.
   *
   * @param student logits [rows, classes], fewer than 2^31 classes
   * @param teachers at least one, of one k and stride; may be null where alpha is 0. At most 1024
   *     entries a row, and 4096 of all teachers together whose weight is not 0. In a row of one
   *     teacher no class may come twice.
   * @param labels [rows], each in [0, classes) or the ignore index; may be null where alpha is 1
   * @param rowWeights [rows, 1] of {@link DType#F32} without gaps, finite, at least 0; null for 1
   * @param gradient [rows, classes] of the reduced loss and of the student's type, or null; may be
   *     {@code student}
   * @param rowLoss [rows, 1] of {@link DType#F32} without gaps, weighted and not reduced, or null
   * @param pool where it runs; null for the calling thread
   * @return the reduced loss and its parts
   * @throws IllegalArgumentException for an argument out of its range, before anything is written
   * @throws IllegalStateException if this instance or the pool is closed
   */
  public Totals compute(
      Matrix student,
      List<SparseTeacher> teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss,
      ThreadPool pool) {
    List<SparseTeacher> checked = checkInputs(student, teachers, labels, rowWeights);
    if (gradient != null) {
      gradient.checkLike("gradient", student, "student");
    }
    checkVector("rowLoss", rowLoss, student.rows());
    TotalsBuffer totals = new TotalsBuffer();
    int status;
    try (Loan in = Matrix.read("student", student);
        Loan indices = AddressArray.lend("indices of teacher", checked, t -> t.indices().lend());
        Loan values = AddressArray.lend("values of teacher", checked, t -> t.values().lend());
        Loan classes = Labels.lend(labels);
        Loan weights = Matrix.read("rowWeights", rowWeights);
        Loan out = Matrix.write("gradient", gradient);
        Loan losses = Matrix.write("rowLoss", rowLoss);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          Retort.retort_sparse_distillation_loss(
              optionsFor(student, labels),
              student.rows(),
              student.columns(),
              in.address(),
              student.stride(),
              indices.address(),
              values.address(),
              checked.size(),
              checked.isEmpty() ? 1 : checked.get(0).indices().stride(),
              checked.isEmpty() ? 1 : checked.get(0).entries(),
              teacherWeights.address,
              classes.address(),
              weights.address(),
              out.address(),
              Matrix.stride(gradient),
              losses.address(),
              totals.address,
              executor.address());
    } finally {
      Reference.reachabilityFence(this);
      Reference.reachabilityFence(totals);
    }
    Status.check(status);
    return totals.toTotals();
  }

  private List<SparseTeacher> checkInputs(
      Matrix student, List<SparseTeacher> teachers, Labels labels, Matrix rowWeights) {
    if (closed) {
      throw new IllegalStateException("the sparse distillation loss is closed");
    }
    long rows = Arguments.notNull("student", student).rows();
    List<SparseTeacher> checked = checkTeachers(teachers, rows);
    if (labels != null && labels.size() < rows) {
      throw new IllegalArgumentException(
          "labels must number at least " + rows + ", got " + labels.size());
    }
    checkVector("rowWeights", rowWeights, rows);
    return checked;
  }

  private List<SparseTeacher> checkTeachers(List<SparseTeacher> teachers, long rows) {
    if (teachers == null) {
      return List.of();
    }
    SparseTeacher[] own = teachers.toArray(SparseTeacher[]::new);
    teacherWeights.checkNumber("teachers", "weight", own.length);
    teacherTemperatures.checkNumber("teachers", "temperature", own.length);
    for (int k = 0; k < own.length; k++) {
      String name = "teacher " + k;
      Indices indices = Arguments.notNull(name, own[k]).indices();
      if (indices.rows() != rows || indices.columns() != own[0].entries()) {
        throw Arguments.wrongShape(name, rows, own[0].entries(), indices.rows(), indices.columns());
      }
      if (indices.stride() != own[0].indices().stride()) {
        throw new IllegalArgumentException(
            name
                + " must have the stride "
                + own[0].indices().stride()
                + " of teacher 0, got "
                + indices.stride());
      }
    }
    return List.of(own);
  }

  private static void checkVector(String name, Matrix vector, long rows) {
    if (vector != null) {
      vector.checkVector(name, rows);
    }
  }

  private long optionsFor(Matrix student, Labels labels) {
    int labelType = labels == null ? Retort.RETORT_LABELS_I32 : labels.type;
    return optionsAddress
        + (long) OPTIONS_BYTES * (student.dtype().value * LABEL_TYPES + labelType);
  }

  /** Refuses every later call with an {@link IllegalStateException}. Closing twice is no error. */
  @Override
  public void close() {
    closed = true;
  }

  /**
   * The options of a {@link SparseDistillationLoss}, each with its default. Values are checked by
   * the call.
   */
  public static final class Builder {
    private Tail tail = Tail.BIN;
    private TeacherForm teacherForm = TeacherForm.LOG_PROBABILITIES;
    private SoftValue softValue = SoftValue.KL_OF_MEAN;
    private Reduction reduction = Reduction.MEAN;
    private float temperature = 1;
    private float alpha = 0.5f;
    private float labelSmoothing;
    private boolean scaleByTemperatureSquared = true;
    private long ignoreIndex = -100;
    private double denominator;
    private float[] teacherWeights;
    private float[] teacherTemperatures;

    private Builder() {}

    private SparseDistillationLossOptions options(NativeFloats temperatures) {
      SparseDistillationLossOptions options =
          Retort.retort_sparse_distillation_loss_options_default().tail(tail.value);
      DistillationLossOptions loss = options.loss();
      loss.teacher_form(teacherForm.value)
          .soft_value(softValue.value)
          .reduction(reduction.value)
          .temperature(temperature)
          .teacher_temperatures(temperatures.pointer())
          .alpha(alpha)
          .label_smoothing(labelSmoothing)
          .scale_by_temperature_squared(scaleByTemperatureSquared ? 1 : 0)
          .ignore_index(ignoreIndex)
          .denominator(denominator);
      return options;
    }

    /** What is made of the classes that no teacher lists; {@link Tail#BIN} unless set. */
    public Builder tail(Tail tail) {
      this.tail = Arguments.notNull("tail", tail);
      return this;
    }

    /**
     * What the teachers' values are; log-probabilities unless set. They and probabilities are those
     * of whole rows at the temperature of the loss. Logits need {@link Tail#RENORMALIZED}.
     */
    public Builder teacherForm(TeacherForm teacherForm) {
      this.teacherForm = Arguments.notNull("teacherForm", teacherForm);
      return this;
    }

    /** What the KL is told as; the KL unless set, or {@link SoftValue#CROSS_ENTROPY}. */
    public Builder softValue(SoftValue softValue) {
      this.softValue = Arguments.notNull("softValue", softValue);
      return this;
    }

    /** How rows become one loss; the mean unless set. */
    public Builder reduction(Reduction reduction) {
      this.reduction = Arguments.notNull("reduction", reduction);
      return this;
    }

    /** T, in [1e-18, 1e18]; 1 unless set. */
    public Builder temperature(float temperature) {
      this.temperature = temperature;
      return this;
    }

    /** Weight of the teachers in [0, 1]; 0.5 unless set. The labels weigh 1 - alpha. */
    public Builder alpha(float alpha) {
      this.alpha = alpha;
      return this;
    }

    /** Share of the label's mass spread over all classes, in [0, 1]; 0 unless set. */
    public Builder labelSmoothing(float labelSmoothing) {
      this.labelSmoothing = labelSmoothing;
      return this;
    }

    /** Whether the soft part is multiplied by T²; it is unless set. */
    public Builder scaleByTemperatureSquared(boolean scale) {
      this.scaleByTemperatureSquared = scale;
      return this;
    }

    /** Rows with this label contribute nothing; -100 unless set. */
    public Builder ignoreIndex(long ignoreIndex) {
      this.ignoreIndex = ignoreIndex;
      return this;
    }

    /**
     * What the mean divides by; unless set, or 0, the sum of the weights of the rows not ignored.
     */
    public Builder denominator(double denominator) {
      this.denominator = denominator;
      return this;
    }

    /** One weight a teacher, finite, at least 0; divided by their sum. Equal unless set. */
    public Builder teacherWeights(float... weights) {
      this.teacherWeights = Arguments.notNull("weights", weights).clone();
      return this;
    }

    /** One temperature a teacher given as logits, in [1e-18, 1e18]; T for each unless set. */
    public Builder teacherTemperatures(float... temperatures) {
      this.teacherTemperatures = Arguments.notNull("temperatures", temperatures).clone();
      return this;
    }

    /** The options as a loss; close it after use. */
    public SparseDistillationLoss build() {
      return new SparseDistillationLoss(this);
    }
  }
}
