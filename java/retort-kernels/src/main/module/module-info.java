/** Retort's kernels for the JVM. */
module io.retort.kernels {
  requires transitive org.bytedeco.javacpp;

  exports io.retort.kernels;
  exports io.retort.kernels.binding to
      io.retort.nn,
      org.bytedeco.javacpp;
  exports io.retort.kernels.binding.cuda to
      io.retort.nn,
      org.bytedeco.javacpp;

  opens io.retort.kernels.binding to
      org.bytedeco.javacpp;
  opens io.retort.kernels.binding.cuda to
      org.bytedeco.javacpp;
}
