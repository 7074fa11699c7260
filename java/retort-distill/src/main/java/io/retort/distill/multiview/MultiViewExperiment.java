package io.retort.distill.multiview;

import io.retort.distill.InterruptedRunException;
import io.retort.distill.Interruption;
import io.retort.distill.Progress;
import io.retort.distill.RunConflictException;
import io.retort.distill.RunDirectory;
import io.retort.distill.Spread;
import io.retort.nn.Device;
import io.retort.nn.DeviceKind;
import io.retort.nn.IntTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Trains an ensemble on multi-view data and networks that learn from it, beside networks of the
 * same seeds and steps that learn from the labels alone, and measures which views each has learned.
 */
public final class MultiViewExperiment {

  private static final String MEMBERS = "members";
  private static final String STUDENTS = "students";
  private static final String JOINT = "joint";
  private static final String MIXTURE = "mixture";
  private static final String RANDOM_FEATURES = "random-features";
  private static final String TANGENT = "tangent";

  private final MultiViewConfig config;
  private final MultiViewData data;
  private final Device device;
  private final RunStages stages;
  private final NetworkMeasurement measurement;

  private MultiViewExperiment(
      MultiViewConfig config, MultiViewData data, Device device, RunStages stages) {
    this.config = config;
    this.data = data;
    this.device = device;
    this.stages = stages;
    this.measurement = new NetworkMeasurement(data, config.distribution().singleViewFraction());
  }

  /**
   * Runs the experiment, or goes on where the run directory shows that it was stopped, with the
   * same bits as if it had not been.
   *
   * @param config what is asked for
   * @param run where everything is written
   * @param progress is told after every step
   * @param interruption asks to stop
   * @return what came of it, which is also in results.json
   * @throws RunConflictException if the directory holds a run with another configuration
   * @throws InterruptedRunException once the interruption was requested and the networks in
   *     training have their state on the disk
   * @throws IOException if files of the run cannot be read or written
   */
  public static MultiViewResult run(
      MultiViewConfig config, RunDirectory run, Progress progress, Interruption interruption)
      throws IOException {
    run.begin(config);
    MultiViewData data = MultiViewData.draw(config.distribution(), config.seed());
    try (Device device = Device.open(DeviceKind.CPU, config.threadCount())) {
      RunStages stages = new RunStages(run, device, progress, interruption, plans(config));
      MultiViewResult result = new MultiViewExperiment(config, data, device, stages).run();
      if (!config.contrasts().trendClasses().isEmpty()) {
        ClassTrend trend = new ClassTrend(config, run.path(), interruption);
        result = result.withTrend(trend.run(result, stages));
      }
      run.writeResult(result);
      return result;
    }
  }

  /** Every stage, with the size of its matrix product as the work of a step. */
  static List<RunStages.Plan> plans(MultiViewConfig config) {
    ContrastsConfig contrasts = config.contrasts();
    List<RunStages.Plan> plans = new ArrayList<>();
    double network = networkWork(config);
    plans.add(new RunStages.Plan(MEMBERS, config.learner().steps(), config.members() * network));
    int students = config.students().count() * (config.students().temperatureList().size() + 4);
    plans.add(new RunStages.Plan(STUDENTS, config.students().steps(), students * network));
    if (contrasts.jointNetworks() > 0) {
      plans.add(
          new RunStages.Plan(JOINT, config.learner().steps(), contrasts.jointNetworks() * network));
    }
    if (contrasts.mixture().components() > 0) {
      plans.add(
          new RunStages.Plan(
              MIXTURE,
              contrasts.mixture().steps(),
              MixtureContrast.work(contrasts.mixture(), config)));
    }
    if (contrasts.randomFeatures().features() > 0) {
      int models = FixedFeatureContrast.trainings(config);
      plans.add(new RunStages.Plan(RANDOM_FEATURES, models, 20 * network));
    }
    if (contrasts.tangent().steps() > 0) {
      int models = FixedFeatureContrast.trainings(config);
      plans.add(new RunStages.Plan(TANGENT, models, 30 * network));
    }
    for (int classes : contrasts.trendClasses()) {
      double work =
          plans(ClassTrend.withClasses(config, classes)).stream()
              .mapToDouble(plan -> plan.steps() * plan.work())
              .sum();
      plans.add(new RunStages.Plan(ClassTrend.stage(classes), 1, work));
    }
    return plans;
  }

