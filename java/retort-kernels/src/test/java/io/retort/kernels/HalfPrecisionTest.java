package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.javacpp.ShortPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every operation over halves against the same over the floats that those halves are. */
class HalfPrecisionTest {
  private static final int ROWS = 3;
  private static final int CLASSES = 21;
  private static final Labels LABELS = Labels.of(new int[] {0, 20, 7});

  private final Random random = new Random(7);

  /** Values that a type can represent, as that type and as floats. */
  private record Operand(short[] halves, float[] floats) {
    Matrix half(DType dtype) {
      return Matrix.of(halves, dtype, ROWS, CLASSES);
    }

    Matrix f32() {
      return Matrix.of(floats, ROWS, CLASSES);
    }
  }

  private Operand logits(DType dtype) {
    float[] values = new float[ROWS * CLASSES];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (3 * random.nextGaussian());
    }
    short[] halves = HalfPrecision.of(dtype, values);
    return new Operand(halves, HalfPrecision.floats(dtype, halves));
  }

  /** Half a step from the f32 result, and what f32 itself rounds. */
  private static void assertRounded(DType dtype, short[] halves, float[] expected) {
    float[] actual = HalfPrecision.floats(dtype, halves);
    for (int i = 0; i < expected.length; i++) {
      double tolerance = Math.abs(expected[i]) * (HalfPrecision.epsilon(dtype) / 2 + 1e-5) + 1e-7;
      assertThat((double) actual[i]).as("%d", i).isCloseTo(expected[i], within(tolerance));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "F32")
  void aSoftmaxAndItsGradientRoundOnce(DType dtype) {
    Operand logits = logits(dtype);
    Operand gradient = logits(dtype);
    short[] half = new short[ROWS * CLASSES];
    float[] expected = new float[ROWS * CLASSES];

    Softmax.logForward(logits.half(dtype), 2, Matrix.of(half, dtype, ROWS, CLASSES), null);
    Softmax.logForward(logits.f32(), 2, Matrix.of(expected, ROWS, CLASSES), null);
    assertRounded(dtype, half, expected);

    Operand output = new Operand(half.clone(), HalfPrecision.floats(dtype, half));
    Softmax.logBackward(
        output.half(dtype), gradient.half(dtype), 2, Matrix.of(half, dtype, ROWS, CLASSES), null);
    Softmax.logBackward(output.f32(), gradient.f32(), 2, Matrix.of(expected, ROWS, CLASSES), null);
    assertRounded(dtype, half, expected);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "F32")
  void anEnsembleMeanRoundsOnce(DType dtype) {
    Operand first = logits(dtype);
    Operand second = logits(dtype);
    short[] half = new short[ROWS * CLASSES];
    float[] expected = new float[ROWS * CLASSES];
    EnsembleMean mean =
        EnsembleMean.builder().mean(Mean.PROBABILITIES).temperature(3).weights(1, 4).build();

    mean.compute(
        Members.of(first.half(dtype), second.half(dtype)),
        Matrix.of(half, dtype, ROWS, CLASSES),
        null);
    mean.compute(Members.of(first.f32(), second.f32()), Matrix.of(expected, ROWS, CLASSES), null);

    assertRounded(dtype, half, expected);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "F32")
  void aDistillationLossIsThatOfTheFloatsAndItsGradientRoundsOnce(DType dtype) {
    Operand student = logits(dtype);
    Operand teacher = logits(dtype);
    Operand tangent = logits(dtype);
    short[] half = new short[ROWS * CLASSES];
    float[] halfLoss = new float[ROWS];
    float[] expected = new float[ROWS * CLASSES];
    try (DistillationLoss loss =
        DistillationLoss.builder().temperature(4).alpha(0.7f).reduction(Reduction.SUM).build()) {
      Totals totals =
          loss.compute(
              student.half(dtype),
              Members.of(teacher.half(dtype)),
              LABELS,
              null,
              Matrix.of(half, dtype, ROWS, CLASSES),
              Matrix.of(halfLoss, ROWS, 1),
              null);
      Totals expectedTotals =
          loss.compute(
              student.f32(),
              Members.of(teacher.f32()),
              LABELS,
              null,
              Matrix.of(expected, ROWS, CLASSES),
              null,
              null);
      assertRounded(dtype, half, expected);
      assertThat(totals.total()).isCloseTo(expectedTotals.total(), within(1e-4));
      assertThat((double) halfLoss[0] + halfLoss[1] + halfLoss[2])
          .isCloseTo(totals.total(), within(1e-4));

      loss.tangent(
          student.half(dtype),
          Members.of(teacher.half(dtype)),
          LABELS,
          null,
          tangent.half(dtype),
          Members.of(Matrix.of(half, dtype, ROWS, CLASSES)),
          null);
      loss.tangent(
          student.f32(),
          Members.of(teacher.f32()),
          LABELS,
          null,
          tangent.f32(),
          Members.of(Matrix.of(expected, ROWS, CLASSES)),
          null);
      assertRounded(dtype, half, expected);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "F32")
  void arraysBuffersAndPointersGiveTheSameBits(DType dtype) {
    Operand logits = logits(dtype);
    int size = logits.halves.length;
    short[] fromArray = new short[size];
    Softmax.forward(logits.half(dtype), 1, Matrix.of(fromArray, dtype, ROWS, CLASSES), null);

    ShortBuffer buffer =
        ByteBuffer.allocateDirect(2 * size + 2).order(ByteOrder.nativeOrder()).asShortBuffer();
    buffer.put((short) 99).put(logits.halves).position(1);
    Matrix overBuffer = Matrix.of(buffer, dtype, ROWS, CLASSES);
    Softmax.forward(overBuffer, 1, overBuffer, null);
    short[] fromBuffer = new short[size];
    buffer.get(fromBuffer);
    assertThat(fromBuffer).isEqualTo(fromArray);
    assertThat(buffer.get(0)).isEqualTo((short) 99);

    try (ShortPointer pointer = new ShortPointer(logits.halves)) {
      Matrix overPointer = Matrix.of(pointer, dtype, ROWS, CLASSES);
      Softmax.forward(overPointer, 1, overPointer, null);
      short[] fromPointer = new short[size];
      pointer.get(fromPointer);
      assertThat(fromPointer).isEqualTo(fromArray);
    }
  }

  @Test
  void typesDoNotMixWithinACall() {
    Matrix f32 = Matrix.of(new float[4], 2, 2);
    Matrix f16 = Matrix.of(new short[4], DType.F16, 2, 2);
    Matrix bf16 = Matrix.of(new short[4], DType.BF16, 2, 2);
    Labels labels = Labels.of(new int[2]);

    assertRefused(
        "output must be F32 as logits is, got F16", () -> Softmax.forward(f32, 1, f16, null));
    assertRefused(
        "logitsGradient must be BF16 as output is, got F32",
        () -> Softmax.backward(bf16, bf16, 1, f32, null));
    assertRefused("member 1 must be F16 as member 0 is, got BF16", () -> Members.of(f16, bf16));
    assertRefused(
        "members must be F16 as output is, got F32",
        () -> EnsembleMean.builder().build().compute(Members.of(f32), f16, null));
    try (DistillationLoss loss = DistillationLoss.builder().build()) {
      assertRefused(
          "teachers must be F32 as student is, got BF16",
          () -> loss.compute(f32, Members.of(bf16), labels, null, null, null, null));
      assertRefused(
          "gradient must be F16 as student is, got F32",
          () -> loss.compute(f16, Members.of(f16), labels, null, f32, null, null));
      assertRefused(
          "rowLoss must be F32, got F16",
          () ->
              loss.compute(
                  f16,
                  Members.of(f16),
                  labels,
                  null,
                  f16,
                  Matrix.of(new short[2], DType.F16, 2, 1),
                  null));
      assertRefused(
          "tangent must be F16 as student is, got F32",
          () -> loss.tangent(f16, Members.of(f16), labels, null, f32, Members.of(f16), null));
    }
    assertRefused(
        "dtype must be F16 or BF16 for shorts, got F32",
        () -> Matrix.of(new short[4], DType.F32, 2, 2));
  }

  private static void assertRefused(String message, ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessage(message);
  }
}
