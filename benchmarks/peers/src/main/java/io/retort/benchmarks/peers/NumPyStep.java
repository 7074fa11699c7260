package io.retort.benchmarks.peers;

import io.retort.benchmarks.MultiViewProblem;
import io.retort.benchmarks.TrainingStepProvider.Step;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Steps in a Python of its own, which multi_view.py is run by; a line asks for each. */
final class NumPyStep implements Step {
  /** Debian's, for its NumPy takes the BLAS that the system has. */
  private static final String PYTHON = "/usr/bin/python3";

  /** Where Debian keeps the plain BLAS of netlib beside a faster one. */
  private static final Path REFERENCE_BLAS = Path.of("/usr/lib/x86_64-linux-gnu/blas");

  private static final String OPENBLAS = "openblas";

  private final Path directory;
  private final Process process;
  private final BufferedReader losses;

  private NumPyStep(Path directory, Process process) {
    this.directory = directory;
    this.process = process;
    this.losses = process.inputReader(StandardCharsets.US_ASCII);
  }

  /** NumPy on OpenBLAS. */
  static NumPyStep onOpenBlas(MultiViewProblem problem, boolean together) {
    NumPyStep step = start(problem, together, false);
    step.require(OPENBLAS, true, "apt-get install libopenblas0-pthread");
    return step;
  }

  /** NumPy on the BLAS that python3-numpy brings where nothing faster is installed. */
  static NumPyStep onReferenceBlas(MultiViewProblem problem) {
    if (!Files.isDirectory(REFERENCE_BLAS)) {
      throw new IllegalStateException(REFERENCE_BLAS + " is missing: apt-get install libblas3");
    }
    NumPyStep step = start(problem, true, true);
    step.require(OPENBLAS, false, "apt-get install libblas3");
    return step;
  }

  private static NumPyStep start(MultiViewProblem problem, boolean together, boolean reference) {
    try {
      Path directory = Files.createTempDirectory("retort-multi-view");
      Path script = directory.resolve("multi_view.py");
      try (InputStream source = NumPyStep.class.getResourceAsStream("multi_view.py")) {
        Files.copy(source, script, StandardCopyOption.REPLACE_EXISTING);
      }
      Path data = directory.resolve("data");
      write(data, problem);
      ProcessBuilder python =
          new ProcessBuilder(
              PYTHON,
              script.toString(),
              data.toString(),
              Integer.toString(problem.samples()),
              Integer.toString(problem.patches()),
              Integer.toString(problem.dimension()),
              Integer.toString(problem.networks()),
              Integer.toString(MultiViewProblem.CLASSES),
              Integer.toString(MultiViewProblem.NEURONS),
              Integer.toString(MultiViewProblem.DEGREE),
              Float.toString(MultiViewProblem.THRESHOLD),
              Float.toString(MultiViewProblem.LEARNING_RATE),
              together ? "together" : "one-by-one");
      python.environment().put("OPENBLAS_NUM_THREADS", Integer.toString(problem.threads()));
      if (reference) {
        python.environment().put("LD_LIBRARY_PATH", REFERENCE_BLAS.toString());
      }
      python.redirectError(ProcessBuilder.Redirect.INHERIT);
      return new NumPyStep(directory, python.start());
    } catch (IOException notStarted) {
      throw new IllegalStateException(
          PYTHON + " does not start: " + notStarted.getMessage(), notStarted);
    }
  }

  private static void write(Path file, MultiViewProblem problem) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      write(channel, problem.values());
      int[] labels = problem.labels();
      ByteBuffer bytes = buffer(labels.length);
      bytes.asIntBuffer().put(labels);
      channel.write(bytes);
      write(channel, problem.weights());
    }
  }

  private static void write(FileChannel channel, float[] values) throws IOException {
    ByteBuffer bytes = buffer(values.length);
    bytes.asFloatBuffer().put(values);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static ByteBuffer buffer(int elements) {
    return ByteBuffer.allocate(Math.multiplyExact(elements, 4)).order(ByteOrder.nativeOrder());
  }

  /** Reads which BLAS it is, and ends it where that is another than was meant. */
  private void require(String library, boolean wanted, String remedy) {
    String blas = line();
    if (blas.contains(library) != wanted) {
      close();
      throw new IllegalStateException("NumPy multiplies with '" + blas + "'; " + remedy);
    }
  }

  private String line() {
    try {
      String line = losses.readLine();
      if (line == null) {
        close();
        throw new IllegalStateException(
            PYTHON + " ended; is NumPy installed? apt-get install python3-numpy");
      }
      return line;
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }

  @Override
  public double run() {
    try {
      OutputStream toPython = process.getOutputStream();
      toPython.write('\n');
      toPython.flush();
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
    return Double.parseDouble(line());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      process.waitFor();
      Files.deleteIfExists(directory.resolve("data"));
      Files.deleteIfExists(directory.resolve("multi_view.py"));
      Files.deleteIfExists(directory);
    } catch (IOException leftBehind) {
      throw new UncheckedIOException(leftBehind);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
