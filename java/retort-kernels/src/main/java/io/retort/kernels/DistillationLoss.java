package io.retort.kernels;

import io.retort.kernels.binding.DistillationLossOptions;
import io.retort.kernels.binding.Retort;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * The distillation loss of Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network"
 * (2015), between any number of teachers and a student, with the gradient on the student's logits,
 * in one call:
 *
 * <pre>
 *   p = mean of the teachers at temperature T      q = softmax(student / T)      s = softmax(student)
 *   t = (1 - labelSmoothing) * onehot(label) + labelSmoothing / classes
 *   row loss = weight * (alpha * T² * D(p, q) + (1 - alpha) * CE(t, s))
 * </pre>
 *
 * <p>with any {@link Divergence} D; the forward KL unless another is set.
 *
 * <p>An instance is a set of options that never changes; any number of threads may use it at once.
 * Its native memory, about a kilobyte, goes with it to the garbage collector, so {@link #close}
 * frees nothing under a call: it only refuses the calls that begin later.
 *
 * <p>A call over direct buffers and pointers with a {@link TotalsBuffer} allocates nothing.
 */
public final class DistillationLoss implements AutoCloseable {
  private static final int LABEL_TYPES = 2;
  private static final int OPTIONS_BYTES = new DistillationLossOptions((Pointer) null).sizeof();

  /** The options once for each type of matrix and of label. */
  private final ByteBuffer options =
      DirectMemory.allocate(DType.values().length * LABEL_TYPES * OPTIONS_BYTES);

  private final long optionsAddress = DirectMemory.address(options);
  final NativeFloats teacherWeights;
  private final NativeFloats teacherTemperatures;
  private final ThreadLocal<TotalsBuffer> threadTotals = ThreadLocal.withInitial(TotalsBuffer::new);
  private volatile boolean closed;

  private DistillationLoss(Builder builder) {
    teacherWeights = new NativeFloats(builder.teacherWeights);
    teacherTemperatures = new NativeFloats(builder.teacherTemperatures);
    try (DistillationLossOptions values = builder.options(teacherTemperatures)) {
      for (DType dtype : DType.values()) {
        for (int labelType = 0; labelType < LABEL_TYPES; labelType++) {
          values.dtype(dtype.value).label_type(labelType);
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
   * Computes the loss and its gradient, and allocates nothing but the totals; see {@link
   * #compute(Matrix, Members, Labels, Matrix, Matrix, Matrix, ThreadPool, TotalsBuffer)}.
   *
   * @param student logits [rows, classes]
   * @param teachers logits of the teachers, each [rows, classes]; may be null where alpha is 0
   * @param labels [rows], each in [0, classes) or the ignore index; may be null where alpha is 1
   *     and the divergence needs none
   * @param rowWeights [rows, 1] without gaps, finite, at least 0; null for 1
   * @param gradient [rows, classes] of the reduced loss, or null; may be {@code student}
   * @param rowLoss [rows, 1] without gaps, weighted and not reduced, or null
   * @param pool where it runs; null for the calling thread
   * @return the reduced loss and its parts
   * @throws IllegalArgumentException for an argument out of its range, before anything is written
   * @throws IllegalStateException if this instance or the pool is closed
   */
  public Totals compute(
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss,
      ThreadPool pool) {
    TotalsBuffer totals = threadTotals.get();
    compute(student, teachers, labels, rowWeights, gradient, rowLoss, pool, totals);
    return totals.toTotals();
  }

  /**
   * Computes the loss and its gradient. Over direct buffers and pointers it allocates nothing;
   * arrays are copied for the call.
   *
   * @param student logits [rows, classes]
   * @param teachers logits of the teachers, each [rows, classes] and of the student's type; may be
   *     null where alpha is 0
   * @param labels [rows], each in [0, classes) or the ignore index; may be null where alpha is 1
   *     and the divergence needs none
   * @param rowWeights [rows, 1] of {@link DType#F32} without gaps, finite, at least 0; null for 1
   * @param gradient [rows, classes] of the reduced loss and of the student's type, or null; may be
   *     {@code student}
   * @param rowLoss [rows, 1] of {@link DType#F32} without gaps, weighted and not reduced, or null
   * @param pool where it runs; null for the calling thread
   * @param totals receives the reduced loss and its parts
   * @throws IllegalArgumentException for an argument out of its range, before anything is written
   * @throws IllegalStateException if this instance or the pool is closed
   */
  public void compute(
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss,
      ThreadPool pool,
      TotalsBuffer totals) {
    check(student, teachers, labels, rowWeights, gradient, rowLoss);
    Arguments.notNull("totals", totals);
    int status;
    try (Loan in = Matrix.read("student", student);
        Loan members = Members.read("teachers", teachers);
        Loan classes = Labels.lend(labels);
        Loan weights = Matrix.read("rowWeights", rowWeights);
        Loan out = Matrix.write("gradient", gradient);
        Loan losses = Matrix.write("rowLoss", rowLoss);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          Retort.retort_distillation_loss(
              optionsFor(student.dtype(), labels),
              student.rows(),
              student.columns(),
              in.address(),
              student.stride(),
              members.address(),
              Members.count(teachers),
              Members.stride(teachers),
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
  }

  /**
   * Computes how the gradient G that {@link #compute} writes moves with the teachers: for a tangent
   * u on the student's logits, the gradient of {@code <G, u>} on each teacher's logits, which is
   * what a teacher that learns from its student's progress needs of the loss (Zhou, Xu and McAuley,
   * "BERT Learns to Teach", 2022). For one teacher and the forward KL with T² it is {@code -alpha *
   * weight / denominator * p * (u - <p, u>)}. Over direct buffers and pointers it allocates
   * nothing.
   *
   * @param student logits [rows, classes]
   * @param teachers logits of the teachers, each [rows, classes] and of the student's type
   * @param labels as in {@link #compute}
   * @param rowWeights as in {@link #compute}
   * @param tangent u, [rows, classes] of the student's type
   * @param teacherGradients one matrix a teacher, each [rows, classes] and of the student's type;
   *     no other argument's memory
   * @param pool where it runs; null for the calling thread
   * @throws IllegalArgumentException for an argument out of its range, before anything is written,
   *     and for teachers given as probabilities, which have no logits
   * @throws IllegalStateException if this instance or the pool is closed
   */
  public void tangent(
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix tangent,
      Members teacherGradients,
      ThreadPool pool) {
    Arguments.notNull("teachers", teachers);
    checkInputs(student, teachers, labels, rowWeights);
    Arguments.notNull("tangent", tangent).checkLike("tangent", student, "student");
    Arguments.notNull("teacherGradients", teacherGradients)
        .checkLike("teacherGradients", student, "student");
    if (teacherGradients.count() != teachers.count()) {
      throw new IllegalArgumentException(
          "teacherGradients must number "
              + teachers.count()
              + ", one a teacher, got "
              + teacherGradients.count());
    }
    int status;
    try (Loan in = Matrix.read("student", student);
        Loan members = Members.read("teachers", teachers);
        Loan classes = Labels.lend(labels);
        Loan weights = Matrix.read("rowWeights", rowWeights);
        Loan direction = Matrix.read("tangent", tangent);
        Loan out = Members.write("teacherGradients", teacherGradients);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          Retort.retort_distillation_tangent(
              optionsFor(student.dtype(), labels),
              student.rows(),
              student.columns(),
              in.address(),
              student.stride(),
              members.address(),
              teachers.count(),
              teachers.stride(),
              teacherWeights.address,
              classes.address(),
              weights.address(),
              direction.address(),
              tangent.stride(),
              out.address(),
              teacherGradients.stride(),
              executor.address());
    } finally {
      Reference.reachabilityFence(this);
    }
    Status.check(status);
  }

  /** Fails unless the arguments of {@link #compute} fit each other and these options. */
  void check(
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss) {
    checkInputs(student, teachers, labels, rowWeights);
    if (gradient != null) {
      gradient.checkLike("gradient", student, "student");
    }
    checkVector("rowLoss", rowLoss, student.rows());
  }

  private void checkInputs(Matrix student, Members teachers, Labels labels, Matrix rowWeights) {
    checkOpen();
    long rows = Arguments.notNull("student", student).rows();
    if (teachers != null) {
      teachers.checkLike("teachers", student, "student");
      checkTeachers(teachers.count());
    }
    checkRows(labels, rowWeights, rows);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the distillation loss is closed");
    }
  }

  /** Fails unless weights and temperatures are for so many teachers. */
  void checkTeachers(int count) {
    teacherWeights.checkNumber("teachers", "weight", count);
    teacherTemperatures.checkNumber("teachers", "temperature", count);
  }

  /** Fails unless there are as many labels and weights, where there are any, as rows. */
  static void checkRows(Labels labels, Matrix rowWeights, long rows) {
    if (labels != null && labels.size() < rows) {
      throw new IllegalArgumentException(
          "labels must number at least " + rows + ", got " + labels.size());
    }
    checkVector("rowWeights", rowWeights, rows);
  }

  static void checkVector(String name, Matrix vector, long rows) {
    if (vector != null) {
      vector.checkVector(name, rows);
    }
  }

  /** The address of the options for matrices and labels of these types; labels may be null. */
  long optionsFor(DType dtype, Labels labels) {
    checkOpen();
    int labelType = labels == null ? Retort.RETORT_LABELS_I32 : labels.type;
    return optionsAddress + (long) OPTIONS_BYTES * (dtype.value * LABEL_TYPES + labelType);
  }

  /** Refuses every later call with an {@link IllegalStateException}. Closing twice is no error. */
  @Override
  public void close() {
    closed = true;
  }

  /**
   * The options of a {@link DistillationLoss}, each with its default. Values are checked by the
   * call.
   */
  public static final class Builder {
    private Mean mean = Mean.LOGITS;
    private Reduction reduction = Reduction.MEAN;
    private float temperature = 1;
    private float alpha = 0.5f;
    private float labelSmoothing;
    private boolean scaleByTemperatureSquared = true;
    private long ignoreIndex = -100;
    private double denominator;
    private float[] teacherWeights;
    private float[] teacherTemperatures;
    private Divergence divergence = Divergence.FORWARD_KL;
    private SoftValue softValue = SoftValue.KL_OF_MEAN;
    private TeacherForm teacherForm = TeacherForm.LOGITS;
    private boolean standardizeLogits;
    private float standardizeEpsilon = 1e-7f;
    private float beta = 0.5f;
    private float targetWeight = 1;
    private float nonTargetWeight = 1;

    private Builder() {}

    private DistillationLossOptions options(NativeFloats temperatures) {
      return Retort.retort_distillation_loss_options_default()
          .mean(mean.value)
          .reduction(reduction.value)
          .temperature(temperature)
          .teacher_temperatures(temperatures.pointer())
          .alpha(alpha)
          .label_smoothing(labelSmoothing)
          .scale_by_temperature_squared(scaleByTemperatureSquared ? 1 : 0)
          .ignore_index(ignoreIndex)
          .denominator(denominator)
          .divergence(divergence.value)
          .soft_value(softValue.value)
          .teacher_form(teacherForm.value)
          .standardize_logits(standardizeLogits ? 1 : 0)
          .standardize_epsilon(standardizeEpsilon)
          .beta(beta)
          .target_weight(targetWeight)
          .non_target_weight(nonTargetWeight);
    }

    /** How the teachers become one; of logits unless set. */
    public Builder mean(Mean mean) {
      this.mean = Arguments.notNull("mean", mean);
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

    /** One temperature a teacher, in [1e-18, 1e18]; T for each unless set. */
    public Builder teacherTemperatures(float... temperatures) {
      this.teacherTemperatures = Arguments.notNull("temperatures", temperatures).clone();
      return this;
    }

    /** D; the forward KL unless set. */
    public Builder divergence(Divergence divergence) {
      this.divergence = Arguments.notNull("divergence", divergence);
      return this;
    }

    /** What the forward KL is told as; the KL of the teachers' mean unless set. */
    public Builder softValue(SoftValue softValue) {
      this.softValue = Arguments.notNull("softValue", softValue);
      return this;
    }

    /**
     * What the teachers' matrices hold; logits unless set. Probabilities that were stored at the
     * temperature of the loss already want {@link #teacherTemperatures} of 1.
     */
    public Builder teacherForm(TeacherForm teacherForm) {
      this.teacherForm = Arguments.notNull("teacherForm", teacherForm);
      return this;
    }

    /**
     * Whether the soft part sees each row of logits less its mean and over its deviation (Sun et
     * al., "Logit Standardization in Knowledge Distillation", 2024); not unless set.
     */
    public Builder standardizeLogits(boolean standardize) {
      this.standardizeLogits = standardize;
      return this;
    }

    /** What is added to that deviation, finite, at least 0; 1e-7 unless set. */
    public Builder standardizeEpsilon(float epsilon) {
      this.standardizeEpsilon = epsilon;
      return this;
    }

    /**
     * The teachers' weight in the mixture of {@link Divergence#JENSEN_SHANNON}, in [0, 1]; 0.5
     * unless set.
     */
    public Builder beta(float beta) {
      this.beta = beta;
      return this;
    }

    /**
     * The weight of the label's part of {@link Divergence#DECOUPLED} and {@link
     * Divergence#NORMALIZED}, finite, at least 0; 1 unless set.
     */
    public Builder targetWeight(float weight) {
      this.targetWeight = weight;
      return this;
    }

    /**
     * The weight of their other part; 1 unless set. The papers set 2 to 8 for one and 1.5 for the
     * other.
     */
    public Builder nonTargetWeight(float weight) {
      this.nonTargetWeight = weight;
      return this;
    }

    /** The options as a loss; close it after use. */
    public DistillationLoss build() {
      return new DistillationLoss(this);
    }
  }
}
