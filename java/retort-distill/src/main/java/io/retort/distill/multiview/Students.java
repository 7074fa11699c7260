package io.retort.distill.multiview;

import io.retort.nn.Device;
import io.retort.nn.IntTensor;
import io.retort.nn.Tensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The networks that learn from the ensemble or from one of its members, and their control, all of
 * them at once. Students of the same number have the same first weights, whatever their method.
 */
final class Students {

  private final MultiViewConfig config;
  private final MultiViewData data;
  private final Device device;
  private final NetworkMeasurement measurement;
  private final RunStages stages;
  private final IntTensor labels;
  private final Outputs members;
  private final List<AutoCloseable> open = new ArrayList<>();

  /**
   * Nothing is trained yet.
   *
   * @param members the members' outputs on the training samples
   */
  Students(
      MultiViewConfig config,
      MultiViewData data,
      Device device,
      NetworkMeasurement measurement,
      RunStages stages,
      IntTensor labels,
      Outputs members) {
    this.config = config;
    this.data = data;
    this.device = device;
    this.measurement = measurement;
    this.stages = stages;
    this.labels = labels;
    this.members = members;
  }

  /** What came of them. */
  record Results(MethodResult control, List<MethodResult> students, Accuracy ensemble) {}

  Results train(String stage) throws IOException {
    try {
      List<List<Trainee>> methods = methods();
      List<Trainee> trainees = methods.stream().flatMap(List::stream).toList();
      try (SmoothedReluNetworks networks =
          stages.train(
              stage, config.learner(), config.distribution().classes(), trainees, data.train())) {
        return measure(networks, methods);
      }
    } finally {
      close();
    }
  }

  /** The control first. */
  private List<List<Trainee>> methods() {
    double learningRate = config.learner().learningRate();
    float[] ensemble = members.mean(IntStream.range(0, config.members()).boxed().toList());
    Tensor teacher = teacher(ensemble);
    List<List<Trainee>> methods = new ArrayList<>();
    methods.add(method(MethodResult.LABELS, KernelObjective.labels(device, labels), learningRate));
    for (double temperature : config.students().temperatureList()) {
      methods.add(
          method(
              MethodResult.softTargets(temperature),
              KernelObjective.softTargets(device, teacher, temperature),
              learningRate));
    }
    methods.add(
        method(
            MethodResult.SQUARED_ERROR,
            KernelObjective.squaredError(device, teacher),
            squaredErrorRate()));
    methods.add(
        method(
            MethodResult.ONE_SIDED,
            new OneSidedObjective(
                config.students().oneSided(),
                device,
                labels,
                ensemble,
                config.distribution().classes()),
            learningRate));
    methods.add(selfDistilled());
    return methods;
  }

  private List<Trainee> method(String name, Objective objective, double learningRate) {
    open.add(objective);
    return IntStream.range(0, config.students().count())
        .mapToObj(student -> Trainee.of(name, config.studentSeed(student), objective, learningRate))
        .toList();
  }

  /** Each student has a teacher of its own. */
  private List<Trainee> selfDistilled() {
    List<Trainee> trainees = new ArrayList<>();
    for (int student = 0; student < config.students().count(); student++) {
      Objective objective = KernelObjective.squaredError(device, teacher(members.of(student)));
      open.add(objective);
      trainees.add(
          Trainee.of(
              MethodResult.SELF_DISTILLED,
              config.studentSeed(student),
              objective,
              squaredErrorRate()));
    }
    return trainees;
  }

  /** The kernel's loss is the mean over the classes: its gradient is 2 / classes times F - G. */
  private double squaredErrorRate() {
    return config.students().squaredErrorStep() * config.distribution().classes() / 2;
  }

  private Tensor teacher(float[] outputs) {
    Tensor teacher = device.tensor(data.train().count(), config.distribution().classes());
    open.add(teacher);
    teacher.upload(outputs);
    return teacher;
  }

  private Results measure(SmoothedReluNetworks networks, List<List<Trainee>> methods) {
    NetworkMeasurement.Judged judged = measurement.judge(networks);
    List<MethodResult> results = new ArrayList<>();
    Accuracy ensemble = null;
    int first = 0;
    for (List<Trainee> method : methods) {
      List<NetworkResult> measured = new ArrayList<>();
      for (int n = 0; n < method.size(); n++) {
        measured.add(measurement.measure(networks, judged, first + n, method.get(n).seeds()[0]));
      }
      String name = method.get(0).method();
      if (name.equals(MethodResult.SQUARED_ERROR) && method.size() > 1) {
        ensemble =
            measurement.accuracy(
                judged, IntStream.range(first, first + method.size()).boxed().toList());
      }
      results.add(new MethodResult(name, config.students().steps(), measured));
      first += method.size();
    }
    return new Results(results.get(0), results.subList(1, results.size()), ensemble);
  }

  private void close() {
    for (AutoCloseable resource : open) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("nothing here fails to close", e);
      }
    }
  }
}
