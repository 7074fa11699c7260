package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AlbumChoiceTest {

  @Test
  void classesTakeTurnsWithTheLeastSureAndTheMedianImage() {
    // Ten classes of five images; within a class the ensemble is the less sure the later the image.
    int[] labels = new int[50];
    float[] softTargets = new float[50 * 10];
    for (int i = 0; i < 50; i++) {
      int ofClass = i / 10;
      labels[i] = i % 10;
      softTargets[i * 10 + labels[i]] = 1 - 0.05f * ofClass;
      softTargets[i * 10 + (labels[i] + 1) % 10] = 0.05f * ofClass;
    }

    List<Integer> chosen = AlbumChoice.of(softTargets, labels, 10);

    // Images 40 to 49 are the least sure of their classes, 20 to 29 the median ones.
    assertThat(chosen).containsExactly(40, 21, 42, 23, 44, 25, 46, 27, 48, 29, 10, 31);
  }

  @Test
  void fewImagesAreShownOnceEach() {
    assertThat(AlbumChoice.of(new float[] {1, 0, 0.5f, 0.5f, 0, 1}, new int[] {0, 0, 1}, 2))
        .containsExactlyInAnyOrder(0, 1, 2);
  }

  @Test
  void manyClassesAreSpreadOver() {
    int[] labels = new int[100];
    for (int i = 0; i < 100; i++) {
      labels[i] = i;
    }

    assertThat(AlbumChoice.of(new float[100 * 100], labels, 100))
        .containsExactly(0, 8, 16, 25, 33, 41, 50, 58, 66, 75, 83, 91);
  }

  @Test
  void anEmptyClassIsPassedOver() {
    assertThat(AlbumChoice.of(new float[] {0, 1, 0}, new int[] {1}, 3)).containsExactly(0);
  }
}
