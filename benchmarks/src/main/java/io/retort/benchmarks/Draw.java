package io.retort.benchmarks;

import io.retort.kernels.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.knowm.xchart.XYChart;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Draws stored results. */
@Command(
    name = "draw",
    mixinStandardHelpOptions = true,
    description = "Draws results that --output stored, as SVG.",
    footer = {"", "Example: benchmarks/run draw --chart peers results.csv peers.svg"})
final class Draw implements Callable<Integer> {
  enum Chart {
    SHARE_OF_COPY,
    PEERS
  }

  @Option(
      names = "--chart",
      defaultValue = "SHARE_OF_COPY",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private Chart chart;

  @Option(
      names = "--dtype",
      defaultValue = "f32",
      description = "Type of the logits in the chart (default: ${DEFAULT-VALUE}).")
  private DType dtype;

  @Option(
      names = "--teachers",
      defaultValue = "4",
      description = "Number of teachers in the chart of peers (default: ${DEFAULT-VALUE}).")
  private int teachers;

  @Parameters(index = "0", paramLabel = "CSV", description = "The results.")
  private Path results;

  @Parameters(index = "1", paramLabel = "SVG", description = "The picture to write.")
  private Path picture;

  @Override
  public Integer call() throws IOException {
    System.setProperty("java.awt.headless", "true");
    Measurements measurements = Measurements.read(results);
    XYChart drawn =
        chart == Chart.PEERS
            ? Charts.peers(measurements, dtype, teachers)
            : Charts.shareOfCopy(measurements, dtype);
    Svg.write(drawn, picture);
    return 0;
  }
}
