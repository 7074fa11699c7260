package io.retort.distill.report;

import io.retort.distill.multiview.Contrast;
import io.retort.distill.multiview.DistributionConfig;
import io.retort.distill.multiview.MultiViewResult;
import java.util.ArrayList;
import java.util.List;

/** What came of the multi-view experiment, as tables for a terminal, in ASCII. */
public final class MultiViewTable {

  private MultiViewTable() {}

  /** Accuracies in percent, mean and, after +-, sample standard deviation over the networks. */
  public static String format(MultiViewResult result) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("", "nets", "steps", "multi-view", "single-view", "mixed", "gain", "views"));
    for (MultiViewRow row : MultiViewRow.of(result)) {
      lines.add(
          List.of(
              row.name(),
              row.networks(),
              row.steps(),
              row.multiView(),
              row.singleView(),
              row.mixed(),
              row.gain(),
              row.known()));
    }
    int views = DistributionConfig.VIEWS * result.config().distribution().classes();
    StringBuilder text = new StringBuilder(new TextTable(lines).format());
    text.append("\naccuracies in %; gain: points of single-view accuracy above the control of the")
        .append(" same seeds\nand steps; views: known, of ")
        .append(views)
        .append('\n');
    result.contrasts().forEach(contrast -> text.append('\n').append(format(contrast)));
    TrendTables.of(result.trend()).forEach(table -> text.append('\n').append(format(table)));
    return text.toString().replace("\u00b1", "+-");
  }

  private static String format(Contrast contrast) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of(contrast.name(), "%"));
    for (Contrast.Row row : contrast.rows()) {
      lines.add(List.of("  " + row.name(), MultiViewRow.percent(row.accuracy(), row.models(), 1)));
    }
    return new TextTable(lines).format();
  }

  private static String format(TrendTables.Table table) {
    List<List<String>> lines = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of(table.name() + ", %, of k classes"));
    table.classes().forEach(classes -> head.add("k = " + classes));
    lines.add(head);
    for (TrendTables.Row row : table.rows()) {
      List<String> line = new ArrayList<>(List.of("  " + row.name()));
      line.addAll(row.accuracies());
      lines.add(line);
    }
    return new TextTable(lines).format();
  }
}
