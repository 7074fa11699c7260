package io.retort.benchmarks;

import java.util.List;
import java.util.ServiceLoader;

/** The implementations on the class path. */
final class Providers {
  private Providers() {}

  /** Every implementation's name, Retort's first. */
  static List<String> names() {
    return all().stream().map(DistillationLossProvider::name).toList();
  }

  /**
   * The implementation of that name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static DistillationLossProvider named(String name) {
    return all().stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "provider must be one of "
                        + names()
                        + ", got "
                        + name
                        + "; benchmarks/run --peers brings PyTorch and ND4J"));
  }

  private static List<DistillationLossProvider> all() {
    return ServiceLoader.load(DistillationLossProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }
}
