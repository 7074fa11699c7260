package io.retort.benchmarks;

import io.retort.kernels.DType;
import java.util.List;

/**
 * Results as a run would give them: two providers on three problems, in no order of classes, and
 * Retort on one of them in bf16.
 */
final class SampleResults {
  private SampleResults() {}

  static final Measurement RETORT = row("logits", "retort-avx512", 100, 4, 4000);
  static final Measurement PYTORCH = row("logits", "pytorch-autograd", 100, 4, 50_000);

  static final Measurements ALL =
      new Measurements(
          List.of(
              RETORT,
              PYTORCH,
              row("logits", "retort-avx512", 10, 4, 2000),
              row("logits", "pytorch-autograd", 10, 4, 60_000),
              row("probabilities", "retort-avx512", 10, 4, 3000),
              row("probabilities", "retort-avx512", 10, 1, 2500),
              row("logits", "retort-avx512", 100, 4, DType.BF16, 5000)));

  /** A row of f32 whose copy took 1000 ns. */
  static Measurement row(String mean, String provider, int classes, int teachers, double median) {
    return row(mean, provider, classes, teachers, DType.F32, median);
  }

  /** A row whose copy took 1000 ns. */
  static Measurement row(
      String mean, String provider, int classes, int teachers, DType dtype, double median) {
    return new Measurement(
        "distillation-loss-of-" + mean,
        provider,
        50,
        classes,
        teachers,
        dtype,
        2,
        median,
        median - 500.25,
        median + 500,
        120_000,
        1000 / median,
        "A processor, \"quoted\", 2 cores",
        "abc123-dirty");
  }
}
