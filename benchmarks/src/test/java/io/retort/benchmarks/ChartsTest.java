package io.retort.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.retort.kernels.DType;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;

class ChartsTest {
  @Test
  void retortHasALineANumberOfTeachersAndMean() {
    XYChart chart = Charts.shareOfCopy(SampleResults.ALL, DType.F32);

    assertThat(chart.getSeriesCollection())
        .extracting(XYSeries::getName)
        .containsExactly(
            "1 teacher, probabilities", "4 teachers, logits", "4 teachers, probabilities");
  }

  @Test
  void aLineRunsOverTheClassesInOrderAtPercentOfTheCopy() {
    XYSeries line =
        Charts.shareOfCopy(SampleResults.ALL, DType.F32).getSeries("4 teachers, logits");

    assertThat(line.getXData()).containsExactly(10, 100);
    assertThat(line.getYData()).containsExactly(50, 25);
  }

  @Test
  void aChartHoldsOneTypeAndNamesIt() {
    XYChart chart = Charts.shareOfCopy(SampleResults.ALL, DType.BF16);

    assertThat(chart.getTitle()).endsWith(", bf16");
    assertThat(chart.getSeriesCollection())
        .extracting(XYSeries::getName)
        .containsExactly("4 teachers, logits");
    assertThat(chart.getSeries("4 teachers, logits").getYData()).containsExactly(20);
    assertThat(Charts.peers(SampleResults.ALL, DType.F32, 4).getTitle()).endsWith(", f32");
  }

  @Test
  void aPeerIsDrawnAtItsTimeOverRetorts() {
    XYChart chart = Charts.peers(SampleResults.ALL, DType.F32, 4);

    assertThat(chart.getSeriesCollection())
        .extracting(XYSeries::getName)
        .containsExactly("pytorch-autograd, logits");
    assertThat(chart.getSeries("pytorch-autograd, logits").getYData()).containsExactly(30, 12.5);
  }

  @Test
  void theAxisOfRatiosSpansWholeDecades() {
    XYChart chart = Charts.peers(SampleResults.ALL, DType.F32, 4);

    assertThat(chart.getStyler().getYAxisMin()).isEqualTo(10);
    assertThat(chart.getStyler().getYAxisMax()).isEqualTo(100);
  }

  @Test
  void resultsWithNothingToDrawAreRefused() {
    Measurements onlyRetort = new Measurements(List.of(SampleResults.RETORT));

    assertThatThrownBy(() -> Charts.peers(onlyRetort, DType.F32, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no row");
  }
}
