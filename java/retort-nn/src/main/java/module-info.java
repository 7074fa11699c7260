/** Tensors, devices, layers, networks, optimisers and schedules. */
module io.retort.nn {
  requires transitive io.retort.kernels;
  requires org.bytedeco.openblas;
  requires static org.bytedeco.cuda;

  exports io.retort.nn;
}
