package io.retort.distill.report;

import io.retort.distill.Spread;
import io.retort.distill.transfer.TransferMethod;
import io.retort.distill.transfer.TransferResult;
import io.retort.distill.transfer.TransferResult.Method;
import io.retort.distill.transfer.TransferResult.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One line of the tables of the transfer experiment, as text; a cell may be empty.
 *
 * @param css the colour it has everywhere
 * @param name what the networks learn from
 * @param networks how many
 * @param accuracy in percent
 * @param gain points of accuracy above labels alone, seed by seed
 * @param negativeLogLikelihood in nats
 * @param expectedCalibrationError a fraction
 * @param similarGap mean gap to the class most like the label
 * @param dissimilarGap mean gap to the class least like it
 * @param slope of the gaps over -log p
 * @param correlation of the same
 */
record TransferRow(
    String css,
    String name,
    int networks,
    String accuracy,
    String gain,
    String negativeLogLikelihood,
    String expectedCalibrationError,
    String similarGap,
    String dissimilarGap,
    String slope,
    String correlation) {

  /** The teacher, then the methods in their order. */
  static List<TransferRow> of(TransferResult result) {
    List<TransferRow> rows = new ArrayList<>();
    rows.add(of("ensemble", "teacher", List.of(result.teacher()), ""));
    Method control = result.of(TransferMethod.LABELS);
    for (Method method : result.methods()) {
      String gain = method.equals(control) ? "" : points(method.gainOver(control), result);
      rows.add(of(css(method.method()), method.method().title(), method.networks(), gain));
    }
    return rows;
  }

  /** The colour of a method. */
  static String css(TransferMethod method) {
    return switch (method) {
      case LABELS -> "control";
      case LABEL_SMOOTHING -> "self-distilled";
      case KD -> "student";
      default -> "member";
    };
  }

  private static TransferRow of(String css, String name, List<Network> networks, String gain) {
    return new TransferRow(
        css,
        name,
        networks.size(),
        cell(networks, n -> 100 * n.metrics().accuracy(), 2),
        gain,
        cell(networks, n -> n.metrics().negativeLogLikelihood(), 4),
        cell(networks, n -> n.metrics().expectedCalibrationError(), 4),
        cell(networks, n -> n.geometry().similarGap(), 2),
        cell(networks, n -> n.geometry().dissimilarGap(), 2),
        cell(networks, n -> n.geometry().slope(), 2),
        cell(networks, n -> n.geometry().correlation(), 2));
  }

  private static String points(Spread gain, TransferResult result) {
    String mean = Numbers.points(gain.mean(), 2);
    return result.config().seeds() < 2 ? mean : mean + deviation(100 * gain.deviation(), 2);
  }

  private static String cell(
      List<Network> networks, ToDoubleFunction<Network> measure, int decimals) {
    Spread spread = Spread.of(networks.stream().mapToDouble(measure).toArray());
    String mean = Numbers.decimals(spread.mean(), decimals);
    return networks.size() < 2 ? mean : mean + deviation(spread.deviation(), decimals);
  }

  private static String deviation(double deviation, int decimals) {
    return " \u00b1 " + Numbers.decimals(deviation, decimals);
  }
}
