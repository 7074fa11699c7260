package io.retort.kernels;

import io.retort.kernels.binding.Retort;
import io.retort.kernels.binding.cuda.RetortCuda;
import java.io.File;
import java.io.IOException;
import org.bytedeco.javacpp.Loader;

/** The library of the CUDA kernels, {@code libretort_cuda.so}, which not every build has. */
public final class CudaLibrary {
  private static final String FILE = "libretort_cuda.so";

  /** The system property that names the file of another library than the packed one. */
  public static final String PROPERTY = "retort.cuda.library";

  private static boolean loaded;

  /** Why the library could not be loaded: Java would not say it again of a class that failed. */
  private static String failure;

  private CudaLibrary() {}

  /**
   * Loads the library: the file that the system property {@value #PROPERTY} names, or else the one
   * packed with this build. Loading it again is no error and does nothing.
   *
   * @throws RetortException if there is none, or it cannot be loaded, saying why
   */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    if (failure != null) {
      throw new RetortException(failure);
    }
    String file = find();
    try {
      // Global, because the glue refers to the library's functions without being linked to it.
      Loader.loadGlobal(file);
      Loader.load(RetortCuda.class);
    } catch (LinkageError cannot) {
      RetortException reason = cannotBeLoaded(file, cannot);
      failure = reason.getMessage();
      throw reason;
    }
    loaded = true;
  }

  /** The exception for a library that was not loaded, with the words of the innermost cause. */
  public static RetortException cannotBeLoaded(String library, LinkageError failure) {
    String reason = failure.toString();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      reason = cause.getMessage() == null ? reason : cause.getMessage();
    }
    return new RetortException(library + " cannot be loaded: " + reason, failure);
  }

  private static String find() {
    String named = System.getProperty(PROPERTY, "");
    if (!named.isEmpty()) {
      return named;
    }
    try {
      File packed = Loader.cacheResource(CudaLibrary.class, Loader.getPlatform() + "/" + FILE);
      if (packed == null) {
        throw new RetortException("this build of Retort has no CUDA kernels");
      }
      return packed.getPath();
    } catch (IOException cannot) {
      throw new RetortException(FILE + " cannot be unpacked", cannot);
    }
  }

  /** As {@link Status#check}, for a call of this library, which keeps messages of its own. */
  public static void check(int status) {
    if (status != Retort.RETORT_OK) {
      throw Status.exception(status, RetortCuda.retort_cuda_last_error());
    }
  }
}
