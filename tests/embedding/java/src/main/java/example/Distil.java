package example;

import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Labels;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import io.retort.kernels.ThreadPool;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Random;

/**
 * A Java program that depends on retort-kernels alone: the distillation loss between two teachers
 * and a student over direct buffers, which are not copied, and a step down its gradient.
 */
public final class Distil {
  private static final int ROWS = 64;
  private static final int CLASSES = 10;

  public static void main(String[] arguments) {
    Random random = new Random(1);
    FloatBuffer student = logits(random);
    FloatBuffer gradient = logits(random);
    Members teachers = Members.of(matrix(logits(random)), matrix(logits(random)));
    Labels labels = Labels.of(random.ints(ROWS, 0, CLASSES).toArray());
    try (DistillationLoss loss = DistillationLoss.builder().temperature(4).alpha(0.9f).build();
        ThreadPool pool = new ThreadPool(2)) {
      Matrix in = matrix(student);
      Matrix out = matrix(gradient);
      double before = loss.compute(in, teachers, labels, null, out, null, pool).total();
      double furthest = 0; // sum of a row's gradient from 0, which it is for any softmax
      for (int row = 0; row < ROWS; row++) {
        double sum = 0;
        for (int i = row * CLASSES; i < (row + 1) * CLASSES; i++) {
          sum += gradient.get(i);
          student.put(i, student.get(i) - ROWS * gradient.get(i));
        }
        furthest = Math.max(furthest, Math.abs(sum));
      }
      double after = loss.compute(in, teachers, labels, null, out, null, pool).total();
      System.out.printf(
          "loss %.6f, after one step %.6f; rows of the gradient sum to 0 within %.1e%n",
          before, after, furthest);
      System.exit(after < before && furthest < 1e-6 ? 0 : 1);
    }
  }

  private static FloatBuffer logits(Random random) {
    ByteBuffer memory = ByteBuffer.allocateDirect(ROWS * CLASSES * Float.BYTES);
    FloatBuffer logits = memory.order(ByteOrder.nativeOrder()).asFloatBuffer();
    random.doubles(ROWS * CLASSES).forEach(value -> logits.put((float) value));
    return logits.rewind();
  }

  private static Matrix matrix(FloatBuffer values) {
    return Matrix.of(values, ROWS, CLASSES);
  }
}
