package io.retort.distill.report;

import io.retort.distill.real.RealResult;
import java.util.ArrayList;
import java.util.List;

/** The table of the paper on real images, for a terminal, in ASCII. */
public final class RealTable {

  private RealTable() {}

  /** Mean and, after +-, sample standard deviation over networks; a mean of networks has none. */
  public static String format(RealResult result) {
    List<List<String>> lines = new ArrayList<>();
    lines.add(List.of("", "nets", "steps", "accuracy", "gain", "NLL", "ECE", "paper"));
    for (RealRow row : RealRow.of(result)) {
      lines.add(
          List.of(
              row.name(),
              Integer.toString(row.networks()),
              row.steps(),
              row.accuracy(),
              row.gain(),
              row.negativeLogLikelihood(),
              row.expectedCalibrationError(),
              row.paper()));
    }
    List<List<String>> sizes = new ArrayList<>();
    sizes.add(List.of("members", "accuracy"));
    for (RealResult.Size size : result.ensembles()) {
      sizes.add(List.of(Integer.toString(size.members()), RealPage.accuracy(size)));
    }
    String text =
        new TextTable(lines).format()
            + "\naccuracy in %; gain: points above one network (means of members), above the"
            + " control of the\nsame seed (students), above the ensemble of controls (ensembles of"
            + " students)\n\n"
            + new TextTable(sizes).format();
    return text.replace("\u00b1", "+-").replace('\u202f', ' ');
  }
}
