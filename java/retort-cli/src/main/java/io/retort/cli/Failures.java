package io.retort.cli;

import io.retort.kernels.RetortException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Tells the user in one sentence why the command failed, and what to do. */
final class Failures {
  /** The option that shows stack traces. */
  static final String DEBUG = "--debug";

  private final Invocation invocation;
  private final PrintWriter err;

  Failures(Invocation invocation) {
    this.invocation = invocation;
    this.err = invocation.errWriter();
  }

  /** Tells of a command line that cannot be understood; returns the exit code. */
  int ofUsage(ParameterException failure) {
    if (failure.getCause() != null && !(failure.getCause() instanceof IllegalArgumentException)) {
      return of(failure.getCause());
    }
    String command = failure.getCommandLine().getCommandSpec().qualifiedName();
    say(failure, failure.getMessage());
    UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("Try '" + command + " --help'.");
    return ExitCode.REFUSED;
  }

  /** Tells of a failed command; returns the exit code. */
  int of(Throwable failure) {
    String sentence = explain(failure);
    if (sentence != null) {
      say(failure, sentence);
      return ExitCode.REFUSED;
    }
    say(
        failure,
        "this is a mistake in Retort ("
            + failure
            + ")"
            + (invocation.has(DEBUG)
                ? "; please report it with the lines above"
                : "; please run it again with --debug and report what it says"));
    return ExitCode.BUG;
  }

  private void say(Throwable failure, String sentence) {
    if (invocation.has(DEBUG)) {
      failure.printStackTrace(err);
    }
    err.println("retort: " + sentence);
  }

  /** What went wrong, if it is something that the user can put right; null otherwise. */
  private static String explain(Throwable failure) {
    if (failure instanceof IllegalArgumentException || failure instanceof RetortException) {
      return failure.getMessage();
    } else if (failure instanceof IOException file) {
      return ofFile(file);
    } else if (failure instanceof OutOfMemoryError) {
      long mebibytes = Runtime.getRuntime().maxMemory() >> 20;
      return "out of memory; use a smaller --batch-size, --train-limit or --parallel, or give Java"
          + " more than its "
          + mebibytes
          + " MiB: JDK_JAVA_OPTIONS=-Xmx8g";
    } else if (failure instanceof LinkageError) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      return "the native libraries cannot be loaded ("
          + cause.getMessage()
          + "); retort doctor says more";
    }
    return null;
  }

  private static String ofFile(IOException failure) {
    if (failure instanceof AccessDeniedException denied) {
      return "no permission for "
          + denied.getFile()
          + "; choose another directory with --output DIR, or change its permissions";
    } else if (failure instanceof NoSuchFileException missing) {
      return "there is no file " + missing.getFile();
    } else if (failure instanceof FileSystemException system && system.getFile() != null) {
      String reason = system.getReason() == null ? "" : system.getReason();
      String name = system.getClass().getSimpleName().replace("Exception", "");
      return "cannot use " + system.getFile() + ": " + (reason.isEmpty() ? name : reason);
    }
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }
}
