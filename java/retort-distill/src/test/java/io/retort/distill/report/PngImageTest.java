package io.retort.distill.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.distill.Prediction;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PngImageTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void thePixelsComeBackAsTheyWere(int channels) throws IOException {
    int[] pixels = new Random(channels).ints(5L * 7 * channels, 0, 256).toArray();

    String uri = PngImage.dataUri(image(5, 7, channels, pixels));

    BufferedImage decoded = decode(uri);
    assertThat(decoded.getHeight()).isEqualTo(5);
    assertThat(decoded.getWidth()).isEqualTo(7);
    assertThat(decoded.getRaster().getPixels(0, 0, 7, 5, (int[]) null)).isEqualTo(pixels);
  }

  @ParameterizedTest
  @CsvSource({
    "2, 2, 2, 8, 2 channels",
    "2, 2, 1, 5, 5 values",
    "0, 2, 1, 0, 0 x 2",
    "-2, -2, 1, 4, -2 x -2",
    "65536, 65536, 1, 0, 65536 x 65536"
  })
  void sizesThatDoNotFitAreRefusedByName(
      int height, int width, int channels, int pixels, String named) {
    assertThatThrownBy(() -> PngImage.dataUri(image(height, width, channels, new int[pixels])))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("test image 42")
        .hasMessageContaining(named);
  }

  @Test
  void aValueThatIsNoByteIsRefused() {
    assertThatThrownBy(() -> PngImage.dataUri(image(1, 2, 1, new int[] {0, 256})))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("256");
    assertThatThrownBy(() -> PngImage.dataUri(image(1, 2, 1, new int[] {-1, 0})))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("-1");
  }

  private static Prediction image(int height, int width, int channels, int[] pixels) {
    return new Prediction(42, 0, height, width, channels, pixels, new float[10], new float[10]);
  }

  private static BufferedImage decode(String uri) throws IOException {
    byte[] png = Base64.getDecoder().decode(uri.substring(uri.indexOf(',') + 1));
    return ImageIO.read(new ByteArrayInputStream(png));
  }
}
