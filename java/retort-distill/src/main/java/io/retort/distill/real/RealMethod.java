package io.retort.distill.real;

import com.fasterxml.jackson.annotation.JsonProperty;

/** What the students of the experiment learn from, in the order of its table. */
public enum RealMethod {
  /** The labels alone. */
  @JsonProperty("control")
  CONTROL("control"),
  /** All members of the ensemble. */
  @JsonProperty("distilled")
  DISTILLED("distilled"),
  /** One member, each student another one. */
  @JsonProperty("self-distilled")
  SELF_DISTILLED("self-distilled");

  private final String slug;

  RealMethod(String slug) {
    this.slug = slug;
  }

  /** The name of its student {@code number}, counted from 1. */
  public String network(int number) {
    return slug + "-" + number;
  }
}
