package io.retort.kernels;

import io.retort.kernels.binding.Retort;

/** The instruction set that the kernels run on. */
public final class InstructionSet {
  private InstructionSet() {}

  /**
   * {@code "scalar"}, {@code "avx2"} or {@code "avx512"}: the widest that this machine supports, or
   * the one that the environment variable {@code RETORT_ISA} names.
   */
  public static String current() {
    return Retort.retort_instruction_set().getString();
  }
}
