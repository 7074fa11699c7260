package io.retort.cli;

import io.retort.distill.Interruption;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a command line came to, run in this process.
 *
 * @param code its exit code
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record Outcome(int code, String out, String err) {

  static Outcome of(String... arguments) {
    return of(new Interruption(), text -> {}, arguments);
  }

  /** Runs a command line that is interrupted as soon as its standard error contains a text. */
  static Outcome interruptedAt(String text, String... arguments) {
    Interruption interruption = new Interruption();
    return of(
        interruption,
        err -> {
          if (err.contains(text)) {
            interruption.request();
          }
        },
        arguments);
  }

  private static Outcome of(
      Interruption interruption, Consumer<String> onErr, String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err =
        new ByteArrayOutputStream() {
          @Override
          public synchronized void write(byte[] bytes, int offset, int length) {
            super.write(bytes, offset, length);
            onErr.accept(toString(StandardCharsets.UTF_8));
          }
        };
    int code =
        Main.run(
            new Invocation(
                "./retort",
                List.of(arguments),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                interruption));
    return new Outcome(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }
}
