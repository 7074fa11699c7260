package io.retort.kernels;

import io.retort.kernels.binding.DistillationLossOptions;
import io.retort.kernels.binding.DistillationTotals;
import io.retort.kernels.binding.Retort;
import org.bytedeco.javacpp.FloatPointer;
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
 * <p>An instance is a set of options; it may be used from several threads. It holds a few bytes of
 * native memory until it is closed.
 */
public final class DistillationLoss implements AutoCloseable {
  private final DistillationLossOptions options;
  private final float[] teacherWeights;
  private final float[] teacherTemperatures;
  private boolean closed;

  private DistillationLoss(Builder builder) {
    teacherWeights = builder.teacherWeights;
    teacherTemperatures = builder.teacherTemperatures;
    options = Retort.retort_distillation_loss_options_default();
    options
        .mean(builder.mean.value)
        .reduction(builder.reduction.value)
        .temperature(builder.temperature)
        .alpha(builder.alpha)
        .label_smoothing(builder.labelSmoothing)
        .scale_by_temperature_squared(builder.scaleByTemperatureSquared ? 1 : 0)
        .ignore_index(builder.ignoreIndex)
        .denominator(builder.denominator)
        .divergence(builder.divergence.value)
        .soft_value(builder.softValue.value)
        .teacher_form(builder.teacherForm.value)
        .standardize_logits(builder.standardizeLogits ? 1 : 0)
        .standardize_epsilon(builder.standardizeEpsilon)
        .beta(builder.beta)
        .target_weight(builder.targetWeight)
        .non_target_weight(builder.nonTargetWeight);
  }

