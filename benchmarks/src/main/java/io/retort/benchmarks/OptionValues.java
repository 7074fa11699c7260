package io.retort.benchmarks;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Refuses values that a command's options cannot take, naming the option and the value. */
record OptionValues(CommandSpec command) {
  void positive(String option, long value) {
    if (value < 1) {
      throw new ParameterException(
          command.commandLine(), option + " must be at least 1, got " + value);
    }
  }

  /** Fails unless every name is that of an implementation on the class path. */
  void available(Class<? extends Provider> kind, List<String> names) {
    for (String name : names) {
      try {
        Provider.named(kind, name);
      } catch (IllegalArgumentException unknown) {
        throw new ParameterException(command.commandLine(), unknown.getMessage(), unknown);
      }
    }
  }
}
