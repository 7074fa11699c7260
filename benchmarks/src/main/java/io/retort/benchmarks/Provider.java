package io.retort.benchmarks;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;

/** An implementation that is measured; a kind of them is an interface of its own. */
public interface Provider {
  /** What it is called on the command line and in the results. */
  String name();

  /** The names of every implementation on the class path, Retort's first. */
  static List<String> names(Class<? extends Provider> kind) {
    return all(kind).stream().map(Provider::name).toList();
  }

  /**
   * The implementation of that name.
   *
   * @throws IllegalArgumentException if there is none on the class path
   */
  static <P extends Provider> P named(Class<P> kind, String name) {
    return all(kind).stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "provider must be one of "
                        + names(kind)
                        + ", got "
                        + name
                        + "; benchmarks/run --peers brings PyTorch and ND4J"));
  }

  private static <P extends Provider> List<P> all(Class<P> kind) {
    return ServiceLoader.load(kind).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(provider -> !provider.name().equals(RetortProvider.NAME)))
        .toList();
  }
}
