package io.retort.kernels;

import io.retort.kernels.binding.NativeThreadPool;
import io.retort.kernels.binding.Retort;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.bytedeco.javacpp.Pointer;

/**
 * A fixed number of native threads that operations run on. Results have the same bits for any
 * number. Calls that share a pool take turns.
 */
public final class ThreadPool implements AutoCloseable {
  private final int threads;
  private final NativeThreadPool pool = new NativeThreadPool();
  private final Pointer executor;
  private final ReentrantLock turns = new ReentrantLock();
  private final Turn turn = new Turn();
  private boolean closed;

  /**
   * Starts a pool.
   *
   * @param threads how many tasks run at a time, the calling thread counted; 1 to 1024
   * @throws IllegalArgumentException for another number
   * @throws RetortException if the system gives no more threads
   */
  public ThreadPool(int threads) {
    Status.check(Retort.retort_thread_pool_create(threads, pool));
    this.threads = threads;
    this.executor = Retort.retort_thread_pool_executor(pool);
  }

  /** How many tasks run at a time. */
  public int threads() {
    return threads;
  }

  /**
   * Runs one native call on this pool and checks its status.
   *
   * @param call takes the executor and returns the status
   * @throws IllegalArgumentException for null, and for an argument that the call refuses
   * @throws RetortException if the call fails otherwise
   * @throws IllegalStateException if the pool is closed
   */
  public void run(ToIntFunction<Pointer> call) {
    Arguments.notNull("call", call);
    Loan loan = lend(this);
    try {
      Status.check(call.applyAsInt(executor));
    } finally {
      loan.close();
    }
  }

  /** Lends a pool, or null for the calling thread, to one call as its executor. */
  static Loan lend(ThreadPool pool) {
    if (pool == null) {
      return Loan.NONE;
    }
    pool.turns.lock();
    if (pool.closed) {
      pool.turns.unlock();
      throw new IllegalStateException("the thread pool is closed");
    }
    return pool.turn;
  }

  /**
   * Ends the threads once the call under way has returned. Closing twice is no error.
   *
   * @throws IllegalStateException if the call under way is what closes the pool
   */
  @Override
  public void close() {
    if (turns.isHeldByCurrentThread()) {
      throw new IllegalStateException("the thread pool cannot be closed by a call that runs on it");
    }
    turns.lock();
    try {
      if (!closed) {
        closed = true;
        Retort.retort_thread_pool_destroy(pool);
      }
    } finally {
      turns.unlock();
    }
  }

  /** The pool lent to the call whose turn it is. */
  private final class Turn implements Loan {
    @Override
    public long address() {
      return executor.address();
    }

    @Override
    public void close() {
      turns.unlock();
    }
  }
}
