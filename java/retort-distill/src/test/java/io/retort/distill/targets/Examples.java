package io.retort.distill.targets;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.Reduction;
import io.retort.kernels.TeacherForm;
import java.util.Random;

/** Logits, labels and last-layer weights drawn by chance, and the kernel's loss on them. */
public final class Examples {

  public static final int ROWS = 60;
  public static final int CLASSES = 7;
  public static final int FEATURES = 5;

  public final float[] student;
  public final float[] teacher;
  public final float[] weights;
  public final int[] labels = new int[ROWS];

  public Examples(long seed) {
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

  public ClassSimilarity similarity() {
    return ClassSimilarity.of(weights, CLASSES);
  }

  /** What the teacher says at a temperature. */
  public TeacherKnowledge knowledge(double temperature) {
    return new TeacherKnowledge(probabilities(teacher, temperature), labels, similarity());
  }

  public static float[] probabilities(float[] logits, double temperature) {
    float[] probabilities = new float[logits.length];
    for (int first = 0; first < logits.length; first += CLASSES) {
      double sum = 0;
      for (int k = first; k < first + CLASSES; k++) {
        sum += Math.exp(logits[k] / temperature);
      }
      for (int k = first; k < first + CLASSES; k++) {
        probabilities[k] = (float) (Math.exp(logits[k] / temperature) / sum);
      }
    }
    return probabilities;
  }

  /** The gradient, not reduced, of the loss on the student's logits with such targets. */
  public float[] gradientOfTargets(double alpha, double temperature, float[] rho) {
    return gradient(
        options(alpha, temperature)
            .teacherForm(TeacherForm.PROBABILITIES)
            .teacherTemperatures(1)
            .build(),
        student,
        rho);
  }

  /** The loss with such targets, half of it the labels'. */
  public static double loss(float[] logits, float[] rho, int[] labels) {
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
  public float[] gradientOfTeacher(double alpha, double temperature) {
    return gradientOfTeacher(alpha, temperature, student);
  }

  /** The same on other logits of a student. */
  public float[] gradientOfTeacher(double alpha, double temperature, float[] logits) {
    return gradient(options(alpha, temperature).build(), logits, teacher);
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
