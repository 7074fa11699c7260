package io.retort.kernels;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/**
 * The logits of an ensemble's members: matrices of one shape, stride and type. Make it once and
 * pass it to many calls, from any thread. With a matrix over an array among them, every call
 * allocates.
 */
public final class Members {
  private static final int MOST = 1024;

  private final Matrix[] matrices;

  /** What every call is lent where each matrix has one address for life, and otherwise null. */
  private final Addresses addresses;

  private Members(Matrix[] matrices) {
    this.matrices = matrices;
    this.addresses = allNative() ? new Addresses(open("member", false, new Loan[count()])) : null;
    if (addresses != null) {
      addresses.close();
    }
  }

  /**
   * The members in this order.
   *
   * @param matrices 1 to 1024
   * @throws IllegalArgumentException for another number, for null, for a matrix over freed memory,
   *     and for one whose shape, stride or type is not that of the first
   */
  public static Members of(Matrix... matrices) {
    Arguments.notNull("matrices", matrices);
    if (matrices.length < 1 || matrices.length > MOST) {
      throw new IllegalArgumentException(
          "members must number 1 to " + MOST + ", got " + matrices.length);
    }
    Matrix[] members = matrices.clone();
    for (int k = 0; k < members.length; k++) {
      String name = "member " + k;
      Arguments.notNull(name, members[k]).checkLike(name, members[0], "member 0");
      if (members[k].stride() != members[0].stride()) {
        throw new IllegalArgumentException(
            name
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

  /** How the elements are stored. */
  public DType dtype() {
    return matrices[0].dtype();
  }

  /** Number of rows of each member. */
  public long rows() {
    return matrices[0].rows();
  }

  /** Number of classes. */
  public long columns() {
    return matrices[0].columns();
  }

  /** Elements from one row of a member to the next. */
  long stride() {
    return matrices[0].stride();
  }

  /** Number of members, or 0 for null. */
  static int count(Members members) {
    return members == null ? 0 : members.count();
  }

  /** Elements from one row of a member to the next, or 0 for null. */
  static long stride(Members members) {
    return members == null ? 0 : members.stride();
  }

  /** Fails unless each matrix of this argument {@code name} has that argument's shape and type. */
  void checkLike(String name, Matrix that, String thatName) {
    matrices[0].checkLike(name, that, thatName);
  }

  /** Lends the members, or null for none, to one call as the array of addresses it takes. */
  static Loan read(String name, Members members) {
    return members == null ? Loan.NONE : members.lend(name, false);
  }

  /** Lends the members to one call that writes them. */
  static Loan write(String name, Members members) {
    for (int k = 0; k < members.count(); k++) {
      if (members.matrices[k].isReadOnly()) {
        throw Matrix.readOnly(name + " " + k);
      }
    }
    return members.lend(name, true);
  }

  private Loan lend(String name, boolean written) {
    if (addresses == null) {
      return new Addresses(open(name, written, new Loan[count()]));
    }
    open(name, written, addresses.loans);
    return addresses;
  }

  private boolean allNative() {
    for (Matrix matrix : matrices) {
      if (!matrix.isNative()) {
        return false;
      }
    }
    return true;
  }

  /** Opens a loan of each matrix: for a native one the same every time. */
  private Loan[] open(String name, boolean written, Loan[] loans) {
    for (int k = 0; k < loans.length; k++) {
      Loan loan = written ? matrices[k].lendWritable() : matrices[k].lend();
      if (loan == null) {
        close(loans, k);
        throw Memory.freed(name + " " + k);
      }
      loans[k] = loan;
    }
    return loans;
  }

  private static void close(Loan[] loans, int count) {
    for (int k = 0; k < count; k++) {
      loans[k].close();
    }
  }

  /** The array of the members' addresses. */
  private static final class Addresses implements Loan {
    private final Loan[] loans;
    private final ByteBuffer array;
    private final long address;

    Addresses(Loan[] loans) {
      this.loans = loans;
      array = DirectMemory.allocate(loans.length * Long.BYTES);
      for (Loan loan : loans) {
        array.putLong(loan.address());
      }
      address = DirectMemory.address(array);
    }

    @Override
    public long address() {
      return address;
    }

    @Override
    public void close() {
      try {
        Members.close(loans, loans.length);
      } finally {
        Reference.reachabilityFence(array);
      }
    }
  }
}