  private static double networkWork(MultiViewConfig config) {
    DistributionConfig samples = config.distribution();
    return (double) samples.trainSamples()
        * samples.patches()
        * samples.dimension()
        * samples.classes()
        * config.learner().neurons();
  }

  private MultiViewResult run() throws IOException {
    try (IntTensor labels = device.integers(data.train().count())) {
      labels.upload(data.train().labels());
      try (SmoothedReluNetworks members = trainMembers(labels)) {
        NetworkMeasurement.Judged judged = measurement.judge(members);
        MethodResult memberResults =
            new MethodResult(
                MethodResult.LABELS, config.learner().steps(), measure(members, judged));
        float[] teacher = judged.train().mean(all(config.members()));
        Students students =
            new Students(config, data, device, measurement, stages, labels, judged.train());
        Students.Results learned = students.train(STUDENTS);
        return new MultiViewResult(
            config,
            memberResults,
            ensembles(judged, memberResults.networks()),
            learned.control(),
            learned.students(),
            learned.ensemble(),
            config.students().temperatureList().stream()
                .map(t -> DarkKnowledge.of(t, teacher, data.train()))
                .toList(),
            contrasts(members, judged, labels),
            List.of());
      }
    }
  }

  private SmoothedReluNetworks trainMembers(IntTensor labels) throws IOException {
    try (Objective ofLabels = KernelObjective.labels(device, labels)) {
      List<Trainee> trainees =
          IntStream.range(0, config.members())
              .mapToObj(
                  member ->
                      Trainee.of(
                          MethodResult.LABELS,
                          config.memberSeed(member),
                          ofLabels,
                          config.learner().learningRate()))
              .toList();
      return stages.train(
          MEMBERS, config.learner(), config.distribution().classes(), trainees, data.train());
    }
  }

  private List<NetworkResult> measure(
      SmoothedReluNetworks members, NetworkMeasurement.Judged judged) {
    return IntStream.range(0, members.count())
        .mapToObj(n -> measurement.measure(members, judged, n, config.memberSeed(n)))
        .toList();
  }

  private static List<Integer> all(int count) {
    return IntStream.range(0, count).boxed().toList();
  }

  private List<EnsembleResult> ensembles(
      NetworkMeasurement.Judged judged, List<NetworkResult> members) {
    List<EnsembleResult> ensembles = new ArrayList<>();
    int count = members.size();
    for (int size = 1; size <= count; size++) {
      List<Accuracy> accuracies = new ArrayList<>();
      List<Double> covered = new ArrayList<>();
      for (int first = 0; first < (size == count ? 1 : count); first++) {
        int begin = first;
        List<Integer> chosen =
            IntStream.range(0, size).map(i -> (begin + i) % count).boxed().toList();
        accuracies.add(measurement.accuracy(judged, chosen));
        covered.add(covered(members, chosen));
      }
      ensembles.add(
          new EnsembleResult(
              size,
              spread(accuracies.stream().map(Accuracy::multiView).toList()),
              spread(accuracies.stream().map(Accuracy::singleView).toList()),
              spread(accuracies.stream().map(Accuracy::mixed).toList()),
              spread(covered)));
    }
    return ensembles;
  }

