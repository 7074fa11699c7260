package io.retort.distill;

/**
 * Where a run was made and how: {@code provenance.json}. It stands apart from the results, so that
 * the same configuration gives the same bytes of {@code results.json} on any day. Any text may be
 * null: not known.
 *
 * @param command the command line that repeats the run
 * @param version version of Retort
 * @param commit commit it was built from
 * @param machine the processor, or the GPU, that did the work
 * @param isa instruction set of the kernels, for example {@code avx512}
 * @param threads threads of the CPU; 0 for not known
 * @param seconds time the run took; 0 for not known
 * @param finishedAt when it ended, ISO 8601 in UTC
 */
public record Provenance(
    String command,
    String version,
    String commit,
    String machine,
    String isa,
    int threads,
    double seconds,
    String finishedAt) {}
