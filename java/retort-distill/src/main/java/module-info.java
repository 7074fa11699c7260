/** Ensembles, distillation methods, the training loop, checkpoints and reports. */
module io.retort.distill {
  requires transitive com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires io.retort.data;
  requires io.retort.kernels;
  requires io.retort.nn;

  exports io.retort.distill;

  opens io.retort.distill to
      com.fasterxml.jackson.databind;
}