  private static Spread spread(List<Double> values) {
    return Spread.of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Views that one of the chosen members knows. */
  private static double covered(List<NetworkResult> members, List<Integer> chosen) {
    int views = members.get(0).views().size();
    return IntStream.range(0, views)
        .filter(v -> chosen.stream().anyMatch(n -> members.get(n).views().get(v).known()))
        .count();
  }

  private List<Contrast> contrasts(
      SmoothedReluNetworks members, NetworkMeasurement.Judged judged, IntTensor labels)
      throws IOException {
    ContrastsConfig asked = config.contrasts();
    List<Contrast> contrasts = new ArrayList<>();
    contrasts.add(averagedWeights(members, judged));
    if (asked.jointNetworks() > 0) {
      contrasts.add(joint(judged, labels));
    }
    if (asked.mixture().components() > 0) {
      contrasts.add(new MixtureContrast(device, config).run(MIXTURE, stages));
    }
    if (asked.randomFeatures().features() > 0) {
      contrasts.add(fixedFeatures(randomFeatures()));
    }
    if (asked.tangent().steps() > 0) {
      contrasts.add(fixedFeatures(tangent()));
    }
    return contrasts;
  }

  private Contrast fixedFeatures(FixedFeatureContrast.Kind kind) {
    Contrast contrast = new FixedFeatureContrast(device, config, data, stages, kind).run();
    stages.finished(kind.stage());
    return contrast;
  }

  private FixedFeatureContrast.Kind randomFeatures() {
    RandomFeaturesConfig asked = config.contrasts().randomFeatures();
    int classes = config.distribution().classes();
    return new FixedFeatureContrast.Kind(
        "Random features",
        RANDOM_FEATURES,
        asked.steps(),
        seed -> new RandomFeatureModel(device, asked, classes, data.train(), seed));
  }

  private FixedFeatureContrast.Kind tangent() {
    TangentConfig asked = config.contrasts().tangent();
    int classes = config.distribution().classes();
    return new FixedFeatureContrast.Kind(
        "Neural tangent kernel",
        TANGENT,
        asked.steps(),
        seed -> new TangentModel(device, asked, config.learner(), classes, data.train(), seed));
  }

  /** One network whose weights are the mean of all members'. */
  private Contrast averagedWeights(SmoothedReluNetworks members, NetworkMeasurement.Judged judged) {
    float[] weights = members.weights().download();
    int size = weights.length / members.count();
    float[] mean = new float[size];
    for (int i = 0; i < weights.length; i++) {
      mean[i % size] += weights[i] / members.count();
    }
    try (SmoothedReluNetworks averaged =
        SmoothedReluNetworks.of(
            device, config.learner(), members.classes(), members.dimension(), mean)) {
      double accuracy = singleView(measurement.judge(averaged), List.of(0));
      return new Contrast(
          "Averaged weights",
          "averaging the networks' weights gives no ensemble",
          "accuracy on single-view samples",
          List.of(
              membersRow(judged, config.members()),
              ensembleRow(judged, config.members()),
              Contrast.Row.of("one network of averaged weights", accuracy)));
    }
  }

  /** The mean of a few networks trained as one network. */
  private Contrast joint(NetworkMeasurement.Judged judged, IntTensor labels) throws IOException {
    int count = config.contrasts().jointNetworks();
    int classes = config.distribution().classes();
    long[] seeds = IntStream.range(0, count).mapToLong(config::memberSeed).toArray();
    try (Objective objective =
            new JointObjective(
                device, KernelObjective.labels(device, labels), data.train().count(), classes);
        SmoothedReluNetworks networks =
            stages.train(
                JOINT,
                config.learner(),
                classes,
                List.of(new Trainee(JOINT, seeds, objective, config.learner().learningRate())),
                data.train())) {
      return new Contrast(
          "Joint training",
          "training the mean of the networks as one gains nothing over a single network",
          "accuracy on single-view samples",
          List.of(
              membersRow(judged, count),
              ensembleRow(judged, count),
              Contrast.Row.of(
                  "mean of " + count + " trained jointly",
                  singleView(measurement.judge(networks), all(count)))));
    }
  }

  private Contrast.Row membersRow(NetworkMeasurement.Judged judged, int count) {
    double[] accuracies =
        IntStream.range(0, count).mapToDouble(n -> singleView(judged, List.of(n))).toArray();
    return Contrast.Row.of("members", accuracies);
  }

  private Contrast.Row ensembleRow(NetworkMeasurement.Judged judged, int count) {
    return Contrast.Row.of("ensemble of " + count, singleView(judged, all(count)));
  }

  private double singleView(NetworkMeasurement.Judged judged, List<Integer> networks) {
    return measurement.accuracy(judged, networks).singleView();
  }
}
