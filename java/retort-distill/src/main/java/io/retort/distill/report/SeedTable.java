package io.retort.distill.report;

import io.retort.distill.DistillConfig;
import io.retort.distill.DistillationResult;
import io.retort.distill.Spread;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** Several distillations that differ in their seed alone, as one table of means and deviations. */
public final class SeedTable {

  private static final List<String> HEADER =
      List.of("", "accuracy", "difference", "NLL", "ECE", "agreement");
  private static final String PLUS_MINUS = "\u00b1";

  private final List<DistillationResult> results;

  private SeedTable(List<DistillationResult> results) {
    this.results = results;
  }

  /**
   * Puts results together.
   *
   * @throws IllegalArgumentException if there are fewer than two, or they differ in more than their
   *     seed, or two have one seed
   */
  public static SeedTable of(List<DistillationResult> results) {
    if (results.size() < 2) {
      throw new IllegalArgumentException("runs must be at least 2, got " + results.size());
    }
    DistillConfig first = withSeed(results.get(0).config(), 0);
    for (DistillationResult result : results) {
      if (!withSeed(result.config(), 0).equals(first)) {
        throw new IllegalArgumentException(
            "runs must differ in nothing but their seed, got " + first + " and " + result.config());
      }
    }
    if (results.stream().map(SeedTable::seed).distinct().count() < results.size()) {
      throw new IllegalArgumentException(
          "runs must have a seed each, got " + results.stream().map(SeedTable::seed).toList());
    }
    return new SeedTable(List.copyOf(results));
  }

  private static long seed(DistillationResult result) {
    return result.config().training().seed();
  }

  private static DistillConfig withSeed(DistillConfig config, long seed) {
    return new DistillConfig(
        config.training().withSeed(seed).withThreads(0),
        config.members(),
        config.mean(),
        config.temperature(),
        config.alpha(),
        config.studentArchitecture(),
        config.studentEpochs(),
        1);
  }

  /**
   * The table for a terminal, in ASCII, with what the differences come to below it.
   *
   * <p>Columns as in {@link ResultTable}, each a mean and, after +-, the sample standard deviation
   * over the runs.
   */
  public String format() {
    return (new TextTable(lines()).format() + "\n" + notes()).replace(PLUS_MINUS, "+-");
  }

  /** The same as Markdown (GitHub's). */
  public String markdown() {
    return new TextTable(lines()).markdown() + "\n" + notes();
  }

  private List<List<String>> lines() {
    Map<String, List<ResultRow>> rows = new LinkedHashMap<>();
    for (DistillationResult result : results) {
      for (ResultRow row : ResultRow.of(result)) {
        if (row.role() != Role.MEMBER) {
          rows.computeIfAbsent(row.name(), name -> new ArrayList<>()).add(row);
        }
      }
    }
    List<List<String>> lines = new ArrayList<>(List.of(HEADER));
    rows.forEach((name, same) -> lines.add(line(name, same)));
    return lines;
  }

  private static List<String> line(String name, List<ResultRow> rows) {
    boolean isReference = rows.get(0).role() == Role.MEAN;
    boolean agrees = rows.get(0).agreement() != null;
    return List.of(
        name,
        spread(rows, row -> 100 * row.accuracy(), 2, " %"),
        isReference ? "" : spread(rows, row -> 100 * row.difference(), 2, ""),
        spread(rows, ResultRow::negativeLogLikelihood, 4, ""),
        spread(rows, ResultRow::expectedCalibrationError, 4, ""),
        agrees ? spread(rows, row -> 100 * row.agreement(), 1, " %") : "");
  }

  private static <T> String spread(
      List<T> runs, ToDoubleFunction<T> value, int decimals, String unit) {
    Spread spread = Spread.of(runs.stream().mapToDouble(value).toArray());
    return Numbers.decimals(spread.mean(), decimals)
        + " "
        + PLUS_MINUS
        + " "
        + Numbers.decimals(spread.deviation(), decimals)
        + unit;
  }

  private String notes() {
    StringBuilder notes = new StringBuilder();
    notes
        .append(results.size())
        .append(" runs, seeds ")
        .append(String.join(", ", results.stream().map(r -> Long.toString(seed(r))).toList()))
        .append("; mean " + PLUS_MINUS + " sample standard deviation over them\n")
        .append("difference: points above the members' mean; NLL: nats; ECE: expected calibration")
        .append(" error; agreement: with the ensemble's predictions\n");
    if (results.get(0).members().size() > 1) {
      notes.append(share());
    }
    if (results.get(0).control() != null) {
      notes.append(lead());
    }
    return notes.toString();
  }

  /** Of the means, for a share of a single run's small gain swings with the noise of both. */
  private String share() {
    double gain = mean(r -> r.ensemble().accuracy() - r.memberAccuracyMean());
    double kept = mean(r -> r.student().metrics().accuracy() - r.memberAccuracyMean());
    return gain <= 0
        ? "the ensemble gains nothing\n"
        : "the student keeps " + Numbers.decimals(100 * kept / gain, 0) + " % of the gain\n";
  }

  private String lead() {
    long ahead =
        results.stream()
            .filter(r -> r.student().metrics().accuracy() > r.control().metrics().accuracy())
            .count();
    String points =
        spread(
            results,
            r -> 100 * (r.student().metrics().accuracy() - r.control().metrics().accuracy()),
            2,
            " points");
    return "the student is ahead of its control in "
        + ahead
        + " of "
        + results.size()
        + " runs, by "
        + points
        + "\n";
  }

  private double mean(ToDoubleFunction<DistillationResult> value) {
    return results.stream().mapToDouble(value).average().orElseThrow();
  }
}
