package io.retort.kernels;

import io.retort.kernels.binding.NativeThreadPool;
import io.retort.kernels.binding.Retort;
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
  private boolean closed;

  /**
   * Starts a pool.
   *
   * @param threads how many tasks run at a time, the calling thread counted; 1 to 1024
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
   * @throws IllegalStateException if the pool is closed
   */
  public synchronized void run(ToIntFunction<Pointer> call) {
    if (closed) {
      throw new IllegalStateException("the thread pool is closed");
    }
    Status.check(call.applyAsInt(executor));
  }

  /** Runs on {@code pool}, or where that is null on the calling thread. */
  static void run(ThreadPool pool, ToIntFunction<Pointer> call) {
    if (pool == null) {
      Status.check(call.applyAsInt(null));
    } else {
      pool.run(call);
    }
  }

  /** Ends the threads once the call under way has returned. Closing twice is no error. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      Retort.retort_thread_pool_destroy(pool);
    }
  }
}
