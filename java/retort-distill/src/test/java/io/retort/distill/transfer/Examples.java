package io.retort.distill.transfer;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.Reduction;
import io.retort.kernels.TeacherForm;
import java.util.Random;

/** Logits, labels and last-layer weights drawn by chance, and the kernel's loss on them. */
final class Examples {

  static final int ROWS = 60;
  static final int CLASSES = 7;
  static final int FEATURES = 5;

  final float[] student;
  final float[] teacher;
  final float[] weights;
  final int[] labels = new int[ROWS];

  Examples(long seed) {
    Random random = new Random(seed);
    student = normal(random, ROWS * CLASSES, 2);
    teacher = normal(random, ROWS * CLASSES, 3);
    weights = normal(random, CLASSES * FEATURES, 1);
    for (int row = 0; row < ROWS; row++) {
      labels[row] = random.nextInt(CLASSES);
    }
  }

  private static float[] normal(Random random, int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return values;
  }

  ClassSimilarity similarity() {
    return ClassSimilarity.of(weights, CLASSES);
  }

  /** What the teacher says at a temperature. */
  TeacherKnowledge knowledge(double temperature) {
    return new TeacherKnowledge(probabilities(teacher, temperature), labels, similarity());
  }

  static float[] probabilities(float[] logits, double temperature) {
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      LogitRow row = new LogitRow(logits, i / CLASSES, CLASSES);
      probabilities[i] = (float) row.probability(i % CLASSES, temperature);
    }
    return probabilities;
  }

  /** The gradient, not reduced, of the loss on the student's logits with such targets. */
  float[] gradientOfTargets(double alpha, double temperature, float[] rho) {
    return gradient(
        options(alpha, temperature)
            .teacherForm(TeacherForm.PROBABILITIES)
            .teacherTemperatures(1)
            .build(),
        student,
        rho);
  }

  /** The loss with such targets, half of it the labels'. */
  static double loss(float[] logits, float[] rho, int[] labels) {
    try (DistillationLoss loss =
        options(0.5, 2).teacherForm(TeacherForm.PROBABILITIES).teacherTemperatures(1).build()) {
      return loss.compute(
              Matrix.of(logits, ROWS, CLASSES),
              Members.of(Matrix.of(rho, ROWS, CLASSES)),
              Labels.of(labels),
              null,
              null,
              null,
              null)
          .total();
    }
  }

  /** The gradient with the teacher's own logits. */
  float[] gradientOfTeacher(double alpha, double temperature) {
    return gradient(options(alpha, temperature).build(), student, teacher);
  }

  static DistillationLoss.Builder options(double alpha, double temperature) {
    return DistillationLoss.builder()
        .alpha((float) alpha)
        .temperature((float) temperature)
        .reduction(Reduction.SUM);
  }

  /** The gradient of any loss, which is closed, on any student's logits. */
  float[] gradient(DistillationLoss loss, float[] logits, float[] targets) {
    float[] gradient = new float[logits.length];
    try (loss) {
      loss.compute(
          Matrix.of(logits, ROWS, CLASSES),
          targets == null ? null : Members.of(Matrix.of(targets, ROWS, CLASSES)),
          Labels.of(labels),
          null,
          Matrix.of(gradient, ROWS, CLASSES),
          null,
          null);
    }
    return gradient;
  }
}
