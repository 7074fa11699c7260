package io.retort.kernels;

/**
 * An argument lent to one call of a kernel, as the address it is passed as. Closing ends the loan,
 * which must be after the call.
 */
interface Loan extends AutoCloseable {
  /** An argument that is left out. */
  Loan NONE =
      new Loan() {
        @Override
        public long address() {
          return 0;
        }

        @Override
        public void close() {}
      };

  /** Where the argument begins. */
  long address();

  @Override
  void close();
}
