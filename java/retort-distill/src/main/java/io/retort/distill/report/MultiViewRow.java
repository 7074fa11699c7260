package io.retort.distill.report;

import io.retort.distill.Spread;
import io.retort.distill.multiview.EnsembleResult;
import io.retort.distill.multiview.MethodResult;
import io.retort.distill.multiview.MultiViewResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One line of the table of results of the multi-view experiment, as text; a cell may be empty.
 *
 * @param css the colour it has everywhere
 * @param name what the networks are
 * @param networks how many
 * @param steps steps of each
 * @param multiView accuracy on multi-view samples, in percent
 * @param singleView accuracy on single-view samples, in percent
 * @param mixed accuracy on the training distribution, in percent
 * @param gain points of single-view accuracy above the control of the same seeds
 * @param known views known, of all
 * @param limit the single-view accuracy that the paper's theorems give for many classes, in percent
 */
record MultiViewRow(
    String css,
    String name,
    String networks,
    String steps,
    String multiView,
    String singleView,
    String mixed,
    String gain,
    String known,
    String limit) {

  private static final String PLUS_MINUS = " \u00b1 ";

  /** Members, ensemble, control and students, in this order. */
  static List<MultiViewRow> of(MultiViewResult result) {
    List<MultiViewRow> rows = new ArrayList<>();
    rows.add(of("member", "members", result.members(), null, "50"));
    rows.add(of(result.ensemble()));
    rows.add(of("control", "control: labels alone", result.control(), null, ""));
    for (MethodResult students : result.students()) {
      boolean self = students.method().equals(MethodResult.SELF_DISTILLED);
      String name = self ? students.method() : "distilled: " + students.method();
      String limit = self ? "75" : students.method().equals(MethodResult.ONE_SIDED) ? "100" : "";
      rows.add(of(self ? "self-distilled" : "student", name, students, result.control(), limit));
    }
    return rows;
  }

  private static MultiViewRow of(
      String css, String name, MethodResult method, MethodResult control, String limit) {
    int count = method.networks().size();
    return new MultiViewRow(
        css,
        name,
        Integer.toString(count),
        Integer.toString(method.steps()),
        percent(method.spread(n -> n.accuracy().multiView()), count, 1),
        percent(method.spread(n -> n.accuracy().singleView()), count, 1),
        percent(method.spread(n -> n.accuracy().mixed()), count, 2),
        control == null ? "" : points(method.gainOver(control), count),
        number(method.spread(n -> n.viewsKnown()), count),
        limit);
  }

  private static MultiViewRow of(EnsembleResult ensemble) {
    return new MultiViewRow(
        "ensemble",
        "ensemble of " + ensemble.size(),
        Integer.toString(ensemble.size()),
        "",
        percent(ensemble.multiView(), 1, 1),
        percent(ensemble.singleView(), 1, 1),
        percent(ensemble.mixed(), 1, 2),
        "",
        number(ensemble.viewsCovered(), 1),
        "100");
  }

  static String percent(Spread fraction, int count, int decimals) {
    String mean = Numbers.decimals(100 * fraction.mean(), decimals);
    return count < 2
        ? mean
        : mean + PLUS_MINUS + Numbers.decimals(100 * fraction.deviation(), decimals);
  }

  private static String points(Spread difference, int count) {
    String mean = String.format(Locale.ROOT, "%+.1f", 100 * difference.mean());
    return count < 2 ? mean : mean + PLUS_MINUS + Numbers.decimals(100 * difference.deviation(), 1);
  }

  private static String number(Spread number, int count) {
    String mean = Numbers.decimals(number.mean(), count < 2 ? 0 : 1);
    return count < 2 ? mean : mean + PLUS_MINUS + Numbers.decimals(number.deviation(), 1);
  }
}
