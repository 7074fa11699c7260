package example;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.training.GradientCollector;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Matrix;
import io.retort.kernels.Members;
import java.nio.ByteOrder;
import java.util.function.Supplier;

/** Weights of DJL learn by Retort's loss over their own memory, with the gradient DJL computes. */
public final class Distil {
  public static void main(String[] arguments) {
    try (NDManager manager = NDManager.newBaseManager();
        DistillationLoss loss = DistillationLoss.builder().temperature(4).alpha(1).build()) {
      Engine.getInstance().setRandomSeed(1);
      NDArray x = manager.randomNormal(new Shape(64, 20));
      NDArray teacher = manager.randomNormal(new Shape(64, 10));
      NDArray weights = manager.randomNormal(new Shape(20, 10));
      weights.setRequiresGradient(true);
      NDArray p = teacher.div(4).softmax(1);
      backward(() -> p.mul(x.matMul(weights).div(4).logSoftmax(1)).sum().mul(-16f / 64));
      NDArray expected = weights.getGradient().duplicate();
      double before = backward(() -> distil(loss, x.matMul(weights), teacher));
      float error = weights.getGradient().sub(expected).abs().max().getFloat();
      weights.subi(weights.getGradient());
      double after = backward(() -> distil(loss, x.matMul(weights), teacher));
      System.out.printf("loss %.6f, then %.6f; gradient off by %.1e%n", before, after, error);
      System.exit(after < before && error < 1e-6 ? 0 : 1);
    }
  }

  /** An array with the value of Retort's loss, through which Retort's gradient flows back. */
  static NDArray distil(DistillationLoss loss, NDArray logits, NDArray teacher) {
    NDArray gradient = logits.getManager().zeros(logits.getShape());
    Members teachers = Members.of(matrix(teacher));
    var totals = loss.compute(matrix(logits), teachers, null, null, matrix(gradient), null, null);
    NDArray product = logits.mul(gradient).sum();
    return product.sub(product.stopGradient()).add((float) totals.total());
  }

  /** A contiguous array's memory as a matrix, valid while the array is. */
  static Matrix matrix(NDArray a) {
    var memory = a.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
    return Matrix.of(memory, a.getShape().get(0), a.getShape().get(1));
  }

  static double backward(Supplier<NDArray> loss) {
    try (GradientCollector collector = Engine.getInstance().newGradientCollector()) {
      collector.zeroGradients();
      NDArray value = loss.get();
      collector.backward(value);
      return value.getFloat();
    }
  }
}
