package io.retort.nn;

import io.retort.kernels.RetortException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.openblas.global.openblas;

/** The matrix product that the kernels are lent. */
final class OpenBlas {
  private OpenBlas() {}

  /**
   * The address of OpenBLAS's cblas_sgemm. OpenBLAS is set to one thread, for the whole process,
   * because the kernels call it from threads of their own.
   */
  static Pointer sgemm() {
    try {
      Loader.load(openblas.class);
    } catch (UnsatisfiedLinkError missing) {
      throw new RetortException(
          "OpenBLAS cannot be loaded; is the jar org.bytedeco:openblas for this platform on the"
              + " class path?",
          missing);
    }
    openblas.blas_set_num_threads(1);
    return Loader.addressof("cblas_sgemm");
  }
}
