package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.kernels.DType;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TypedMemoryTest {
  private static final int SIZE = 200_000;

  @ParameterizedTest
  @EnumSource(DType.class)
  void numbersOfTheTypeAreReadAsTheyWereWritten(DType dtype) {
    float[] numbers = {0, 1, -1.5f, 0x1p-14f, -96};
    float[] read = new float[numbers.length];
    try (TypedMemory memory = TypedMemory.allocate(dtype, 7)) {
      memory.put(2, numbers);
      memory.get(2, read);
    }

    assertThat(read).containsExactly(numbers);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void aCopyHoldsEveryElement(DType dtype) {
    float[] expected = new float[SIZE];
    float[] copied = new float[SIZE];
    try (TypedMemory memory = TypedMemory.allocate(dtype, SIZE);
        FloatPointer target = new FloatPointer(SIZE)) {
      NormalLogits.fill(memory, 1);
      memory.get(0, expected);
      memory.copyTo(target);
      target.get(copied);
    }

    assertThat(copied).isEqualTo(expected);
  }
}
