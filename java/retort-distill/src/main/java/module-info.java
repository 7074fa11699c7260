/** Ensembles, distillation methods, the training loop, checkpoints and reports. */
module io.retort.distill {
  requires transitive com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires com.samskivert.jmustache;
  requires io.retort.data;
  requires io.retort.kernels;
  requires io.retort.nn;
  requires java.desktop;

  exports io.retort.distill;
  exports io.retort.distill.multiview;
  exports io.retort.distill.real;
  exports io.retort.distill.report;
  exports io.retort.distill.targets;
  exports io.retort.distill.transfer;

  opens io.retort.distill to
      com.fasterxml.jackson.databind;
  opens io.retort.distill.multiview to
      com.fasterxml.jackson.databind,
      com.samskivert.jmustache;
  opens io.retort.distill.real to
      com.fasterxml.jackson.databind;
  opens io.retort.distill.report to
      com.fasterxml.jackson.databind,
      com.samskivert.jmustache;
  opens io.retort.distill.targets to
      com.fasterxml.jackson.databind;
  opens io.retort.distill.transfer to
      com.fasterxml.jackson.databind;
}
