package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.IntTensor;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** The same networks on data without views. */
final class MixtureContrast {

  private final Device device;
  private final MultiViewConfig config;

  MixtureContrast(Device device, MultiViewConfig config) {
    this.device = device;
    this.config = config;
  }

  /** The work of a step, in multiplications. */
  static double work(MixtureConfig mixture, MultiViewConfig config) {
    return (double) mixture.trainSamples()
        * mixture.dimension()
        * config.members()
        * config.distribution().classes()
        * config.learner().neurons();
  }

  Contrast run(String stage, RunStages stages) throws IOException {
    int classes = config.distribution().classes();
    MixtureConfig mixture = config.contrasts().mixture();
    SplittableRandom random = new SplittableRandom(~config.seed());
    MixtureGenerator generator = new MixtureGenerator(mixture, classes, random.split());
    Samples train = generator.draw(mixture.trainSamples(), random.split());
    Samples test = generator.draw(mixture.testSamples(), random.split());
    try (IntTensor labels = device.integers(train.count());
        Objective ofLabels = KernelObjective.labels(device, labels);
        SmoothedReluNetworks networks =
            stages.train(
                stage, config.learner(), classes, trainees(ofLabels, labels, train), train)) {
      Outputs onTrain = networks.predict(train);
      Outputs onTest = networks.predict(test);
      List<Integer> all = IntStream.range(0, networks.count()).boxed().toList();
      return new Contrast(
          "Gaussian mixture",
          "where classes have no views, an ensemble gains next to nothing",
          "accuracy on test samples of the mixture",
          List.of(
              Contrast.Row.of("members, training samples", accuracies(onTrain, train, all)),
              Contrast.Row.of("members", accuracies(onTest, test, all)),
              Contrast.Row.of(
                  "ensemble of " + all.size(), Accuracy.fraction(onTest.mean(all), test))));
    }
  }

  private List<Trainee> trainees(Objective ofLabels, IntTensor labels, Samples train) {
    labels.upload(train.labels());
    return IntStream.range(0, config.members())
        .mapToObj(
            member ->
                Trainee.of(
                    MethodResult.LABELS,
                    config.memberSeed(member),
                    ofLabels,
                    config.learner().learningRate()))
        .toList();
  }

  private static double[] accuracies(Outputs outputs, Samples samples, List<Integer> networks) {
    return networks.stream().mapToDouble(n -> Accuracy.fraction(outputs.of(n), samples)).toArray();
  }
}
