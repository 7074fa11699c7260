package io.retort.distill.report;

import io.retort.distill.DistillationResult;
import java.util.ArrayList;
import java.util.List;

/** The results of a distillation as text: aligned for a terminal, or as Markdown. */
public final class ResultTable {

  private static final List<String> HEADER =
      List.of("", "accuracy", "difference", "NLL", "ECE", "agreement");

  private ResultTable() {}

  /**
   * The table for a terminal, in ASCII, each line ended by a newline.
   *
   * <p>Columns: accuracy on the test set; its difference to the members' mean in points; negative
   * log-likelihood in nats; expected calibration error; the fraction of test images on which the
   * model predicts what the ensemble predicts.
   */
  public static String format(DistillationResult result) {
    return new TextTable(lines(result)).format() + '\n' + note(result) + '\n';
  }

  /** The same table as Markdown (GitHub's), each line ended by a newline. */
  public static String markdown(DistillationResult result) {
    return new TextTable(lines(result)).markdown() + '\n' + note(result) + '\n';
  }

  private static List<List<String>> lines(DistillationResult result) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(HEADER);
    for (ResultRow row : ResultRow.of(result)) {
      lines.add(
          List.of(
              row.name(),
              percent(row.accuracy(), 2),
              row.role() == Role.MEAN ? "" : Numbers.points(row.difference(), 2),
              Numbers.decimals(row.negativeLogLikelihood(), 4),
              Numbers.decimals(row.expectedCalibrationError(), 4),
              row.agreement() == null ? "" : percent(row.agreement(), 1)));
    }
    return lines;
  }

  private static String percent(double fraction, int decimals) {
    return Numbers.decimals(100 * fraction, decimals) + " %";
  }

  private static String note(DistillationResult result) {
    String deviation = Numbers.decimals(100 * result.memberAccuracyDeviation(), 2);
    String reference =
        result.members().size() > 1
            ? "members' mean, whose standard deviation is " + deviation + " points"
            : "member";
    return "difference: points above the "
        + reference
        + "\nNLL: nats; ECE: expected calibration error;"
        + " agreement: with the ensemble's predictions";
  }
}
