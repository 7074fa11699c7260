package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TrainingNetworkTest {
  @Test
  void theOperationsOfTheConvolutionalNetworkAreThoseCountedByHand() {
    double first = 28 * 28 * 9 * 16;
    double second = 14 * 14 * 9 * 16 * 32;
    double linear = 7 * 7 * 32 * 128 + 128 * 10;

    assertThat(TrainingNetwork.CNNBN.operationsOfImage())
        .isEqualTo(2 * (2 * first + 3 * (second + linear)));
  }

  @Test
  void theOperationsOfTheWideResidualNetworkAreThoseCountedByHand() {
    double first = 32 * 32 * 27 * 16;
    double stage1 = 32 * 32 * (9 * 16 * 32 + 16 * 32 + 3 * 9 * 32 * 32);
    double stage2 = 16 * 16 * (9 * 32 * 64 + 32 * 64 + 3 * 9 * 64 * 64);
    double stage3 = 8 * 8 * (9 * 64 * 128 + 64 * 128 + 3 * 9 * 128 * 128);
    double linear = 128 * 10;

    assertThat(TrainingNetwork.WRN.operationsOfImage())
        .isEqualTo(2 * (2 * first + 3 * (stage1 + stage2 + stage3 + linear)));
  }
}
