package io.retort.kernels;

import io.retort.kernels.binding.EnsembleMeanOptions;
import io.retort.kernels.binding.Retort;
import org.bytedeco.javacpp.FloatPointer;

/** The mean of an ensemble's logits or probabilities. */
public final class EnsembleMean {
  private EnsembleMean() {}

  /**
   * Writes the mean of the members.
   *
   * @param members K matrices [rows, classes]
   * @param weights K finite weights of at least 0 and a sum above 0, by which they are divided;
   *     null for equal weights. A member of weight 0 is not read.
   * @param mean what is averaged
   * @param temperature finite, above 0
   * @param kind what is written
   * @param output [rows, classes]; may be a member
   * @param pool where it runs; null for the calling thread
   */
  public static void compute(
      Members members,
      float[] weights,
      Mean mean,
      float temperature,
      Output kind,
      Matrix output,
      ThreadPool pool) {
    Arguments.notNull("members", members);
    Arguments.notNull("mean", mean);
    Arguments.notNull("kind", kind);
    Arguments.notNull("output", output).checkShape("output", members.rows(), members.columns());
    if (weights != null && weights.length != members.count()) {
      throw new IllegalArgumentException(
          "weights must number " + members.count() + ", one a member, got " + weights.length);
    }
    try (EnsembleMeanOptions options = Retort.retort_ensemble_mean_options_default();
        FloatPointer memberWeights = weights == null ? null : new FloatPointer(weights);
        Members.Loan in = members.read();
        Matrix.Loan out = output.write("output")) {
      options
          .mean(mean.value)
          .output(kind.value)
          .temperature(temperature)
          .member_weights(memberWeights);
      ThreadPool.run(
          pool,
          executor ->
              Retort.retort_ensemble_mean(
                  options,
                  members.rows(),
                  members.columns(),
                  in.pointers,
                  members.count(),
                  members.stride(),
                  out.pointer,
                  output.stride(),
                  executor));
    }
  }
}
