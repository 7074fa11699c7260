package io.retort.distill.transfer;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.retort.distill.targets.KdPt;
import io.retort.distill.targets.KdSim;
import io.retort.distill.targets.KdTopK;
import io.retort.distill.targets.Mixture;
import io.retort.distill.targets.TargetTransform;

/** What the students of the experiment learn from, in the order of its table. */
public enum TransferMethod {
  /** The control. */
  @JsonProperty("labels")
  LABELS("labels", "labels alone"),
  /** Labels mixed with even probabilities. */
  @JsonProperty("label-smoothing")
  LABEL_SMOOTHING("label-smoothing", "label smoothing"),
  /** The teacher's probabilities. */
  @JsonProperty("kd")
  KD("kd", "KD"),
  /** {@link KdPt}. */
  @JsonProperty("kd-pt")
  KD_PT("kd-pt", "KD-pt"),
  /** {@link KdSim}. */
  @JsonProperty("kd-sim")
  KD_SIM("kd-sim", "KD-sim"),
  /** {@link KdTopK}. */
  @JsonProperty("kd-topk")
  KD_TOPK("kd-topk", "KD-topk"),
  /** {@link Mixture}. */
  @JsonProperty("mixture")
  MIXTURE("mixture", "KD-pt and KD-sim");

  private final String slug;
  private final String title;

  TransferMethod(String slug, String title) {
    this.slug = slug;
    this.title = title;
  }

  /** As a table has it. */
  public String title() {
    return title;
  }

  /** The name of its student {@code number}, counted from 1. */
  public String network(int number) {
    return slug + "-" + number;
  }

  /** Whether it takes a teacher. */
  public boolean isTaught() {
    return this != LABELS && this != LABEL_SMOOTHING;
  }

  /** What makes its targets; null for those that are not made from the teacher's. */
  public TargetTransform transform(TransferConfig config) {
    return switch (this) {
      case LABELS, LABEL_SMOOTHING, KD -> null;
      case KD_PT -> new KdPt();
      case KD_SIM -> new KdSim(config.similarityTemperature());
      case KD_TOPK -> new KdTopK(config.topK());
      case MIXTURE -> new Mixture(config.mixtureShare(), config.similarityTemperature());
    };
  }
}
