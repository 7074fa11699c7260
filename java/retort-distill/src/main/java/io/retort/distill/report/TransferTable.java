package io.retort.distill.report;

import io.retort.distill.transfer.TransferResult;
import java.util.ArrayList;
import java.util.List;

/** What came of the transfer experiment, as tables for a terminal, in ASCII. */
public final class TransferTable {

  private TransferTable() {}

  /** Mean and, after +-, sample standard deviation over the students of each method. */
  public static String format(TransferResult result) {
    List<List<String>> accuracy = new ArrayList<>();
    List<List<String>> geometry = new ArrayList<>();
    accuracy.add(List.of("", "nets", "accuracy", "gain", "NLL", "ECE"));
    geometry.add(List.of("logit gaps", "similar", "dissimilar", "slope", "correlation"));
    for (TransferRow row : TransferRow.of(result)) {
      accuracy.add(
          List.of(
              row.name(),
              Integer.toString(row.networks()),
              row.accuracy(),
              row.gain(),
              row.negativeLogLikelihood(),
              row.expectedCalibrationError()));
      geometry.add(
          List.of(
              row.name(), row.similarGap(), row.dissimilarGap(), row.slope(), row.correlation()));
    }
    String text =
        new TextTable(accuracy).format()
            + "\naccuracy in %; gain: points above labels alone, seed by seed\n\n"
            + new TextTable(geometry).format()
            + "\ngap: how far another class's logit lies below the label's, to the class most and"
            + " least like\nit to the teacher; slope and correlation: of all gaps over -log p of"
            + " the teacher\n";
    return text.replace("\u00b1", "+-");
  }
}
