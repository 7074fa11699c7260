package io.retort.cli;

import io.retort.distill.EvaluationResult;
import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import io.retort.distill.TrainingResult;
import io.retort.distill.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How good models are, as text for a terminal: a line a model, numbers to the right. */
final class ModelTable {
  private static final List<String> HEADER =
      List.of("", "parameters", "accuracy", "NLL", "ECE", "agreement");

  private final List<List<String>> lines = new ArrayList<>(List.of(HEADER));

  private ModelTable() {}

  /** One network that was trained. */
  static String of(TrainingResult result) {
    ModelTable table = new ModelTable();
    table.add(result.config().architecture(), grouped(result.parameters()), result.metrics(), "");
    return table.text();
  }

  /** Models that were evaluated, and their ensembles. */
  static String of(EvaluationResult result) {
    ModelTable table = new ModelTable();
    boolean several = result.models().size() > 1;
    for (ModelResult model : result.models()) {
      String agreement = several ? percent(model.agreementWithEnsemble(), 1) : "";
      table.add(model.name(), grouped(model.parameters()), model.metrics(), agreement);
    }
    if (several) {
      String all = grouped(result.models().stream().mapToLong(ModelResult::parameters).sum());
      table.add("ensemble of logits", all, result.ensembleOfLogits(), "");
      table.add("ensemble of probabilities", all, result.ensembleOfProbabilities(), "");
    }
    return table.text();
  }

  private void add(String name, String parameters, Metrics metrics, String agreement) {
    lines.add(
        List.of(
            name,
            parameters,
            percent(metrics.accuracy(), 2),
            String.format(Locale.ROOT, "%.4f", metrics.negativeLogLikelihood()),
            String.format(Locale.ROOT, "%.4f", metrics.expectedCalibrationError()),
            agreement));
  }

  private static String grouped(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String percent(double fraction, int decimals) {
    return String.format(Locale.ROOT, "%." + decimals + "f %%", 100 * fraction);
  }

  private String text() {
    boolean several = lines.size() > 2;
    int columns = several ? HEADER.size() : HEADER.size() - 1;
    String table =
        new TextTable(lines.stream().map(line -> line.subList(0, columns)).toList()).format();
    String agreement = several ? "; agreement: with the ensemble of logits\n" : "\n";
    return table
        + "\nNLL: negative log-likelihood in nats; ECE: expected calibration error"
        + agreement;
  }
}
