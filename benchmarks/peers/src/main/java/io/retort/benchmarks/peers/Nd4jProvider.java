package io.retort.benchmarks.peers;

import io.retort.benchmarks.DistillationLossProvider;
import io.retort.benchmarks.DistillationProblem;
import io.retort.benchmarks.TypedMemory;
import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import java.util.OptionalDouble;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.impl.transforms.custom.SoftMax;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * The gradient's closed form in ND4J, every operation into an array allocated beforehand. ND4J's
 * last release is of 2022; it runs here on the JavaCPP and OpenBLAS that Retort and PyTorch bring.
 */
public final class Nd4jProvider implements DistillationLossProvider {
  @Override
  public String name() {
    return "nd4j-gradient";
  }

  /** Single precision, which all its operations are made for. */
  @Override
  public boolean supports(DType dtype) {
    return dtype == DType.F32;
  }

  @Override
  public Step prepare(DistillationProblem problem) {
    return new GradientStep(problem);
  }

  private static final class GradientStep implements Step {
    private final Mean mean;
    private final INDArray student;
    private final INDArray[] teachers;
    private final INDArray p;
    private final INDArray scratch;
    private final INDArray gradient;
    private final INDArray labelPositions;
    private final INDArray hardWeights;
    private final float softWeight;
    private final float hardWeight;

    private GradientStep(DistillationProblem problem) {
      mean = problem.mean();
      long rows = problem.rows();
      student = array(problem, problem.student());
      teachers = new INDArray[problem.teachers()];
      for (int k = 0; k < teachers.length; k++) {
        teachers[k] = array(problem, problem.teacher(k));
      }
      p = Nd4j.createUninitialized(DataType.FLOAT, rows, problem.classes());
      scratch = Nd4j.createUninitialized(DataType.FLOAT, rows, problem.classes());
      gradient = Nd4j.createUninitialized(DataType.FLOAT, rows, problem.classes());
      softWeight = DistillationProblem.ALPHA * DistillationProblem.TEMPERATURE / rows;
      hardWeight = (1 - DistillationProblem.ALPHA) / rows;
      labelPositions = labelPositions(problem);
      hardWeights = Nd4j.valueArrayOf(new long[] {rows}, hardWeight, DataType.FLOAT);
      // after the first array, which loads the backend that this belongs to
      NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(problem.threads());
    }

    /** Row and column of each row's label. */
    private static INDArray labelPositions(DistillationProblem problem) {
      int rows = Math.toIntExact(problem.rows());
      int[] positions = new int[2 * rows];
      for (int row = 0; row < rows; row++) {
        positions[2 * row] = row;
        positions[2 * row + 1] = problem.labels().get(row);
      }
      return Nd4j.createFromArray(positions).reshape(rows, 2);
    }

    private static INDArray array(DistillationProblem problem, TypedMemory values) {
      INDArray array = Nd4j.createUninitialized(DataType.FLOAT, problem.rows(), problem.classes());
      FloatPointer target = new FloatPointer(array.data().addressPointer());
      FloatPointer.memcpy(target, values.pointer(), values.size() * Float.BYTES);
      return array;
    }

    @Override
    public void run() {
      teacherDistribution();
      softmax(student, DistillationProblem.TEMPERATURE, gradient);
      gradient.subi(p).muli(softWeight);
      softmax(student, 1, scratch);
      gradient.addi(scratch.muli(hardWeight));
      Nd4j.exec(
          DynamicCustomOp.builder("scatter_nd_sub")
              .addInputs(gradient, labelPositions, hardWeights)
              .addOutputs(gradient)
              .build());
    }

    private void teacherDistribution() {
      boolean ofLogits = mean == Mean.LOGITS;
      for (int k = 0; k < teachers.length; k++) {
        INDArray member = teachers[k];
        if (!ofLogits) {
          softmax(teachers[k], DistillationProblem.TEMPERATURE, scratch);
          member = scratch;
        }
        if (k == 0) {
          p.assign(member);
        } else {
          p.addi(member);
        }
      }
      if (teachers.length > 1) {
        p.divi(teachers.length);
      }
      if (ofLogits) {
        softmax(p, DistillationProblem.TEMPERATURE, p);
      }
    }

    private static void softmax(INDArray logits, float temperature, INDArray output) {
      INDArray scaled = temperature == 1 ? logits : logits.div(temperature, output);
      Nd4j.exec(new SoftMax(scaled, output, 1));
    }

    @Override
    public OptionalDouble loss() {
      return OptionalDouble.empty();
    }

    @Override
    public void copyGradientTo(FloatPointer target) {
      FloatPointer.memcpy(
          target, gradient.data().addressPointer(), gradient.length() * Float.BYTES);
    }

    @Override
    public void close() {
      for (INDArray teacher : teachers) {
        teacher.close();
      }
      for (INDArray array :
          new INDArray[] {student, p, scratch, gradient, labelPositions, hardWeights}) {
        array.close();
      }
    }
  }
}
