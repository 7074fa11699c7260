package io.retort.benchmarks;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.retort.kernels.DType;
import java.util.Locale;

/**
 * One provider's kernel on one shape: a row of the results.
 *
 * @param kernel what was measured
 * @param provider whose implementation
 * @param rows rows of the logits
 * @param classes classes of the logits
 * @param teachers number of teachers
 * @param dtype type of the logits
 * @param threads threads that worked
 * @param median nanoseconds of a call
 * @param p20 the fastest fifth took no longer
 * @param p80 the slowest fifth took no less
 * @param modelBytes bytes that any implementation must move
 * @param shareOfCopy time of a copy of as many bytes in the same run over the median: 1 is the
 *     speed of memory
 * @param machine the processor
 * @param commit the sources
 */
@JsonPropertyOrder({
  "kernel",
  "provider",
  "rows",
  "classes",
  "teachers",
  "dtype",
  "threads",
  "median_ns",
  "p20_ns",
  "p80_ns",
  "model_bytes",
  "gigabytes_per_second",
  "share_of_copy",
  "machine",
  "commit"
})
record Measurement(
    String kernel,
    String provider,
    long rows,
    int classes,
    int teachers,
    DType dtype,
    int threads,
    @JsonProperty("median_ns") double median,
    @JsonProperty("p20_ns") double p20,
    @JsonProperty("p80_ns") double p80,
    @JsonProperty("model_bytes") long modelBytes,
    @JsonProperty("share_of_copy") double shareOfCopy,
    String machine,
    String commit) {

  /** What two providers must share for their times to be compared. */
  record Problem(
      String kernel,
      long rows,
      int classes,
      int teachers,
      DType dtype,
      int threads,
      String machine,
      String commit) {}

  /** A constant as the results write it: in lower case, with hyphens. */
  static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** 10^9 model bytes a second. */
  @JsonProperty(value = "gigabytes_per_second", access = JsonProperty.Access.READ_ONLY)
  double gigabytesPerSecond() {
    return modelBytes / median;
  }

  /** The problem that was solved. */
  @JsonIgnore
  Problem problem() {
    return new Problem(kernel, rows, classes, teachers, dtype, threads, machine, commit);
  }

  /**
   * Whether Retort's own kernels were measured; the provider's name carries the instruction set.
   */
  @JsonIgnore
  boolean isRetort() {
    return provider.startsWith(RetortProvider.NAME);
  }
}
