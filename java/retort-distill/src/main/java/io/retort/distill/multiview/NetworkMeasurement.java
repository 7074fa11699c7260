package io.retort.distill.multiview;

import static io.retort.distill.multiview.DistributionConfig.VIEWS;

import java.util.ArrayList;
import java.util.List;

/** Judges networks: by the test samples, and by what their weights point at. */
final class NetworkMeasurement {

  private final MultiViewData data;
  private final double singleViewFraction;

  NetworkMeasurement(MultiViewData data, double singleViewFraction) {
    this.data = data;
    this.singleViewFraction = singleViewFraction;
  }

  /** The outputs of networks on all samples that they are judged by. */
  record Judged(Outputs train, Outputs multiView, Outputs singleView) {}

  Judged judge(SmoothedReluNetworks networks) {
    return new Judged(
        networks.predict(data.train()),
        networks.predict(data.testMultiView()),
        networks.predict(data.testSingleView()));
  }

  /** How often the mean of some networks is right. */
  Accuracy accuracy(Judged judged, List<Integer> networks) {
    return Accuracy.of(
        judged.multiView().mean(networks),
        judged.singleView().mean(networks),
        data,
        singleViewFraction);
  }

  /** All about one network. */
  NetworkResult measure(SmoothedReluNetworks networks, Judged judged, int network, long seed) {
    List<ViewResult> views =
        views(networks.weights(network).download(), networks, judged.singleView().of(network));
    return new NetworkResult(
        seed,
        Accuracy.fraction(judged.train().of(network), data.train()),
        accuracy(judged, List.of(network)),
        (int) views.stream().filter(ViewResult::aligned).count(),
        (int) views.stream().filter(ViewResult::known).count(),
        views);
  }

  private List<ViewResult> views(
      float[] weights, SmoothedReluNetworks networks, float[] singleView) {
    List<ViewResult> views = new ArrayList<>();
    for (int label = 0; label < networks.classes(); label++) {
      for (int view = 0; view < VIEWS; view++) {
        views.add(
            new ViewResult(
                label,
                view,
                correlation(weights, networks, label, view),
                accuracyWhenShown(singleView, networks.classes(), label, view)));
      }
    }
    return views;
  }

  /** The largest cosine between the feature and the weights of a neuron of its class. */
  private static double correlation(
      float[] weights, SmoothedReluNetworks networks, int label, int view) {
    int dimension = networks.dimension();
    int neurons = networks.config().neurons();
    double best = -1;
    for (int neuron = label * neurons; neuron < (label + 1) * neurons; neuron++) {
      double squares = 0;
      for (int i = neuron * dimension; i < (neuron + 1) * dimension; i++) {
        squares += (double) weights[i] * weights[i];
      }
      int axis = DistributionConfig.feature(label, view);
      best = Math.max(best, weights[neuron * dimension + axis] / Math.sqrt(squares));
    }
    return best;
  }

  private double accuracyWhenShown(float[] outputs, int classes, int label, int view) {
    Samples samples = data.testSingleView();
    int right = 0;
    int shown = 0;
    for (int sample = 0; sample < samples.count(); sample++) {
      if (samples.labels()[sample] == label && samples.missingViews()[sample] == 1 - view) {
        shown++;
        right += Accuracy.predicted(outputs, sample, classes) == label ? 1 : 0;
      }
    }
    return shown == 0 ? -1 : (double) right / shown;
  }
}
