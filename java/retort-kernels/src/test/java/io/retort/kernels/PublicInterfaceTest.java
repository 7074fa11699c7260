package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The signatures that frameworks compile against are those in {@code api.txt}, as javap tells them.
 *
 * <p>A change that is meant goes on record with {@code -Dretort.api.update=true}.
 */
class PublicInterfaceTest {
  private static final Path RECORD = Path.of("api.txt");

  @Test
  void thePublicInterfaceIsTheOneOnRecord() throws IOException {
    String signatures =
        PublicClasses.all().stream()
            .map(PublicInterfaceTest::signatures)
            .collect(Collectors.joining("\n"));
    if (Boolean.getBoolean("retort.api.update")) {
      Files.writeString(RECORD, signatures);
    }
    assertThat(signatures)
        .as("if this is meant, run the test once with -Dretort.api.update=true and commit api.txt")
        .isEqualTo(Files.readString(RECORD));
  }

  /** The class, then its members by name: their order in the source is nobody's concern. */
  private static String signatures(Class<?> type) {
    StringWriter output = new StringWriter();
    PrintWriter writer = new PrintWriter(output);
    ToolProvider javap = ToolProvider.findFirst("javap").orElseThrow();
    int status =
        javap.run(
            writer,
            writer,
            "-protected",
            "-cp",
            PublicClasses.root() + File.pathSeparator + System.getProperty("java.class.path"),
            type.getName());
    assertThat(status).as("%s", output).isZero();
    List<String> lines = output.toString().lines().filter(l -> !l.startsWith("Compiled")).toList();
    return lines.get(0)
        + "\n"
        + lines.subList(1, lines.size() - 1).stream().sorted().collect(Collectors.joining("\n"))
        + "\n}\n";
  }
}
