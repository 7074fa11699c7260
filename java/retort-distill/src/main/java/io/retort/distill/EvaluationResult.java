package io.retort.distill;

import java.util.List;

/**
 * How good some models are on test images, apart and together.
 *
 * @param models each of them; the name is the file it was read from
 * @param ensembleOfLogits all of them, averaged as logits; null for a single model
 * @param ensembleOfProbabilities all of them, averaged as probabilities; null for a single model
 */
public record EvaluationResult(
    List<ModelResult> models, Metrics ensembleOfLogits, Metrics ensembleOfProbabilities) {

  /** Copies the list of models. */
  public EvaluationResult {
    models = List.copyOf(models);
  }
}
