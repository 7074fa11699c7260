package io.retort.distill.report;

import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import io.retort.distill.Spread;
import io.retort.distill.real.RealConfig;
import io.retort.distill.real.RealMethod;
import io.retort.distill.real.RealResult;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * One line of the table of the paper on real images, as text; a cell may be empty.
 *
 * @param css the colour it has everywhere
 * @param name what the networks are
 * @param networks how many networks or, of a mean, how many it is of
 * @param steps steps of each
 * @param accuracy in percent
 * @param gain points of accuracy above what it is held against
 * @param negativeLogLikelihood in nats
 * @param expectedCalibrationError a fraction
 * @param paper the paper's accuracy in percent, where ours has the same data and network and theirs
 *     is verified
 */
record RealRow(
    String css,
    String name,
    int networks,
    String steps,
    String accuracy,
    String gain,
    String negativeLogLikelihood,
    String expectedCalibrationError,
    String paper) {

  private static final String PLUS_MINUS = " \u00b1 ";

  /** The mean and deviation of ten seeds of WRN-28-10 on CIFAR-100. */
  private static final String PAPER_SINGLE = "81.51" + PLUS_MINUS + "0.16";

  /** Members, ensemble, the mean trained as one, then students and their ensembles. */
  static List<RealRow> of(RealResult result) {
    List<RealRow> rows = new ArrayList<>();
    double single = accuracy(result.members()).mean();
    String steps = Numbers.grouped(result.memberSteps());
    rows.add(networks("member", "single network", result.members(), steps, "", paper(result)));
    rows.add(
        mean(
            "ensemble",
            "ensemble of " + result.members().size(),
            result.members().size(),
            steps,
            result.ensemble(),
            single));
    if (result.joint() != null) {
      int count = result.config().jointNetworks();
      rows.add(
          mean(
              "ensemble",
              "mean of " + count + " trained as one",
              count,
              steps,
              result.joint().metrics(),
              single));
    }
    RealResult.Method control = result.of(RealMethod.CONTROL);
    String studentSteps = Numbers.grouped(result.studentSteps());
    for (RealResult.Method method : result.methods()) {
      String gain = method.equals(control) ? "" : gain(method.gainOver(control), method.networks());
      rows.add(
          networks(
              css(method.method()),
              name(method.method(), result.config()),
              method.networks(),
              studentSteps,
              gain,
              ""));
    }
    if (control.networks().size() > 1) {
      for (RealResult.Method method : result.methods()) {
        rows.add(ensembleOf(method, control, studentSteps));
      }
    }
    return rows;
  }

  private static RealRow ensembleOf(
      RealResult.Method method, RealResult.Method control, String steps) {
    int count = method.networks().size();
    String of =
        switch (method.method()) {
          case CONTROL -> " controls";
          case DISTILLED -> " distilled";
          case SELF_DISTILLED -> " self-distilled";
        };
    return mean(
        css(method.method()),
        "ensemble of " + count + of,
        count,
        steps,
        method.ensemble(),
        method.equals(control) ? Double.NaN : control.ensemble().accuracy());
  }

  /** The colour of a method. */
  static String css(RealMethod method) {
    return switch (method) {
      case CONTROL -> "control";
      case DISTILLED -> "student";
      case SELF_DISTILLED -> "self-distilled";
    };
  }

  private static String name(RealMethod method, RealConfig config) {
    return switch (method) {
      case CONTROL -> "control: labels alone";
      case DISTILLED -> "distilled from the ensemble of " + config.members();
      case SELF_DISTILLED -> "self-distilled: from one member";
    };
  }

  private static String paper(RealResult result) {
    boolean same =
        result.config().training().data().dataset().equals("cifar-100")
            && result.config().training().architecture().equals("wrn-28-10");
    return same ? PAPER_SINGLE : "";
  }

  private static RealRow networks(
      String css,
      String name,
      List<ModelResult> networks,
      String steps,
      String gain,
      String paper) {
    return new RealRow(
        css,
        name,
        networks.size(),
        steps,
        cell(networks, metrics -> 100 * metrics.accuracy(), 2),
        gain,
        cell(networks, Metrics::negativeLogLikelihood, 4),
        cell(networks, Metrics::expectedCalibrationError, 4),
        paper);
  }

  private static RealRow mean(
      String css, String name, int networks, String steps, Metrics metrics, double against) {
    return new RealRow(
        css,
        name,
        networks,
        steps,
        Numbers.decimals(100 * metrics.accuracy(), 2),
        Double.isNaN(against) ? "" : Numbers.points(metrics.accuracy() - against, 2),
        Numbers.decimals(metrics.negativeLogLikelihood(), 4),
        Numbers.decimals(metrics.expectedCalibrationError(), 4),
        "");
  }

  private static Spread accuracy(List<ModelResult> networks) {
    return RealResult.spread(networks, Metrics::accuracy);
  }

  private static String gain(Spread gain, List<ModelResult> networks) {
    String mean = Numbers.points(gain.mean(), 2);
    return networks.size() < 2 ? mean : mean + deviation(100 * gain.deviation(), 2);
  }

  private static String cell(
      List<ModelResult> networks, ToDoubleFunction<Metrics> measure, int decimals) {
    Spread spread = RealResult.spread(networks, measure);
    String mean = Numbers.decimals(spread.mean(), decimals);
    return networks.size() < 2 ? mean : mean + deviation(spread.deviation(), decimals);
  }

  private static String deviation(double deviation, int decimals) {
    return PLUS_MINUS + Numbers.decimals(deviation, decimals);
  }
}
