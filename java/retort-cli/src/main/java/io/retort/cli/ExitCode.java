package io.retort.cli;

/** What the command's exit codes mean. */
final class ExitCode {
  /** It did what was asked. */
  static final int OK = 0;

  /** {@code retort doctor} found that a quickstart would not work. */
  static final int NOT_READY = 1;

  /** It cannot do what was asked; the message says why and what to do. */
  static final int REFUSED = 2;

  /** A mistake in Retort (EX_SOFTWARE of sysexits.h). */
  static final int BUG = 70;

  /** It was interrupted (128 + SIGINT, as a shell reports it). */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
