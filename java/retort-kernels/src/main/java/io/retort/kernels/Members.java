package io.retort.kernels;

import java.util.function.IntFunction;
import org.bytedeco.javacpp.PointerPointer;

/** The logits of an ensemble's members: matrices of one shape and stride. */
public final class Members {
  private final Matrix[] matrices;

  private Members(Matrix[] matrices) {
    this.matrices = matrices;
  }

  /** The members in this order; at least one, at most 1024. */
  public static Members of(Matrix... matrices) {
    Arguments.notNull("matrices", matrices);
    if (matrices.length < 1 || matrices.length > 1024) {
      throw new IllegalArgumentException("members must number 1 to 1024, got " + matrices.length);
    }
    Matrix[] members = matrices.clone();
    for (int k = 0; k < members.length; k++) {
      Arguments.notNull("member " + k, members[k]);
      members[k].checkShape("member " + k, members[0].rows(), members[0].columns());
      if (members[k].stride() != members[0].stride()) {
        throw new IllegalArgumentException(
            "member "
                + k
                + " must have the stride "
                + members[0].stride()
                + " of member 0, got "
                + members[k].stride());
      }
    }
    return new Members(members);
  }

  /** Number of members. */
  public int count() {
    return matrices.length;
  }

  /** Number of rows of each member. */
  public long rows() {
    return matrices[0].rows();
  }

  /** Number of classes. */
  public long columns() {
    return matrices[0].columns();
  }

  long stride() {
    return matrices[0].stride();
  }

  /**
   * Fails unless each member has the given shape; {@code name} is the argument's in the message.
   */
  void checkShape(String name, long rows, long columns) {
    if (rows() != rows || columns() != columns) {
      throw new IllegalArgumentException(
          name + " must be " + rows + " x " + columns + ", got " + rows() + " x " + columns());
    }
  }

  Loan read() {
    return new Loan(count(), k -> matrices[k].read("member " + k));
  }

  /** Lends the memory to one call that writes it; {@code name} is the argument's in messages. */
  Loan write(String name) {
    return new Loan(count(), k -> matrices[k].write(name + " " + k));
  }

  /** The members' memory lent to one call, as the array of pointers that the kernels take. */
  static final class Loan implements AutoCloseable {
    final PointerPointer<?> pointers;
    private final Matrix.Loan[] loans;

    private Loan(int count, IntFunction<Matrix.Loan> lend) {
      loans = new Matrix.Loan[count];
      pointers = new PointerPointer<>(count);
      try {
        for (int k = 0; k < count; k++) {
          loans[k] = lend.apply(k);
          pointers.put(k, loans[k].pointer);
        }
      } catch (RuntimeException failure) {
        close();
        throw failure;
      }
    }

    static PointerPointer<?> pointers(Loan loan) {
      return loan == null ? null : loan.pointers;
    }

    @Override
    public void close() {
      pointers.deallocate();
      for (Matrix.Loan loan : loans) {
        if (loan != null) {
          loan.close();
        }
      }
    }
  }
}
