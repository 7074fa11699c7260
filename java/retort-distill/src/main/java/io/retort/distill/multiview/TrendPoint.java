package io.retort.distill.multiview;

import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What came of the experiment with one number of classes.
 *
 * @param classes k
 * @param measures single-view accuracies of all networks, the share of the views that they know,
 *     and the contrasts
 */
public record TrendPoint(int classes, List<Contrast> measures) {

  /** The measure of single-view accuracies. */
  public static final String NETWORKS = "Networks";

  /** The ensemble's row of a measure, whatever its size. */
  public static final String ENSEMBLE = "ensemble of all";

  /** The members' row of a measure. */
  public static final String MEMBERS = "members";

  /** The control's row of a measure. */
  public static final String CONTROL = "control";

  /** Copies the list. */
  public TrendPoint {
    measures = List.copyOf(measures);
  }

  /** What the trend keeps of a result. */
  static TrendPoint of(MultiViewResult result) {
    double views = result.config().distribution().features();
    List<Contrast> measures = new ArrayList<>();
    measures.add(
        new Contrast(
            NETWORKS,
            "as the classes become many, a network comes to 50 %, the ensemble and a student of it"
                + " to 100, and a self-distilled network to 75",
            "accuracy on single-view samples",
            rows(
                result,
                result.ensemble().singleView().mean(),
                network -> network.accuracy().singleView())));
    measures.add(
        new Contrast(
            "Views",
            "a network learns half of the views, the ensemble and a student of it all",
            "share of the views that are known",
            rows(
                result,
                result.ensemble().viewsCovered().mean() / views,
                network -> network.viewsKnown() / views)));
    measures.addAll(result.contrasts());
    return new TrendPoint(result.config().distribution().classes(), measures);
  }

  private static List<Contrast.Row> rows(
      MultiViewResult result, double ofEnsemble, ToDoubleFunction<NetworkResult> measure) {
    List<Contrast.Row> rows = new ArrayList<>();
    rows.add(row(MEMBERS, result.members(), measure));
    rows.add(Contrast.Row.of(ENSEMBLE, ofEnsemble));
    rows.add(row(CONTROL, result.control(), measure));
    for (MethodResult method : result.students()) {
      rows.add(row(method.method(), method, measure));
    }
    return rows;
  }

  private static Contrast.Row row(
      String name, MethodResult method, ToDoubleFunction<NetworkResult> measure) {
    return Contrast.Row.of(name, method.networks().stream().mapToDouble(measure).toArray());
  }
}
