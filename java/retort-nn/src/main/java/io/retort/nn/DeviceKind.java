package io.retort.nn;

import java.util.Locale;

/** The kinds of {@link Device}. */
public enum DeviceKind {
  /** The processor. */
  CPU,
  /** An NVIDIA GPU. */
  CUDA,
  /** A GPU where one works, and otherwise the processor. */
  AUTO;

  /**
   * The kind with the name {@code cpu}, {@code cuda} or {@code auto}.
   *
   * @throws IllegalArgumentException for any other name
   */
  public static DeviceKind parse(String name) {
    for (DeviceKind kind : values()) {
      if (kind.toString().equals(name)) {
        return kind;
      }
    }
    throw new IllegalArgumentException("device must be cpu, cuda or auto, got " + name);
  }

  /**
   * Which of the two this is in this process: itself, but that {@link #AUTO} becomes the kind that
   * {@link Device#open} takes for it.
   */
  public DeviceKind resolve() {
    if (this != AUTO) {
      return this;
    }
    return Device.whyNoCuda().isEmpty() ? CUDA : CPU;
  }

  /** The name that {@link #parse} reads. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
