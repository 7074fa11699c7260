package io.retort.kernels;

import io.retort.kernels.binding.EnsembleMeanOptions;
import io.retort.kernels.binding.Retort;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Pointer;

/**
 * The mean of an ensemble's logits or probabilities.
 *
 * <p>An instance is a set of options that never changes; any number of threads may use it at once.
 * It need not be closed: its native memory, some hundred bytes, goes with it to the garbage
 * collector. A call over direct buffers and pointers allocates nothing.
 */
public final class EnsembleMean {
  private static final int OPTIONS_BYTES = new EnsembleMeanOptions((Pointer) null).sizeof();

  /** The options once for each type of matrix. */
  private final ByteBuffer options = DirectMemory.allocate(DType.values().length * OPTIONS_BYTES);

  private final long optionsAddress = DirectMemory.address(options);
  private final NativeFloats weights;

  private EnsembleMean(Builder builder) {
    weights = new NativeFloats(builder.weights);
    try (EnsembleMeanOptions values = builder.options(weights)) {
      for (DType dtype : DType.values()) {
        values.dtype(dtype.value);
        options.put(new Pointer(values).capacity(OPTIONS_BYTES).asByteBuffer());
      }
    }
  }

  /** Options as they are before anything is set: see {@link Builder}. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Writes the mean of the members once, with options made for this call alone.
   *
   * @param members K matrices [rows, classes]
   * @param weights as {@link Builder#weights}; null for equal weights
   * @param mean what is averaged
   * @param temperature in [1e-18, 1e18]
   * @param kind what is written
   * @param output [rows, classes] of the members' type; may be a member
   * @param pool where it runs; null for the calling thread
   * @throws IllegalArgumentException for an argument out of its range, before anything is written
   * @throws IllegalStateException if the pool is closed
   */
  public static void compute(
      Members members,
      float[] weights,
      Mean mean,
      float temperature,
      Output kind,
      Matrix output,
      ThreadPool pool) {
    of(members, weights, mean, temperature, kind).compute(members, output, pool);
  }

  /**
   * The options for one call.
   *
   * @param members what they are for
   * @param weights as {@link Builder#weights}; null for equal weights
   * @param mean what is averaged
   * @param temperature in [1e-18, 1e18]
   * @param kind what is written
   * @throws IllegalArgumentException for null, and unless there is a weight a member
   */
  public static EnsembleMean of(
      Members members, float[] weights, Mean mean, float temperature, Output kind) {
    Arguments.notNull("members", members);
    Builder builder = builder().mean(mean).temperature(temperature);
    builder.output(Arguments.notNull("kind", kind));
    if (weights != null) {
      if (weights.length != members.count()) {
        throw new IllegalArgumentException(
            "weights must number " + members.count() + ", one a member, got " + weights.length);
      }
      builder.weights(weights);
    }
    return builder.build();
  }

  /**
   * Writes the mean of the members.
   *
   * @param members K matrices [rows, classes]
   * @param output [rows, classes] of the members' type; may be a member
   * @param pool where it runs; null for the calling thread
   * @throws IllegalArgumentException for an argument or option out of its range, before anything is
   *     written
   * @throws IllegalStateException if the pool is closed
   */
  public void compute(Members members, Matrix output, ThreadPool pool) {
    check(members, output);
    int status;
    try (Loan in = Members.read("members", members);
        Loan out = Matrix.write("output", output);
        Loan executor = ThreadPool.lend(pool)) {
      status =
          Retort.retort_ensemble_mean(
              optionsFor(output.dtype()),
              members.rows(),
              members.columns(),
              in.address(),
              members.count(),
              members.stride(),
              out.address(),
              output.stride(),
              executor.address());
    } finally {
      Reference.reachabilityFence(this);
    }
    Status.check(status);
  }

  /** Fails unless the matrices are of one shape and type, and there is a weight a member. */
  void check(Members members, Matrix output) {
    Arguments.notNull("members", members);
    Arguments.notNull("output", output);
    members.checkLike("members", output, "output");
    weights.checkNumber("members", "weight", members.count());
  }

  /** The address of the options for matrices of this type. */
  long optionsFor(DType dtype) {
    return optionsAddress + (long) OPTIONS_BYTES * dtype.value;
  }

  /**
   * The options of an {@link EnsembleMean}, each with its default. Numbers are checked by the call.
   */
  public static final class Builder {
    private Mean mean = Mean.LOGITS;
    private Output output = Output.LOGITS;
    private float temperature = 1;
    private float[] weights;

    private Builder() {}

    private EnsembleMeanOptions options(NativeFloats memberWeights) {
      return Retort.retort_ensemble_mean_options_default()
          .mean(mean.value)
          .output(output.value)
          .temperature(temperature)
          .member_weights(memberWeights.pointer());
    }

    /** What is averaged; logits unless set. */
    public Builder mean(Mean mean) {
      this.mean = Arguments.notNull("mean", mean);
      return this;
    }

    /** What is written; logits unless set. */
    public Builder output(Output output) {
      this.output = Arguments.notNull("output", output);
      return this;
    }

    /** In [1e-18, 1e18]; 1 unless set. */
    public Builder temperature(float temperature) {
      this.temperature = temperature;
      return this;
    }

    /**
     * One weight a member, finite, at least 0 and with a sum above 0, by which they are divided;
     * equal unless set. A member of weight 0 is not read.
     */
    public Builder weights(float... weights) {
      this.weights = Arguments.notNull("weights", weights).clone();
      return this;
    }

    /** The options as a mean. */
    public EnsembleMean build() {
      return new EnsembleMean(this);
    }
  }
}
