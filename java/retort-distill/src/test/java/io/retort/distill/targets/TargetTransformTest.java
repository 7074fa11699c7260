package io.retort.distill.targets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.retort.distill.Formats;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Reduction;
import io.retort.kernels.TeacherForm;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TargetTransformTest {

  private static final int ROWS = Examples.ROWS;
  private static final int CLASSES = Examples.CLASSES;

  /** Gradients of at most a few units, in arithmetic of 24 bits. */
  private static final float ROUNDING = 2e-6f;

  private final Examples examples = new Examples(1);

  static TargetTransform[] transforms() {
    return new TargetTransform[] {
      new KdPt(),
      new KdSim(0.3),
      new KdTopK(1),
      new KdTopK(3),
      new KdTopK(99),
      new Mixture(0.4, 0.5)
    };
  }

  private static float[] row(float[] matrix, int row) {
    return Arrays.copyOfRange(matrix, row * CLASSES, (row + 1) * CLASSES);
  }

  private static void assertClose(float[] actual, float[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i]).as("element " + i).isCloseTo(expected[i], within(tolerance));
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void targetsAreDistributions(TargetTransform transform) {
    float[] targets = transform.transform(examples.knowledge(2));

    for (int r = 0; r < ROWS; r++) {
      double sum = 0;
      for (float rho : row(targets, r)) {
        assertThat(rho).isNotNegative();
        sum += rho;
      }
      assertThat(sum).isCloseTo(1, within(1e-6));
    }
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void renumberingTheClassesRenumbersTheTargetsAndKeepsTheLoss(TargetTransform transform) {
    int[] place = {3, 0, 6, 1, 5, 2, 4};
    TeacherKnowledge before = examples.knowledge(1);
    float[] probabilities = new float[ROWS * CLASSES];
    float[] student = new float[ROWS * CLASSES];
    float[] weights = new float[examples.weights.length];
    int[] labels = new int[ROWS];
    for (int k = 0; k < CLASSES; k++) {
      for (int r = 0; r < ROWS; r++) {
        probabilities[r * CLASSES + place[k]] = before.probabilities()[r * CLASSES + k];
        student[r * CLASSES + place[k]] = examples.student[r * CLASSES + k];
        labels[r] = place[examples.labels[r]];
      }
      System.arraycopy(
          examples.weights,
          k * Examples.FEATURES,
          weights,
          place[k] * Examples.FEATURES,
          Examples.FEATURES);
    }

    float[] targets = transform.transform(before);
    float[] renumbered =
        transform.transform(
            new TeacherKnowledge(probabilities, labels, ClassSimilarity.of(weights, CLASSES)));

    for (int r = 0; r < ROWS; r++) {
      for (int k = 0; k < CLASSES; k++) {
        assertThat(renumbered[r * CLASSES + place[k]])
            .isCloseTo(targets[r * CLASSES + k], within(1e-7f));
      }
    }
    double loss = Examples.loss(examples.student, targets, examples.labels);
    assertThat(Examples.loss(student, renumbered, labels)).isCloseTo(loss, within(1e-6 * loss));
  }

  @ParameterizedTest
  @MethodSource("transforms")
  void aTransformIsReadBackFromItsDescription(TargetTransform transform) throws IOException {
    String json = Formats.JSON_LINE.writeValueAsString(transform);

    assertThat(Formats.JSON_LINE.readValue(json, TargetTransform.class)).isEqualTo(transform);
  }

  @Test
  void kdPtKeepsTheLabelAndSpreadsTheRest() {
    TeacherKnowledge teacher = examples.knowledge(2);

    float[] targets = new KdPt().transform(teacher);

    for (int r = 0; r < ROWS; r++) {
      int label = examples.labels[r];
      float kept = teacher.probabilities()[r * CLASSES + label];
      for (int k = 0; k < CLASSES; k++) {
        float expected = k == label ? kept : (1 - kept) / (CLASSES - 1);
        assertThat(targets[r * CLASSES + k]).isCloseTo(expected, within(1e-7f));
      }
    }
  }

  @Test
  void kdPtOfATeacherThatIsSureIsCrossEntropy() {
    float[] sure = new float[ROWS * CLASSES];
    for (int r = 0; r < ROWS; r++) {
      sure[r * CLASSES + examples.labels[r]] = 1;
    }
    float[] targets =
        new KdPt().transform(new TeacherKnowledge(sure, examples.labels, examples.similarity()));

    float[] distilled = examples.gradientOfTargets(0.7, 1, targets);
    float[] ofLabels = examples.gradientOfTeacher(0, 1);

    assertClose(distilled, ofLabels, ROUNDING);
  }

  @Test
  void kdTopKOfAllClassesIsDistillation() {
    float[] targets = new KdTopK(CLASSES).transform(examples.knowledge(3));

    assertClose(
        examples.gradientOfTargets(0.9, 3, targets),
        examples.gradientOfTeacher(0.9, 3),
        3 * ROUNDING);
  }

  @Test
  void kdTopKOfOneIsKdPtWhereTheTeacherIsRight() {
    TeacherKnowledge teacher = examples.knowledge(1);
    float[] top = new KdTopK(1).transform(teacher);
    float[] pt = new KdPt().transform(teacher);
    int right = 0;

    for (int r = 0; r < ROWS; r++) {
      float[] p = row(teacher.probabilities(), r);
      float largest = p[examples.labels[r]];
      boolean isRight = true;
      for (float other : p) {
        isRight &= other <= largest;
      }
      if (isRight) {
        right++;
        assertClose(row(top, r), row(pt, r), 1e-6);
      }
    }
    assertThat(right).isBetween(1, ROWS - 1);
  }

  @Test
  void kdTopKKeepsTheLargestAndSpreadsTheRest() {
    float[] p = {0.1f, 0.3f, 0.05f, 0.1f, 0.35f, 0.06f, 0.04f};
    TeacherKnowledge teacher = new TeacherKnowledge(p, new int[] {0}, examples.similarity());

    assertClose(
        new KdTopK(3).transform(teacher),
        new float[] {0.1f, 0.3f, 0.0625f, 0.0625f, 0.35f, 0.0625f, 0.0625f},
        1e-7);
  }

  @Test
  void kdSimIsTheSoftmaxOfTheCosines() {
    float[] weights = {2, 0, 3, 3, 0, -1, -4, 0};
    ClassSimilarity similarity = ClassSimilarity.of(weights, 4);
    TeacherKnowledge teacher = new TeacherKnowledge(new float[4], new int[] {0}, similarity);
    double[] cosines = {1, Math.sqrt(0.5), 0, -1};
    double sum = Arrays.stream(cosines).map(c -> Math.exp(c / 0.4)).sum();

    float[] targets = new KdSim(0.4).transform(teacher);

    for (int k = 0; k < 4; k++) {
      assertThat(targets[k]).isCloseTo((float) (Math.exp(cosines[k] / 0.4) / sum), within(1e-7f));
    }
    assertThat(similarity.mostLike(0)).isEqualTo(1);
    assertThat(similarity.leastLike(0)).isEqualTo(3);
  }

  @Test
  void kdSimAtAnEndlessTemperatureIsLabelSmoothing() {
    float[] even = new KdSim(1e9).transform(examples.knowledge(1));
    DistillationLoss.Builder mean = Examples.options(0.3, 1).reduction(Reduction.MEAN);
    DistillationLoss ofTargets =
        mean.teacherForm(TeacherForm.PROBABILITIES).teacherTemperatures(1).build();
    DistillationLoss smoothing =
        Examples.options(0, 1).reduction(Reduction.MEAN).labelSmoothing(0.3f).build();

    assertThat(even).containsOnly(1f / CLASSES);
    // of sixty rows each gradient is at most 1/60, rounded to 1e-9
    assertClose(
        examples.gradient(ofTargets, examples.student, even),
        examples.gradient(smoothing, examples.student, null),
        1e-8);
  }

  @Test
  void theMixtureLiesBetweenItsParts() {
    TeacherKnowledge teacher = examples.knowledge(2);
    float[] pt = new KdPt().transform(teacher);
    float[] sim = new KdSim(0.3).transform(teacher);
    float[] mixed = new Mixture(0.25, 0.3).transform(teacher);
    float[] expected = new float[mixed.length];
    for (int i = 0; i < mixed.length; i++) {
      expected[i] = 0.75f * pt[i] + 0.25f * sim[i];
    }

    assertClose(mixed, expected, 1e-7);
    assertClose(new Mixture(0, 0.3).transform(teacher), pt, 0);
    assertClose(new Mixture(1, 0.3).transform(teacher), sim, 0);
  }

  @Test
  void aSingleClassIsCertain() {
    TeacherKnowledge one =
        new TeacherKnowledge(
            new float[] {1}, new int[] {0}, ClassSimilarity.of(new float[] {1, 2}, 1));

    for (TargetTransform transform : transforms()) {
      assertThat(transform.transform(one)).containsExactly(1);
    }
  }

  @Test
  void wrongValuesAreNamed() {
    ClassSimilarity similarity = examples.similarity();

    assertThatThrownBy(() -> new KdSim(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("temperature");
    assertThatThrownBy(() -> new KdTopK(0)).hasMessageContaining("k must be at least 1");
    assertThatThrownBy(() -> new Mixture(Double.NaN, 1)).hasMessageContaining("share");
    assertThatThrownBy(() -> ClassSimilarity.of(new float[5], 2)).hasMessageContaining("weights");
    assertThatThrownBy(() -> new TeacherKnowledge(new float[3], new int[1], similarity))
        .hasMessageContaining("probabilities");
    assertThatThrownBy(() -> new TeacherKnowledge(new float[CLASSES], new int[] {-1}, similarity))
        .hasMessageContaining("labels");
    assertThatThrownBy(() -> new TeacherKnowledge(null, new int[1], similarity))
        .isInstanceOf(NullPointerException.class);
  }

  @Test
  void aRowOfZerosIsLikeNoClass() {
    ClassSimilarity similarity = ClassSimilarity.of(new float[] {0, 0, 1, 1}, 2);

    assertThat(similarity.cosine(0, 1)).isZero();
    assertThat(similarity.cosine(1, 1)).isCloseTo(1, within(1e-12));
  }
}
