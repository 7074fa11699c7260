package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.benchmarks.DistillationLossProvider.Step;
import io.retort.kernels.DType;
import io.retort.kernels.Mean;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class AgreementTest {
  @ParameterizedTest
  @CsvSource({
    "10, 1, LOGITS",
    "10, 4, PROBABILITIES",
    "1000, 4, LOGITS",
    "1000, 16, PROBABILITIES",
    "32000, 1, PROBABILITIES",
    "128256, 4, LOGITS"
  })
  void plainJavaAgrees(int classes, int teachers, Mean mean) {
    try (DistillationProblem problem =
            new DistillationProblem(classes, teachers, DType.F32, mean, 2, 4L << 20);
        Step step = new PlainJavaProvider().prepare(problem)) {
      assertThatCode(() -> new Agreement(problem).check("java", step)).doesNotThrowAnyException();
    }
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void retortAgreesWithItself(DType dtype) {
    try (DistillationProblem problem =
            new DistillationProblem(70_001, 1, dtype, Mean.LOGITS, 2, 2L << 20);
        Step step = new RetortProvider().prepare(problem)) {
      assertThatCode(() -> new Agreement(problem).check("retort", step)).doesNotThrowAnyException();
    }
  }

  /** As accurate a provider as there can be: what it computes from narrow logits is not rounded. */
  @ParameterizedTest
  @CsvSource({"10, F16", "1000, F16", "32000, F16", "10, BF16", "1000, BF16", "32000, BF16"})
  void aGradientThatIsNotRoundedAgreesWithOneThatIs(int classes, DType dtype) {
    try (DistillationProblem problem =
            new DistillationProblem(classes, 4, dtype, Mean.PROBABILITIES, 2, 1L << 20);
        Step step = new PlainJavaProvider().prepare(problem)) {
      assertThatCode(() -> new Agreement(problem).check("java", step)).doesNotThrowAnyException();
    }
  }

  static Stream<Arguments> faultsAndTypes() {
    return Stream.of(Fault.values())
        .flatMap(fault -> Stream.of(DType.values()).map(dtype -> Arguments.of(fault, dtype)));
  }

  @ParameterizedTest
  @MethodSource("faultsAndTypes")
  void aFaultIsFoundAndItsProviderNamed(Fault fault, DType dtype) {
    try (DistillationProblem problem =
            new DistillationProblem(1000, 4, dtype, Mean.PROBABILITIES, 1, 1L << 20);
        Step step = new FaultyStep(problem, fault)) {
      Agreement agreement = new Agreement(problem);

      assertThatThrownBy(() -> agreement.check("faulty", step))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("faulty's " + fault.found);
    }
  }

  enum Fault {
    LOSS_OF_THE_SUM("loss"),
    LOSS_NOT_A_NUMBER("loss"),
    LAST_LABEL_FORGOTTEN("gradient"),
    GRADIENT_NOT_A_NUMBER("gradient");

    final String found;

    Fault(String found) {
      this.found = found;
    }
  }

  /** Plain Java with one mistake. */
  private static final class FaultyStep implements Step {
    private final DistillationProblem problem;
    private final Fault fault;
    private final Step right;

    FaultyStep(DistillationProblem problem, Fault fault) {
      this.problem = problem;
      this.fault = fault;
      this.right = new PlainJavaProvider().prepare(problem);
    }

    @Override
    public void run() {
      right.run();
    }

    @Override
    public OptionalDouble loss() {
      double loss = right.loss().orElseThrow();
      return switch (fault) {
        case LOSS_OF_THE_SUM -> OptionalDouble.of(loss * problem.rows());
        case LOSS_NOT_A_NUMBER -> OptionalDouble.of(Double.NaN);
        default -> OptionalDouble.of(loss);
      };
    }

    @Override
    public void copyGradientTo(FloatPointer target) {
      right.copyGradientTo(target);
      long row = problem.rows() - 1;
      long label = row * problem.classes() + problem.labels().get(row);
      if (fault == Fault.LAST_LABEL_FORGOTTEN) {
        float hard = (1 - DistillationProblem.ALPHA) / problem.rows();
        target.put(label, target.get(label) + hard);
      } else if (fault == Fault.GRADIENT_NOT_A_NUMBER) {
        target.put(label, Float.NaN);
      }
    }

    @Override
    public void close() {
      right.close();
    }
  }
}
