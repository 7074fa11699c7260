package io.retort.benchmarks;

import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import java.util.Arrays;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;

/**
 * What a Java programmer would write with care: arrays on the heap, rows shared out among threads,
 * three sweeps a softmax (the maximum; the exponentials, kept, and their sum; the result), {@link
 * Math#exp} in double precision, which HotSpot compiles to an intrinsic. Rows are short enough to
 * stay in a cache between sweeps up to about a hundred thousand classes.
 */
public final class PlainJavaProvider implements DistillationLossProvider {
  @Override
  public String name() {
    return "java";
  }

  /** Arrays of {@code float}: Java 17 computes with nothing narrower. */
  @Override
  public boolean supports(DType dtype) {
    return dtype == DType.F32;
  }

  @Override
  public Step prepare(DistillationProblem problem) {
    return new LoopStep(problem);
  }

  private static final class LoopStep implements Step {
    private static final double TEMPERATURE = DistillationProblem.TEMPERATURE;
    private static final double ALPHA = DistillationProblem.ALPHA;

    private final int rows;
    private final int classes;
    private final Mean mean;
    private final float[] student;
    private final float[][] teachers;
    private final int[] labels;
    private final float[] gradient;
    private final double[] rowLoss;
    private final Workers workers;

    private LoopStep(DistillationProblem problem) {
      rows = Math.toIntExact(problem.rows());
      classes = problem.classes();
      mean = problem.mean();
      student = array(problem.student());
      teachers = new float[problem.teachers()][];
      for (int k = 0; k < teachers.length; k++) {
        teachers[k] = array(problem.teacher(k));
      }
      labels = new int[rows];
      problem.labels().get(labels);
      gradient = new float[student.length];
      rowLoss = new double[rows];
      workers = new Workers(problem.threads());
    }

    private static float[] array(TypedMemory matrix) {
      float[] values = new float[Math.toIntExact(matrix.size())];
      matrix.get(0, values);
      return values;
    }

    @Override
    public void run() {
      workers.share(
          rows,
          (from, to) -> {
            float[] p = new float[classes];
            float[] q = new float[classes];
            float[] scratch = new float[classes];
            for (int row = (int) from; row < to; row++) {
              rowLoss[row] = row(row, p, q, scratch);
            }
          });
    }

    /** Writes the row's gradient and returns its loss. */
    private double row(int row, float[] p, float[] q, float[] scratch) {
      int start = row * classes;
      teacher(start, p, scratch);
      softmax(student, start, TEMPERATURE, q);
      double logOfSum = softmax(student, start, 1, scratch);
      float soft = (float) (ALPHA * TEMPERATURE / rows);
      float hard = (float) ((1 - ALPHA) / rows);
      double divergence = 0;
      for (int j = 0; j < classes; j++) {
        gradient[start + j] = soft * (q[j] - p[j]) + hard * scratch[j];
        divergence += p[j] * Math.log(p[j] / q[j]);
      }
      int label = start + labels[row];
      gradient[label] -= hard;
      return ALPHA * TEMPERATURE * TEMPERATURE * divergence
          + (1 - ALPHA) * (logOfSum - student[label]);
    }

    /** The mean teacher's distribution of the row that begins at {@code start}. */
    private void teacher(int start, float[] p, float[] scratch) {
      Arrays.fill(p, 0);
      float share = 1f / teachers.length;
      for (float[] teacher : teachers) {
        if (mean == Mean.PROBABILITIES) {
          softmax(teacher, start, TEMPERATURE, scratch);
          for (int j = 0; j < classes; j++) {
            p[j] += share * scratch[j];
          }
        } else {
          for (int j = 0; j < classes; j++) {
            p[j] += share * teacher[start + j];
          }
        }
      }
      if (mean == Mean.LOGITS) {
        softmax(p, 0, TEMPERATURE, p);
      }
    }

    /** The softmax of a row; returns the logarithm of the sum of the exponentials of logits / T. */
    private double softmax(float[] logits, int start, double temperature, float[] output) {
      float maximum = Float.NEGATIVE_INFINITY;
      for (int j = 0; j < classes; j++) {
        maximum = Math.max(maximum, logits[start + j]);
      }
      double inverse = 1 / temperature;
      double sum = 0;
      for (int j = 0; j < classes; j++) {
        double power = Math.exp((logits[start + j] - maximum) * inverse);
        output[j] = (float) power;
        sum += power;
      }
      float scale = (float) (1 / sum);
      for (int j = 0; j < classes; j++) {
        output[j] *= scale;
      }
      return maximum * inverse + Math.log(sum);
    }

    @Override
    public OptionalDouble loss() {
      double sum = 0;
      for (double loss : rowLoss) {
        sum += loss;
      }
      return OptionalDouble.of(sum / rows);
    }

    @Override
    public void copyGradientTo(FloatPointer target) {
      target.put(gradient, 0, gradient.length);
    }

    @Override
    public void close() {
      workers.close();
    }
  }
}
