package io.retort.cli;

import io.retort.distill.Interruption;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.List;

/**
 * How the command was called, and where it writes to.
 *
 * @param program what the user typed to call it, for example {@code ./retort}
 * @param arguments what came after that
 * @param out for what was asked for: results, help
 * @param err for everything else: progress, failures
 * @param terminal whether both are a terminal that someone looks at
 * @param interruption stops a run after its current step
 */
record Invocation(
    String program,
    List<String> arguments,
    PrintStream out,
    PrintStream err,
    boolean terminal,
    Interruption interruption) {

  Invocation {
    arguments = List.copyOf(arguments);
  }

  /**
   * As this process was called. The script tells in properties what Java cannot know: how it was
   * called itself ({@code retort.program}), and whether it writes to a terminal ({@code
   * retort.terminal}).
   */
  static Invocation ofProcess(String... arguments) {
    return new Invocation(
        System.getProperty("retort.program", "retort"),
        List.of(arguments),
        System.out,
        System.err,
        Boolean.getBoolean("retort.terminal"),
        new Interruption());
  }

  PrintWriter outWriter() {
    return new PrintWriter(out, true, Charset.defaultCharset());
  }

  PrintWriter errWriter() {
    return new PrintWriter(err, true, Charset.defaultCharset());
  }

  /** Whether this option was given, in whatever command. */
  boolean has(String option) {
    return arguments.contains(option);
  }

  /** The command line as it can be typed again, with one option more if it lacks it. */
  String commandWith(String option) {
    StringBuilder command = new StringBuilder(commandLine());
    return has(option) ? command.toString() : command.append(' ').append(option).toString();
  }

  /** The command line as it can be typed again. */
  String commandLine() {
    StringBuilder command = new StringBuilder(quote(program));
    arguments.forEach(argument -> command.append(' ').append(quote(argument)));
    return command.toString();
  }

  /** Quoted for a POSIX shell where that is needed. */
  private static String quote(String word) {
    return word.matches("[A-Za-z0-9_@%+=:,./-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
