package io.retort.cli;

import io.retort.cli.settings.Setting;
import io.retort.cli.settings.SettingOptions;
import io.retort.distill.DistillConfig;
import io.retort.distill.Distillation;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.report.ResultTable;
import java.io.IOException;
import picocli.CommandLine.Command;

/** {@code retort distill}: an ensemble, and the network that learns from it. */
@Command(
    name = "distill",
    description = {
      "Trains an ensemble and distils it into one network.",
      "Beside the student it trains two networks to hold it against: one that learns from a single "
          + "member, and one that learns from the labels alone."
    },
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort distill --members 3 --epochs 2 --run three",
      "  retort distill --config runs/three/config.yaml --temperature 2 --run cooler"
    })
class DistillCommand extends RunCommand<DistillConfig> {

  DistillCommand(Invocation invocation, Setting... settings) {
    super(
        invocation,
        DistillConfig.defaults(),
        new SettingOptions(DistillConfig.defaults(), settings));
  }

  @Override
  final String run(DistillConfig config, RunDirectory directory, Progress progress)
      throws IOException {
    return ResultTable.format(
        Distillation.run(config, directory, progress, invocation().interruption()));
  }

  @Override
  final int threads(DistillConfig config) {
    return config.training().threadCount();
  }

  @Override
  final String device(DistillConfig config) {
    return config.training().device();
  }
}
