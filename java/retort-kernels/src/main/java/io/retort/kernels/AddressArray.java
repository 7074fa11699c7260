package io.retort.kernels;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;

/** Several loans lent to one call as the array of their addresses. */
final class AddressArray implements Loan {
  private final Loan[] loans;
  private final ByteBuffer array;
  private int open;

  private AddressArray(int count) {
    loans = new Loan[count];
    array = DirectMemory.allocate(Math.max(1, count) * Long.BYTES);
  }

  /** Lends a part of each item; {@code lend} gives null for one whose memory has been freed. */
  static <T> AddressArray lend(String name, List<T> items, Function<T, Loan> lend) {
    AddressArray lent = new AddressArray(items.size());
    for (int k = 0; k < items.size(); k++) {
      Loan loan = lend.apply(items.get(k));
      if (loan == null) {
        lent.close();
        throw Memory.freed(name + " " + k);
      }
      lent.loans[lent.open++] = loan;
      lent.array.putLong(k * Long.BYTES, loan.address());
    }
    return lent;
  }

  @Override
  public long address() {
    return DirectMemory.address(array);
  }

  @Override
  public void close() {
    try {
      for (int k = 0; k < open; k++) {
        loans[k].close();
      }
    } finally {
      Reference.reachabilityFence(array);
    }
  }
}
