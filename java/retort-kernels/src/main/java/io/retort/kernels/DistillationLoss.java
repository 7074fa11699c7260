package io.retort.kernels;

import io.retort.kernels.binding.DistillationLossOptions;
import io.retort.kernels.binding.DistillationTotals;
import io.retort.kernels.binding.Retort;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * The distillation loss of Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network" (2015),
 * between any number of teachers and a student, with the gradient on the student's logits, in one call:
 *
 * <pre>
 *   p = mean of the teachers at temperature T      q = softmax(student / T)      s = softmax(student)
 *   t = (1 - labelSmoothing) * onehot(label) + labelSmoothing / classes
 *   row loss = weight * (alpha * T² * KL(p || q) + (1 - alpha) * CE(t, s))
 * </pre>
 *
 * <p>An instance is a set of options; it may be used from several threads. It holds a few bytes of native
 * memory until it is closed.
 */
public final class DistillationLoss implements AutoCloseable {
  private final DistillationLossOptions options;
  private final float[] teacherWeights;
  private boolean closed;

  private DistillationLoss(Builder builder) {
    teacherWeights = builder.teacherWeights;
    options = Retort.retort_distillation_loss_options_default();
    options
        .mean(builder.mean.value)
        .reduction(builder.reduction.value)
        .temperature(builder.temperature)
        .alpha(builder.alpha)
        .label_smoothing(builder.labelSmoothing)
        .scale_by_temperature_squared(builder.scaleByTemperatureSquared ? 1 : 0)
        .ignore_index(builder.ignoreIndex)
        .denominator(builder.denominator);
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
      Matrix student, Members teachers, Labels labels, Matrix rowWeights, Matrix gradient, Matrix rowLoss,
      ThreadPool pool) {
    checkShapes(student, teachers, labels, rowWeights, gradient, rowLoss);
    try (DistillationLossOptions call = copyOfOptions(labels);
        DistillationTotals totals = new DistillationTotals();
        FloatPointer weights = teacherWeights == null ? null : new FloatPointer(teacherWeights);
        Matrix.Loan in = student.read("student");
        Members.Loan members = teachers == null ? null : teachers.read();
        Labels.Loan classes = labels == null ? null : labels.read();
        Matrix.Loan rows = rowWeights == null ? null : rowWeights.read("rowWeights");
        Matrix.Loan out = gradient == null ? null : gradient.write("gradient");
        Matrix.Loan losses = rowLoss == null ? null : rowLoss.write("rowLoss")) {
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
          totals.total(), totals.hard(), totals.soft(), totals.denominator(), totals.counted_rows());
    }
  }

  private void checkShapes(
      Matrix student, Members teachers, Labels labels, Matrix rowWeights, Matrix gradient, Matrix rowLoss) {
    long rows = Arguments.notNull("student", student).rows();
    if (teachers != null && (teachers.rows() != rows || teachers.columns() != student.columns())) {
      throw new IllegalArgumentException(
          "teachers must be " + rows + " x " + student.columns() + ", got " + teachers.rows() + " x "
              + teachers.columns());
    }
    if (teachers != null && teacherWeights != null && teacherWeights.length != teachers.count()) {
      throw new IllegalArgumentException(
          "teachers must number " + teacherWeights.length + ", one a weight, got " + teachers.count());
    }
    if (labels != null && labels.size() < rows) {
      throw new IllegalArgumentException("labels must number at least " + rows + ", got " + labels.size());
    }
    if (gradient != null) {
      gradient.checkShape("gradient", rows, student.columns());
    }
    checkVector("rowWeights", rowWeights, rows);
    checkVector("rowLoss", rowLoss, rows);
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

  /** The options of a {@link DistillationLoss}, each with its default. Values are checked by the call. */
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

    /** What the mean divides by; unless set, or 0, the sum of the weights of the rows not ignored. */
    public Builder denominator(double denominator) {
      this.denominator = denominator;
      return this;
    }

    /** One weight a teacher, finite, at least 0; divided by their sum. Equal unless set. */
    public Builder teacherWeights(float... weights) {
      this.teacherWeights = Arguments.notNull("weights", weights).clone();
      return this;
    }

    /** The options as a loss; close it after use. */
    public DistillationLoss build() {
      return new DistillationLoss(this);
    }
  }
}
