package io.retort.cli.doctor;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas;
import org.bytedeco.openblas.global.openblas_full;

/** What OpenBLAS says of itself. */
final class OpenBlas {
  private OpenBlas() {}

  /**
   * For example {@code 0.3.31 with kernels for Zen, 1 thread a product, which Retort's threads
   * share out; /cache/libjniopenblas.so}. Loads the library.
   *
   * @throws UnsatisfiedLinkError if there is none
   */
  static String describe() {
    String file = Loader.load(openblas.class);
    openblas.blas_set_num_threads(1); // as every computation of Retort has it
    return describe(
        openblas_full.openblas_get_config().getString(),
        openblas_full.openblas_get_corename().getString(),
        openblas_full.openblas_get_num_threads(),
        file);
  }

  static String describe(String config, String core, int threads, String file) {
    return "%s with kernels for %s, %d %s a product, which Retort's threads share out; %s"
        .formatted(version(config), core, threads, threads == 1 ? "thread" : "threads", file);
  }

  /** Of a text such as {@code OpenBLAS 0.3.31 DYNAMIC_ARCH NO_AFFINITY Zen MAX_THREADS=64}. */
  private static String version(String config) {
    String[] words = config.split(" ", -1);
    return words.length > 1 ? words[1] : config;
  }
}
