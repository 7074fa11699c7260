package io.retort.cli;

import io.retort.distill.Interruption;
import java.util.concurrent.CountDownLatch;

/**
 * Lets a run end in order when the process is asked to end (Ctrl-C, SIGTERM). The JVM answers such
 * a signal by running its shutdown hooks; this one asks the run to stop and waits until it has left
 * its checkpoint and its last words. The JVM then exits with 128 + the number of the signal.
 */
final class InterruptSignal {
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook;

  private InterruptSignal(Interruption interruption) {
    hook =
        new Thread(
            () -> {
              interruption.request();
              awaitFinish();
            },
            "retort-interrupt");
  }

  /** Requests the interruption when a signal comes, until this is closed. */
  static InterruptSignal passTo(Interruption interruption) {
    InterruptSignal signal = new InterruptSignal(interruption);
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  private void awaitFinish() {
    try {
      finished.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** No signal reaches the run any more; one that has come may end the process now. */
  void close() {
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The JVM is ending already, by the very signal this waited for.
    }
  }
}
