package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.distill.Prediction;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PictureTest {

  private static final List<String> NAMES = List.of("cat", "dog", "fox");

  @Test
  void theClassesEitherGivesMostComeFirst() throws IOException {
    Picture picture =
        picture(1, new float[] {.1f, .6f, .02f, 0, .28f}, new float[] {.05f, .3f, 0, .65f, 0});

    assertThat(picture.label()).isEqualTo("dog");
    assertThat(picture.bars())
        .extracting(Picture.Bar::name)
        .containsExactly("class 3", "dog", "class 4", "cat");
    assertThat(picture.bars())
        .extracting(Picture.Bar::isLabel)
        .containsExactly(false, true, false, false);
    assertThat(picture.bars().get(1).ensembleWidth()).isEqualTo("60.0");
    assertThat(picture.bars().get(1).studentWidth()).isEqualTo("30.0");
  }

  @Test
  void whoIsWrongIsNamed() throws IOException {
    float[] cat = {.8f, .1f, .1f};
    float[] dog = {.1f, .8f, .1f};
    float[] fox = {.1f, .1f, .8f};

    assertThat(picture(0, cat, cat).mistakes()).isEmpty();
    assertThat(picture(0, dog, dog).mistakes()).isEqualTo("Both say dog");
    assertThat(picture(0, cat, dog).mistakes()).isEqualTo("The student says dog");
    assertThat(picture(0, dog, cat).mistakes()).isEqualTo("The ensemble says dog");
    assertThat(picture(0, dog, fox).mistakes()).isEqualTo("The ensemble says dog, the student fox");
  }

  @Test
  void notANumberIsNamedAndHasNoBar() throws IOException {
    Picture picture = picture(0, new float[] {Float.NaN, 1}, new float[] {.5f, .5f});

    assertThat(picture.bars())
        .filteredOn(bar -> bar.name().equals("cat"))
        .singleElement()
        .satisfies(
            bar -> {
              assertThat(bar.ensemble()).contains("NaN");
              assertThat(bar.ensembleWidth()).isEqualTo("0.0");
            });
  }

  @Test
  void probabilitiesOfDifferentClassesAreRefused() {
    assertThatThrownBy(() -> picture(0, new float[3], new float[2]))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("test image 7 has 3 soft targets and 2 probabilities");
  }

  private static Picture picture(int label, float[] ensemble, float[] student) throws IOException {
    Prediction image = new Prediction(7, label, 1, 1, 1, new int[] {9}, ensemble, student);
    return Picture.of(new Prediction.Album(NAMES, List.of(image))).get(0);
  }
}
