package io.retort.distill.multiview;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** What soft targets say beside the label. */
class DarkKnowledgeTest {

  /** One sample of class 0 in which class 1 takes part with one view, and class 2 with none. */
  private static final Samples ONE =
      new Samples(
          1, 6, new float[6], new int[] {0}, new int[] {-1}, new float[] {1, 1, 0, 0.3f, 0, 0});

  @Test
  void massOffTheLabelIsCountedAndSoIsItsPartOnClassesPresent() {
    float[] logits = {(float) Math.log(6), (float) Math.log(3), 0};
    DarkKnowledge dark = DarkKnowledge.of(1, logits, ONE);
    assertThat(dark.offClassMass()).isCloseTo(0.4, within(1e-6));
    assertThat(dark.onPresentClasses()).isCloseTo(0.75, within(1e-6));
    assertThat(dark.presentClasses()).isEqualTo(0.5);
  }

  @Test
  void aHighTemperatureSpreadsMassEvenly() {
    DarkKnowledge dark = DarkKnowledge.of(1e6, new float[] {9, 3, 0}, ONE);
    assertThat(dark.offClassMass()).isCloseTo(2.0 / 3, within(1e-4));
    assertThat(dark.onPresentClasses()).isCloseTo(0.5, within(1e-4));
  }
}
