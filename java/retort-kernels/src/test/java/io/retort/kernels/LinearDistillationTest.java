package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The arguments of linear distillation. No BLAS is here to lend a product, so nothing is computed:
 * the results are tested where there is one, with devices.
 */
class LinearDistillationTest {
  private static final long ROW_BYTES = 2 * 4 * 5;

  private final Pointer noProduct = new FloatPointer(1);
  private final LinearDistillation operation = new LinearDistillation(noProduct, 3 * ROW_BYTES);
  private final DistillationLoss loss = DistillationLoss.builder().build();

  @AfterEach
  void free() {
    operation.close();
    loss.close();
    noProduct.close();
  }

  private static Matrix matrix(long rows, long columns) {
    return Matrix.of(new float[(int) (rows * columns)], rows, columns);
  }

  private static LinearLayer layer(long rows, long classes, long hiddenSize) {
    return new LinearLayer(matrix(rows, hiddenSize), matrix(classes, hiddenSize), null);
  }

  /** Arguments that would do, but for what a test changes. */
  private static final class Call {
    LinearLayer student = layer(4, 5, 3);
    List<LinearLayer> teachers = List.of(layer(4, 5, 2));
    Labels labels = Labels.of(new int[4]);
    Matrix rowWeights;
    LinearGradient gradient;
    Matrix rowLoss;
    ThreadPool pool;

    Totals on(LinearDistillation operation, DistillationLoss loss) {
      return operation.compute(
          loss, student, teachers, labels, rowWeights, gradient, rowLoss, pool);
    }
  }

  private void assertRefused(String message, Consumer<Call> spoil) {
    Call call = new Call();
    spoil.accept(call);
    assertThatThrownBy(() -> call.on(operation, loss))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aBadArgumentIsNamed() {
    assertRefused("student must not be null", call -> call.student = null);
    assertRefused("teacher 0 must give logits 4 x 5", c -> c.teachers = List.of(layer(4, 6, 2)));
    assertRefused("teacher 0 must give logits 4 x 5", c -> c.teachers = List.of(layer(3, 5, 2)));
    assertRefused("teacher 1", c -> c.teachers = Arrays.asList(layer(4, 5, 2), null));
    assertRefused("teacher count", call -> call.teachers = null);
    assertRefused("teacher count", call -> call.teachers = List.of());
    assertRefused("labels must number at least 4", c -> c.labels = Labels.of(new int[3]));
    assertRefused("labels must not be null", call -> call.labels = null);
    assertRefused("labels[0]", c -> c.labels = Labels.of(new long[] {5, 0, 0, 0}));
    assertRefused("rowWeights must be 4 x 1", call -> call.rowWeights = matrix(3, 1));
    assertRefused("rowLoss must be 4 x 1", call -> call.rowLoss = matrix(4, 2));
    assertRefused(
        "gradient hidden must be 4 x 3",
        call -> call.gradient = new LinearGradient(matrix(4, 2), null, null));
    assertRefused(
        "gradient weights must be 5 x 3",
        call -> call.gradient = new LinearGradient(null, matrix(4, 3), null));
    assertRefused(
        "gradient bias must be 5 x 1",
        call -> call.gradient = new LinearGradient(null, null, matrix(1, 5)));
  }

  @Test
  void anOutputOverAnInputIsRefused() {
    try (FloatPointer memory = new FloatPointer(12)) {
      Matrix hidden = Matrix.of(memory, 4, 3);
      assertRefused(
          "gradient hidden must not overlap student hidden",
          call -> {
            call.student = new LinearLayer(hidden, matrix(5, 3), null);
            call.gradient = new LinearGradient(hidden, null, null);
          });
    }
  }

  @Test
  void freedMemoryIsRefusedByName() {
    FloatPointer memory = new FloatPointer(12);
    Matrix freed = Matrix.of(memory, 4, 3);
    memory.close();
    assertRefused("student hidden", c -> c.student = new LinearLayer(freed, matrix(5, 3), null));
    assertRefused(
        "teacher hidden", c -> c.teachers = List.of(new LinearLayer(freed, matrix(5, 3), null)));
    assertRefused("gradient hidden", call -> call.gradient = new LinearGradient(freed, null, null));
  }

  @Test
  void aLayersPartsMustFitEachOther() {
    assertThatThrownBy(() -> new LinearLayer(null, matrix(5, 3), null))
        .hasMessageContaining("hidden must not be null");
    assertThatThrownBy(() -> new LinearLayer(matrix(4, 3), null, null))
        .hasMessageContaining("weights must not be null");
    assertThatThrownBy(() -> new LinearLayer(matrix(4, 3), matrix(5, 2), null))
        .hasMessageContaining("weights must be 5 x 3");
    assertThatThrownBy(() -> new LinearLayer(matrix(4, 3), matrix(0, 3), null))
        .hasMessageContaining("weights rows must be at least 1");
    assertThatThrownBy(() -> new LinearLayer(matrix(4, 3), matrix(5, 3), matrix(4, 1)))
        .hasMessageContaining("bias must be 5 x 1");
    Matrix half = Matrix.of(new short[12], DType.BF16, 4, 3);
    assertThatThrownBy(() -> new LinearLayer(half, matrix(5, 3), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hidden must be F32");
  }

  @Test
  void theWorkspaceIsThatOfTheRowsThatTheBudgetHolds() {
    assertThat(operation.workspace(loss, 100, 5, 1)).isEqualTo(3 * ROW_BYTES);
    assertThat(operation.workspace(loss, 2, 5, 7)).isEqualTo(2 * ROW_BYTES);
    assertThat(operation.workspace(loss, 0, 5, 1)).isZero();
    assertThatThrownBy(() -> operation.workspace(loss, 1, 16, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("budget must be at least 128 bytes");
    assertThatThrownBy(() -> operation.workspace(loss, -1, 5, 1)).hasMessageContaining("rows");
    assertThatThrownBy(() -> operation.workspace(loss, 1, 0, 1)).hasMessageContaining("classes");
    assertThatThrownBy(() -> operation.workspace(null, 1, 1, 1)).hasMessageContaining("loss");
  }

  @Test
  void withoutRowsNothingIsMultipliedAndTheGradientsAreZero() {
    float[] weights = {1, 2, 3};
    float[] bias = {4};
    Call call = new Call();
    call.student = layer(0, 1, 3);
    call.teachers = List.of(layer(0, 1, 2));
    call.gradient =
        new LinearGradient(matrix(0, 3), Matrix.of(weights, 1, 3), Matrix.of(bias, 1, 1));
    try (ThreadPool pool = new ThreadPool(2)) {
      call.pool = pool;
      assertThat(call.on(operation, loss).total()).isZero();
    }
    assertThat(weights).containsOnly(0);
    assertThat(bias).containsOnly(0);
  }

  @Test
  void aProductAndABudgetAreNeeded() {
    assertThatThrownBy(() -> new LinearDistillation(null, 1)).hasMessageContaining("sgemm");
    assertThatThrownBy(() -> new LinearDistillation(new Pointer(), 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sgemm");
    assertThatThrownBy(() -> new LinearDistillation(noProduct, 0)).hasMessageContaining("budget");
  }

  @Test
  void whatIsClosedIsRefused() {
    operation.close();
    operation.close();
    assertThatThrownBy(() -> new Call().on(operation, loss))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("linear distillation is closed");
    try (LinearDistillation open = new LinearDistillation(noProduct, 1000)) {
      loss.close();
      assertThatThrownBy(() -> new Call().on(open, loss))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("distillation loss is closed");
    }
  }
}
