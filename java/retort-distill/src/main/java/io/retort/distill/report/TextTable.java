package io.retort.distill.report;

import java.util.List;

/**
 * A table as text, in ASCII or as Markdown: names to the left in the first column, numbers to the
 * right in the others.
 *
 * @param lines the cells of each line, the header first; as many in each
 */
public record TextTable(List<List<String>> lines) {

  /** For a terminal: aligned, each line ended by a newline. */
  public String format() {
    int[] widths = widths();
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      StringBuilder row = new StringBuilder();
      for (int column = 0; column < widths.length; column++) {
        row.append(column == 0 ? "" : "  ").append(pad(line.get(column), column, widths[column]));
      }
      text.append(row.toString().stripTrailing()).append('\n');
    }
    return text.toString();
  }

  /** As GitHub's Markdown, each line ended by a newline. */
  public String markdown() {
    int[] widths = widths();
    StringBuilder text = new StringBuilder();
    for (int number = 0; number < lines.size(); number++) {
      text.append('|');
      for (int column = 0; column < widths.length; column++) {
        String cell = lines.get(number).get(column);
        text.append(' ').append(pad(cell, column, widths[column])).append(" |");
      }
      text.append('\n').append(number == 0 ? rule(widths) : "");
    }
    return text.toString();
  }

  private int[] widths() {
    int[] widths = new int[lines.get(0).size()];
    for (List<String> line : lines) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], line.get(column).length());
      }
    }
    return widths;
  }

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
}
