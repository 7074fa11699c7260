package io.retort.benchmarks;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * One provider's training step on one network: a row of the results.
 *
 * @param network the architecture
 * @param provider whose implementation
 * @param batch images of a step
 * @param threads threads that worked
 * @param median nanoseconds of a step
 * @param p20 the fastest fifth took no longer
 * @param p80 the slowest fifth took no less
 * @param gigaflops 10^9 floating point operations of the network's products a second
 * @param shareOfMatrixProduct of the speed of OpenBLAS's large product in the same run
 * @param machine the processor
 * @param commit the sources
 */
@JsonPropertyOrder({
  "network",
  "provider",
  "batch",
  "threads",
  "median_ns",
  "p20_ns",
  "p80_ns",
  "images_per_second",
  "gigaflops",
  "share_of_matrix_product",
  "machine",
  "commit"
})
record TrainingMeasurement(
    String network,
    String provider,
    int batch,
    int threads,
    @JsonProperty("median_ns") double median,
    @JsonProperty("p20_ns") double p20,
    @JsonProperty("p80_ns") double p80,
    double gigaflops,
    @JsonProperty("share_of_matrix_product") double shareOfMatrixProduct,
    String machine,
    String commit) {

  /** Images trained on in a second. */
  @JsonProperty(value = "images_per_second", access = JsonProperty.Access.READ_ONLY)
  double imagesPerSecond() {
    return batch * 1e9 / median;
  }
}
