package io.retort.distill.real;

import io.retort.distill.FinishedModels;
import io.retort.distill.ImageRun;
import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import io.retort.distill.Spread;
import io.retort.distill.TestLogits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Measures the finished networks of {@link RealExperiment}. */
final class RealOutcome {

  private final RealConfig config;
  private final ImageRun images;
  private final FinishedModels finished;
  private final int[] labels;

  RealOutcome(RealConfig config, ImageRun images, FinishedModels finished) {
    this.config = config;
    this.images = images;
    this.finished = finished;
    this.labels = finished.testLabels();
  }

  RealResult result() throws IOException {
    List<TestLogits> members = test(RealExperiment.members(config));
    float[] ensemble = mean(members);
    List<RealResult.Method> methods = new ArrayList<>();
    for (RealMethod method : RealMethod.values()) {
      List<TestLogits> students =
          test(IntStream.rangeClosed(1, config.seeds()).mapToObj(method::network).toList());
      methods.add(
          new RealResult.Method(method, results(students, ensemble), metrics(mean(students))));
    }
    return new RealResult(
        config,
        images.steps(config.member(1)),
        images.steps(config.student(1)),
        results(members, ensemble),
        sizes(members),
        metrics(ensemble),
        config.jointNetworks() == 0
            ? null
            : results(test(List.of(RealExperiment.JOINT)), ensemble).get(0),
        methods);
  }

  private List<TestLogits> test(List<String> names) throws IOException {
    List<TestLogits> models = new ArrayList<>();
    for (String name : names) {
      models.add(finished.test(name));
    }
    return models;
  }

  private List<ModelResult> results(List<TestLogits> models, float[] ensemble) {
    return models.stream().map(model -> model.result(model.name(), labels, ensemble)).toList();
  }

  private List<RealResult.Size> sizes(List<TestLogits> members) {
    List<RealResult.Size> sizes = new ArrayList<>();
    int count = members.size();
    for (int size = 1; size <= count; size++) {
      int ensembles = size == count ? 1 : count;
      double[] accuracies = new double[ensembles];
      for (int first = 0; first < ensembles; first++) {
        List<TestLogits> chosen = new ArrayList<>();
        for (int i = first; i < first + size; i++) {
          chosen.add(members.get(i % count));
        }
        accuracies[first] = metrics(mean(chosen)).accuracy();
      }
      sizes.add(new RealResult.Size(size, ensembles, Spread.of(accuracies)));
    }
    return sizes;
  }

  private float[] mean(List<TestLogits> models) {
    return finished.mean(models.stream().map(TestLogits::logits).toList(), config.mean());
  }

  private Metrics metrics(float[] logits) {
    return Metrics.of(logits, labels, finished.classes());
  }
}
