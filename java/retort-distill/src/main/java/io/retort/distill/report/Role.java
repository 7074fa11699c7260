package io.retort.distill.report;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** What a model is for; decides its colour on the page. */
enum Role {
  /** A network trained alone. */
  MODEL,
  MEMBER,
  /** The mean of the members' accuracies. */
  MEAN,
  ENSEMBLE,
  STUDENT,
  SELF_DISTILLED,
  CONTROL;

  /** The role of the model that metrics.jsonl calls by a name. */
  static Role ofModel(String name) {
    if (name.startsWith("member")) {
      return MEMBER;
    }
    return switch (name) {
      case "student" -> STUDENT;
      case "self-distilled" -> SELF_DISTILLED;
      case "control" -> CONTROL;
      default -> MODEL;
    };
  }

  /** The name in CSS and JSON, for example {@code self-distilled}. */
  @JsonValue
  public String css() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
