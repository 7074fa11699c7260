package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.retort.kernels.CudaLibrary;
import io.retort.kernels.CudaOverlap;
import io.retort.kernels.DistillationLoss;
import io.retort.kernels.Mean;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A CUDA device distils linear layers on two streams where the budget holds two chunks. */
class LinearDistillationStreamsTest {
  private static final int ROWS = 23;

  /** Of a row that needs no padding. */
  private static final int CLASSES = 36;

  private static final int[] TEACHER_SIZES = {5, 11};
  private static final int STUDENT_SIZE = 7;

  /** A row of the student's logits and of two matrices of the teachers'. */
  private static final long ROW_BYTES = 3 * 4 * CLASSES;

  @BeforeEach
  void thereIsAnEmulation() {
    assumeTrue(TestDevice.available().contains(TestDevice.CUDA));
    assumeTrue(TestDevice.CUDA.isEmulated());
    CudaLibrary.load();
  }

  /** The host, counting who asks for the second stream. */
  private static class TwoStreams extends HostLibraries {
    private int asked;

    @Override
    public CudaOverlap overlap() {
      asked++;
      return super.overlap();
    }
  }

  /** The host without a second stream. */
  private static final class OneStream extends HostLibraries {
    @Override
    public CudaOverlap overlap() {
      return null;
    }
  }

  /** Tensors of a device, filled with numbers that differ by their seed alone. */
  private static final class Tensors implements AutoCloseable {
    private final Device device;
    private final List<Tensor> all = new ArrayList<>();

    Tensors(Device device) {
      this.device = device;
    }

    Tensor tensor(long seed, long... shape) {
      Tensor tensor = device.tensor(shape);
      all.add(tensor);
      tensor.upload(RandomArrays.normal(tensor.size(), seed));
      return tensor;
    }

    LinearTensors layer(int size, long seed) {
      return new LinearTensors(
          tensor(seed, ROWS, size), tensor(seed + 100, CLASSES, size), tensor(seed + 200, CLASSES));
    }

    @Override
    public void close() {
      all.forEach(Tensor::close);
    }
  }

  /** All that a call computes. */
  private static List<float[]> results(HostLibraries cuda, Mean mean, long budget) {
    try (Device device = new CudaDevice(1, Precision.F32, cuda);
        Tensors tensors = new Tensors(device);
        DistillationLoss loss =
            DistillationLoss.builder().mean(mean).temperature(2).alpha(1).build()) {
      LinearTensors gradient = tensors.layer(STUDENT_SIZE, 4);
      Tensor rowLoss = tensors.tensor(5, ROWS);
      double total =
          device
              .linearDistillation(
                  loss,
                  tensors.layer(STUDENT_SIZE, 1),
                  List.of(tensors.layer(TEACHER_SIZES[0], 2), tensors.layer(TEACHER_SIZES[1], 3)),
                  null,
                  null,
                  gradient,
                  rowLoss,
                  budget)
              .total();
      return List.of(
          new float[] {(float) total},
          rowLoss.download(),
          gradient.hidden().download(),
          gradient.weights().download(),
          gradient.bias().download());
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSecondStreamChangesNoBits(Mean mean) {
    for (long rows : new long[] {2, 3, 8, 23, 46}) {
      TwoStreams cuda = new TwoStreams();
      List<float[]> onTwo = results(cuda, mean, rows * ROW_BYTES);
      List<float[]> onOne = results(new OneStream(), mean, rows * ROW_BYTES);
      assertThat(cuda.asked).isEqualTo(1);
      for (int i = 0; i < onOne.size(); i++) {
        assertThat(onTwo.get(i)).as("result %d", i).isEqualTo(onOne.get(i));
      }
    }
  }

  @Test
  void aBudgetOfOneRowIsForOneStream() {
    TwoStreams cuda = new TwoStreams();
    results(cuda, Mean.PROBABILITIES, 2 * ROW_BYTES - 1);
    assertThat(cuda.asked).isZero();
  }

  @Test
  void aSecondStreamThatIsClosedIsRefused() {
    HostLibraries cuda =
        new HostLibraries() {
          @Override
          public CudaOverlap overlap() {
            CudaOverlap closed = super.overlap();
            closed.close();
            return closed;
          }
        };
    assertThatThrownBy(() -> results(cuda, Mean.PROBABILITIES, 4 * ROW_BYTES))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the overlap is closed");
  }
}
