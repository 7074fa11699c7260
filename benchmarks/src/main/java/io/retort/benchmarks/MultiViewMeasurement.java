package io.retort.benchmarks;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * One provider's step of the multi-view networks: a row of the results.
 *
 * @param provider whose implementation
 * @param networks networks side by side
 * @param samples samples of a step
 * @param patches patches of a sample
 * @param dimension size of a patch
 * @param threads threads that worked
 * @param steps steps that were timed
 * @param median nanoseconds of a step
 * @param fastest nanoseconds of the fastest
 * @param gigaflops 10^9 floating point operations of the two matrix products a second
 * @param machine the processor
 * @param commit the sources
 */
@JsonPropertyOrder({
  "provider",
  "networks",
  "samples",
  "patches",
  "dimension",
  "threads",
  "steps",
  "median_ns",
  "fastest_ns",
  "gigaflops",
  "machine",
  "commit"
})
record MultiViewMeasurement(
    String provider,
    int networks,
    int samples,
    int patches,
    int dimension,
    int threads,
    int steps,
    @JsonProperty("median_ns") double median,
    @JsonProperty("fastest_ns") double fastest,
    double gigaflops,
    String machine,
    String commit) {}
