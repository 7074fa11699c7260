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
    List<List<String>> lines = lines(result);
    int[] widths = widths(lines);
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder row = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        row.append(column == 0 ? "" : "  ").append(pad(line.get(column), column, widths[column]));
      }
      text.append(row.toString().stripTrailing()).append('\n');
    }
    return text.append('\n').append(note(result)).append('\n').toString();
  }

  /** The same table as Markdown (GitHub's), each line ended by a newline. */
  public static String markdown(DistillationResult result) {
    List<List<String>> lines = lines(result);
    int[] widths = widths(lines);
    StringBuilder text = new StringBuilder();
    for (int number = 0; number < lines.size(); number++) {
      text.append('|');
      for (int column = 0; column < widths.length; column++) {
        String cell = lines.get(number).get(column);
        text.append(' ').append(pad(cell, column, widths[column])).append(" |");
      }
      text.append('\n').append(number == 0 ? rule(widths) : "");
    }
    return text.append('\n').append(note(result)).append('\n').toString();
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

  private static int[] widths(List<List<String>> lines) {
    int[] widths = new int[HEADER.size()];
    for (List<String> line : lines) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], line.get(column).length());
      }
    }
    return widths;
  }

  /** Names stand left, numbers right. */
  private static String pad(String cell, int column, int width) {
    String space = " ".repeat(width - cell.length());
    return column == 0 ? cell + space : space + cell;
  }

  private static String rule(int[] widths) {
    StringBuilder rule = new StringBuilder("|");
    for (int column = 0; column < widths.length; column++) {
      String dashes = "-".repeat(widths[column] + 1);
      rule.append(column == 0 ? ":" + dashes : dashes + ":").append('|');
    }
    return rule.append('\n').toString();
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
