package io.retort.cli.doctor;

import java.util.function.Supplier;

/** Whether native code can be loaded, and what it says of itself. */
final class NativeLibraries {
  private NativeLibraries() {}

  /**
   * Retort's kernels.
   *
   * @param instructionSet asks them for their instruction set, and so loads them
   * @param wanted the environment variable RETORT_ISA; null if it is not set
   */
  static Finding kernels(Supplier<String> instructionSet, String wanted) {
    try {
      String current = instructionSet.get();
      if (wanted == null || wanted.isEmpty()) {
        return Finding.ok("kernels", current);
      }
      return wanted.equals(current)
          ? Finding.ok("kernels", current + ", as RETORT_ISA asks")
          : Finding.note(
              "kernels",
              current + "; RETORT_ISA=" + wanted + " is ignored, for this machine has none such");
    } catch (LinkageError | RuntimeException e) {
      return Finding.problem("kernels", "cannot be loaded: " + reason(e));
    }
  }

  /**
   * OpenBLAS, which multiplies matrices.
   *
   * @param load loads it; returns what it says of itself
   */
  static Finding openBlas(Supplier<String> load) {
    try {
      return Finding.ok("OpenBLAS", load.get());
    } catch (LinkageError | RuntimeException e) {
      return Finding.problem("OpenBLAS", "cannot be loaded: " + reason(e));
    }
  }

  /** The innermost reason that has words, on one line. */
  static String reason(Throwable failure) {
    String reason = failure.toString();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause.getMessage() != null) {
        reason = cause.getMessage();
      }
    }
    return reason.lines().findFirst().orElse("");
  }
}
