/** The command {@code retort}. */
module io.retort.cli {
  requires com.fasterxml.jackson.dataformat.yaml;
  requires info.picocli;
  requires io.retort.distill;
  requires me.tongfei.progressbar;

  opens io.retort.cli to
      info.picocli;
  opens io.retort.cli.settings to
      info.picocli;
}
