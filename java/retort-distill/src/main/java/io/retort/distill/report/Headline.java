package io.retort.distill.report;

import io.retort.distill.DistillationResult;
import io.retort.distill.Metrics;
import io.retort.distill.ModelResult;
import java.util.ArrayList;
import java.util.List;

/**
 * What a distillation came to, in words. Differences are told as they are printed, in tenths of a
 * point, so that no sentence contradicts its own numbers.
 */
final class Headline {

  private Headline() {}

  /** One sentence: what the ensemble gains, and how much of it the student keeps. */
  static String of(DistillationResult result) {
    return ofEnsemble(result) + "; " + ofStudent(result) + ".";
  }

  /** The sentences below it: what the student is held against, its size, and how sure this is. */
  static List<String> details(DistillationResult result) {
    List<String> sentences = new ArrayList<>();
    sentences.add(comparison(result));
    if (result.members().size() > 1) {
      sentences.add(size(result));
    }
    sentences.add(uncertainty(result.ensemble()));
    return sentences;
  }

  private static String ofEnsemble(DistillationResult result) {
    String accuracy = Numbers.percent(result.ensemble().accuracy(), 1);
    int members = result.members().size();
    if (members == 1) {
      return "One network reaches " + accuracy;
    }
    return Numbers.word(members) + " networks together reach " + accuracy + ", " + gain(result);
  }

  private static String gain(DistillationResult result) {
    long gain = tenths(result.ensemble().accuracy() - result.memberAccuracyMean());
    return gain == 0 ? "no better than their mean" : distance(gain) + " their mean";
  }

  private static String ofStudent(DistillationResult result) {
    double accuracy = result.student().metrics().accuracy();
    long gain = tenths(result.ensemble().accuracy() - result.memberAccuracyMean());
    long kept = tenths(accuracy - result.memberAccuracyMean());
    if (result.members().size() == 1 || gain <= 0) {
      String reference = result.members().size() == 1 ? "it" : "that mean";
      return "the student reaches "
          + Numbers.percent(accuracy, 1)
          + (kept == 0 ? ", the same as " : ", " + distance(kept) + " ")
          + reference;
    }
    if (kept < 0) {
      return "the student keeps none of them and falls " + distance(kept) + " that mean";
    }
    if (kept == 0) {
      return "the student keeps none of them";
    }
    if (kept < gain) {
      return "the student keeps " + tenthsText(kept) + " of them";
    }
    return "the student keeps all of them"
        + (kept > gain ? " and adds " + tenthsText(kept - gain) : "");
  }

  private static String comparison(DistillationResult result) {
    List<String> others = new ArrayList<>();
    if (result.control() != null) {
      others.add(accuracy(result.control()) + " from the labels alone");
    }
    if (result.selfDistilled() != null) {
      others.add(accuracy(result.selfDistilled()) + " taught by a single member");
    }
    String same =
        others.isEmpty() ? "" : " The same network reaches " + String.join(" and ", others) + ".";
    return "The student reaches " + accuracy(result.student()) + "." + same;
  }

  private static String accuracy(ModelResult model) {
    return Numbers.percent(model.metrics().accuracy(), 2);
  }

  private static String size(DistillationResult result) {
    long student = result.student().parameters();
    long ensemble = result.members().stream().mapToLong(ModelResult::parameters).sum();
    return "The student has "
        + Numbers.grouped(student)
        + " parameters, the ensemble "
        + Numbers.grouped(ensemble)
        + ".";
  }

  /** The standard error of a fraction counted over the test images (binomial). */
  private static String uncertainty(Metrics metrics) {
    double accuracy = metrics.accuracy();
    double error = Math.sqrt(accuracy * (1 - accuracy) / metrics.examples());
    return "Counted on "
        + Numbers.grouped(metrics.examples())
        + " test images, an accuracy has a standard error of "
        + Numbers.decimals(100 * error, 2)
        + " points; smaller differences may be chance.";
  }

  private static String distance(long tenths) {
    return tenthsText(Math.abs(tenths)) + " points " + (tenths > 0 ? "above" : "below");
  }

  private static long tenths(double fraction) {
    return Math.round(1000 * fraction);
  }

  private static String tenthsText(long tenths) {
    return Numbers.decimals(tenths / 10.0, 1);
  }
}
