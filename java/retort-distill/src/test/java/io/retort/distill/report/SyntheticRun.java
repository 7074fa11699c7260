package io.retort.distill.report;

import io.retort.distill.DistillConfig;
import io.retort.distill.DistillationResult;
import io.retort.distill.Metrics;
import io.retort.distill.MetricsLine;
import io.retort.distill.ModelResult;
import io.retort.distill.Prediction;
import io.retort.distill.Provenance;
import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A run such as five small networks on Fashion-MNIST leave behind, made up from a fixed seed. */
final class SyntheticRun {

  static final List<String> CLASSES =
      List.of(
          "T-shirt/top",
          "Trouser",
          "Pullover",
          "Dress",
          "Coat",
          "Sandal",
          "Shirt",
          "Sneaker",
          "Bag",
          "Ankle boot");

  private static final int EXAMPLES = 10_000;
  private static final int SIDE = 28;
  private static final double[] MEMBERS = {0.9121, 0.9152, 0.9118, 0.9149, 0.9140};

  private SyntheticRun() {}

  /** A finished distillation, with all its files. */
  static RunDirectory distillation(Path path) throws IOException {
    RunDirectory run = RunDirectory.create(path);
    run.writeConfig(DistillConfig.defaults());
    for (int member = 1; member <= MEMBERS.length; member++) {
      train(run, "member-" + member, MEMBERS[member - 1], 0.21);
    }
    train(run, "student", 0.9213, 0.74);
    train(run, "self-distilled", 0.9171, 0.80);
    train(run, "control", 0.9139, 0.21);
    run.writeResult(result(0.9243, 0.9213));
    run.writePredictions(album(CLASSES));
    run.writeProvenance(
        new Provenance(
            "retort distill --members 5 --temperature 4 --alpha 0.9",
            "0.1.0",
            "1a2b3c4",
            "AMD EPYC 9554",
            "avx512",
            16,
            431.7,
            "2026-03-14T09:26:53Z"));
    return run;
  }

  /** The result of five members, with these accuracies of the ensemble and the student. */
  static DistillationResult result(double ensemble, double student) {
    List<ModelResult> members =
        IntStream.rangeClosed(1, MEMBERS.length)
            .mapToObj(k -> model("member-" + k, k, MEMBERS[k - 1], 0.2460, 0.035, 0.9431))
            .toList();
    return new DistillationResult(
        DistillConfig.defaults(),
        2345,
        2345,
        members,
        0.9136,
        0.00157,
        metrics(ensemble, 0.2138, 0.004),
        metrics(ensemble - 0.0008, 0.2151, -0.008),
        model("student", 6, student, 0.2253, 0.012, 0.9608),
        model("self-distilled", 6, 0.9171, 0.2394, 0.019, 0.9467),
        model("control", 6, 0.9139, 0.2471, 0.034, 0.9422));
  }

  static ModelResult model(
      String name, long seed, double accuracy, double loss, double excess, double agreement) {
    return new ModelResult(
        name, "cnnbn-16-32-128", seed, 206_922, agreement, metrics(accuracy, loss, excess));
  }

  /** Metrics of a model whose confidence is above its accuracy by about {@code excess}. */
  static Metrics metrics(double accuracy, double loss, double excess) {
    int[] examples = {0, 0, 0, 2, 31, 74, 118, 190, 231, 226, 274, 353, 481, 862, 7158};
    List<Metrics.Bin> bins = new ArrayList<>();
    double error = 0;
    for (int b = 0; b < examples.length; b++) {
      double confidence = examples[b] == 0 ? 0 : (b + (b == 14 ? 0.93 : 0.52)) / 15;
      double gap = 3 * excess * Math.sin(Math.PI * confidence) + 0.02 * Math.sin(7 * b);
      double right = examples[b] == 0 ? 0 : Math.min(1, Math.max(0, confidence - gap));
      bins.add(new Metrics.Bin(b / 15.0, (b + 1) / 15.0, examples[b], confidence, right));
      error += Math.abs(confidence - right) * examples[b] / EXAMPLES;
    }
    return new Metrics(EXAMPLES, accuracy, loss, error, bins);
  }

  /** The lines of five epochs that end at an accuracy and a loss. */
  static void train(RunDirectory run, String name, double accuracy, double loss)
      throws IOException {
    Random random = new Random(name.hashCode());
    for (int epoch = 1; epoch <= 5; epoch++) {
      double left = Math.pow(0.42, epoch) - Math.pow(0.42, 5);
      double noise = epoch == 5 ? 0 : 0.006 * random.nextGaussian();
      double trainLoss = loss * (1 + 3.1 * left) + noise;
      double testAccuracy = accuracy - 0.21 * left + noise;
      run.append(
          line(name, epoch, "train", trainLoss, testAccuracy + 0.01, 14_000, 4.2),
          line(name, epoch, "test", 0.25, testAccuracy, 41_000, 0.24));
    }
  }

  static MetricsLine line(
      String model,
      int epoch,
      String split,
      double loss,
      double accuracy,
      double speed,
      double seconds) {
    return new MetricsLine(
        model, epoch, 469L * epoch, split, loss, loss, 0, accuracy, 0.05, speed, seconds);
  }

  /** Twelve pictures: seven seen right by both, the others wrong in every way there is. */
  static Prediction.Album album(List<String> classNames) {
    Random random = new Random(5);
    List<Prediction> images = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      int label = i % 10;
      float[] ensemble = probabilities(i == 4 || i == 6 ? (label + 2) % 10 : label, random);
      float[] student = probabilities(i == 6 || i == 9 ? (label + 2) % 10 : label, random);
      images.add(
          new Prediction(137 * i, label, SIDE, SIDE, 1, blob(label, random), ensemble, student));
    }
    return new Prediction.Album(classNames, images);
  }

  private static float[] probabilities(int predicted, Random random) {
    double[] logits = random.doubles(10, 0, 1.6).toArray();
    logits[predicted] += 2.6;
    double sum = IntStream.range(0, 10).mapToDouble(c -> Math.exp(logits[c])).sum();
    float[] probabilities = new float[10];
    for (int c = 0; c < 10; c++) {
      probabilities[c] = (float) (Math.exp(logits[c]) / sum);
    }
    return probabilities;
  }

  /** Something of a garment: wide at the shoulders for some classes, narrow for others. */
  private static int[] blob(int label, Random random) {
    int[] pixels = new int[SIDE * SIDE];
    for (int y = 3; y < 25; y++) {
      double half = 4 + 6 * Math.abs(Math.cos((y - 4 - label) * (0.1 + 0.02 * label)));
      for (int x = 0; x < SIDE; x++) {
        if (Math.abs(x - 13.5) < half) {
          pixels[y * SIDE + x] = 110 + 12 * label + random.nextInt(38);
        }
      }
    }
    return pixels;
  }
}
