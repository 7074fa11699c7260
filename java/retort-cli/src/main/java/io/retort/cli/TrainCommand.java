package io.retort.cli;

import io.retort.cli.settings.SettingOptions;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.Training;
import io.retort.distill.TrainingConfig;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code retort train}: one network, from the labels. */
@Command(
    name = "train",
    description = "Trains one network on labelled images.",
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExample%n",
    footer = "  retort train --architecture cnn-16-32-128 --epochs 3 --run first")
final class TrainCommand extends RunCommand<TrainingConfig> {

  TrainCommand(Invocation invocation) {
    super(invocation, TrainingConfig.defaults(), new SettingOptions(TrainingConfig.defaults()));
  }

  @Override
  String run(TrainingConfig config, RunDirectory directory, Progress progress) throws IOException {
    return ModelTable.of(Training.run(config, directory, progress, invocation().interruption()));
  }

  @Override
  int threads(TrainingConfig config) {
    return config.threadCount();
  }

  @Override
  String device(TrainingConfig config) {
    return config.device();
  }
}
