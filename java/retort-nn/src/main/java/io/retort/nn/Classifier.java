package io.retort.nn;

/** The linear layer that every architecture ends in. */
final class Classifier {
  private Classifier() {}

  /** One logit a class; no ReLU follows, so the weights keep the variance of their inputs. */
  static Linear linear(Device device, int inputs, int classes) {
    return new Linear(
        device, "classifier", inputs, classes, true, Initialization.lecunNormal(inputs));
  }
}