  /** Options as they are before anything is set: see {@link Builder}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Computes the loss and its gradient.
   *
   * @param student logits [rows, classes]
   * @param teachers logits of the teachers, each [rows, classes]; may be null where alpha is 0
   * @param labels [rows], each in [0, classes) or the ignore index; may be null where alpha is 1
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
    checkShapes(student, teachers, labels, rowWeights, gradient, rowLoss);
    try (DistillationLossOptions call = copyOfOptions(labels);
        DistillationTotals totals = new DistillationTotals();
        FloatPointer weights = copyOf(teacherWeights);
        FloatPointer temperatures = copyOf(teacherTemperatures);
        Matrix.Loan in = student.read("student");
        Members.Loan members = teachers == null ? null : teachers.read();
        Labels.Loan classes = labels == null ? null : labels.read();
        Matrix.Loan rows = rowWeights == null ? null : rowWeights.read("rowWeights");
        Matrix.Loan out = gradient == null ? null : gradient.write("gradient");
        Matrix.Loan losses = rowLoss == null ? null : rowLoss.write("rowLoss")) {
      call.teacher_temperatures(temperatures);
      ThreadPool.run(
          pool,
          executor ->
              Retort.retort_distillation_loss(
                  call,
                  student.rows(),
                  student.columns(),
                  in.pointer,
                  student.stride(),
                  Members.Loan.pointers(members),
                  teachers == null ? 0 : teachers.count(),
                  teachers == null ? 0 : teachers.stride(),
                  weights,
                  Labels.Loan.pointer(classes),
                  Matrix.Loan.pointer(rows),
                  Matrix.Loan.pointer(out),
                  gradient == null ? 0 : gradient.stride(),
                  Matrix.Loan.pointer(losses),
                  totals,
                  executor));
      return new Totals(
          totals.total(),
          totals.hard(),
          totals.soft(),
          totals.denominator(),
          totals.counted_rows());
    }
  }

  /**
   * Computes how the gradient G that {@link #compute} writes moves with the teachers: for a tangent
   * u on the student's logits, the gradient of {@code <G, u>} on each teacher's logits, which is
   * what a teacher that learns from its student's progress needs of the loss (Zhou, Xu and McAuley,
   * "BERT Learns to Teach", 2022). For one teacher and the forward KL with T² it is {@code -alpha *
   * weight / denominator * p * (u - <p, u>)}.
   *
   * @param student logits [rows, classes]
   * @param teachers logits of the teachers, each [rows, classes]
   * @param labels as in {@link #compute}
   * @param rowWeights as in {@link #compute}
   * @param tangent u, [rows, classes]
   * @param teacherGradients one matrix a teacher, each [rows, classes]; no other argument's memory
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
    checkShapes(student, teachers, labels, rowWeights, null, null);
    Arguments.notNull("tangent", tangent).checkShape("tangent", student.rows(), student.columns());
    Arguments.notNull("teacherGradients", teacherGradients);
    teacherGradients.checkShape("teacherGradients", student.rows(), student.columns());
    if (teacherGradients.count() != teachers.count()) {
      throw new IllegalArgumentException(
          "teacherGradients must number "
              + teachers.count()
              + ", one a teacher, got "
              + teacherGradients.count());
    }
    try (DistillationLossOptions call = copyOfOptions(labels);
        FloatPointer weights = copyOf(teacherWeights);
        FloatPointer temperatures = copyOf(teacherTemperatures);
        Matrix.Loan in = student.read("student");
        Members.Loan members = teachers.read();
        Labels.Loan classes = labels == null ? null : labels.read();
        Matrix.Loan rows = rowWeights == null ? null : rowWeights.read("rowWeights");
        Matrix.Loan direction = tangent.read("tangent");
        Members.Loan out = teacherGradients.write("teacherGradients")) {
      call.teacher_temperatures(temperatures);
      ThreadPool.run(
          pool,
          executor ->
              Retort.retort_distillation_tangent(
                  call,
                  student.rows(),
                  student.columns(),
                  in.pointer,
                  student.stride(),
                  members.pointers,
                  teachers.count(),
                  teachers.stride(),
                  weights,
                  Labels.Loan.pointer(classes),
                  Matrix.Loan.pointer(rows),
                  direction.pointer,
                  tangent.stride(),
                  out.pointers,
                  teacherGradients.stride(),
                  executor));
    }
  }

  private static FloatPointer copyOf(float[] values) {
    return values == null ? null : new FloatPointer(values);
  }

  private void checkShapes(
      Matrix student,
      Members teachers,
      Labels labels,
      Matrix rowWeights,
      Matrix gradient,
      Matrix rowLoss) {
    long rows = Arguments.notNull("student", student).rows();
    if (teachers != null) {
      teachers.checkShape("teachers", rows, student.columns());
      checkNumber("weight", teacherWeights, teachers);
      checkNumber("temperature", teacherTemperatures, teachers);
    }
    if (labels != null && labels.size() < rows) {
      throw new IllegalArgumentException(
          "labels must number at least " + rows + ", got " + labels.size());
    }
    if (gradient != null) {
      gradient.checkShape("gradient", rows, student.columns());
    }
    checkVector("rowWeights", rowWeights, rows);
    checkVector("rowLoss", rowLoss, rows);
  }

  private static void checkNumber(String what, float[] values, Members teachers) {
    if (values != null && values.length != teachers.count()) {
      throw new IllegalArgumentException(
          "teachers must number "
              + values.length
              + ", one a "
              + what
              + ", got "
              + teachers.count());
    }
  }

  private static void checkVector(String name, Matrix vector, long rows) {
    if (vector != null) {
      vector.checkShape(name, rows, 1);
      if (vector.stride() != 1) {
        throw new IllegalArgumentException(name + " must have stride 1, got " + vector.stride());
      }
    }
  }

  private synchronized DistillationLossOptions copyOfOptions(Labels labels) {
    if (closed) {
      throw new IllegalStateException("the distillation loss is closed");
    }
    DistillationLossOptions copy = new DistillationLossOptions();
    Pointer.memcpy(copy, options, options.sizeof());
    return labels == null ? copy : copy.label_type(labels.type);
  }

  /** Frees the options. Closing twice is no error. */
  @Override
  public synchronized void close() {
    closed = true;
    options.close();
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

    /** T, finite and above 0; 1 unless set. */
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

    /** One temperature a teacher, finite and above 0; T for each unless set. */
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
