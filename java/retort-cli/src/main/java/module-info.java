/** The command {@code retort}. */
module io.retort.cli {
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires info.picocli;
  requires io.retort.data;
  requires io.retort.distill;
  requires io.retort.kernels;
  requires io.retort.nn;
  requires me.tongfei.progressbar;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.openblas;

  opens io.retort.cli to
      info.picocli;
  opens io.retort.cli.settings to
      info.picocli;
}
