package io.retort.cli;

import io.retort.cli.settings.Setting;
import io.retort.cli.settings.SettingOptions;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.multiview.MultiViewConfig;
import io.retort.distill.multiview.MultiViewData;
import io.retort.distill.multiview.MultiViewExperiment;
import io.retort.distill.report.MultiViewTable;
import io.retort.nn.DeviceKind;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retort experiment multi-view}: why ensembles and distillation work. */
@Command(
    name = "multi-view",
    description = {
      "Why ensembles, distillation and self-distillation work (Allen-Zhu and Li, 2020).",
      "Every class of the data has two views. A network learns one of them for most classes, an "
          + "ensemble covers both, and a student takes both from its soft targets; students of the "
          + "same seeds and steps that learn from labels alone stand beside it. Takes about a "
          + "quarter of an hour on two cores, --quick two minutes. What no flag sets, a YAML file "
          + "can: config.yaml of a run names everything."
    },
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort experiment multi-view --quick",
      "  retort experiment multi-view --config mine.yaml --seed 1 --run views"
    })
final class MultiViewCommand extends RunCommand<MultiViewConfig> {

  @Option(
      names = "--quick",
      description = "Half the dimensions, one student of each method and fewer steps.")
  private boolean quick;

  @Option(
      names = "--trend",
      paramLabel = "K,...",
      description =
          "Do it again with so many classes, each in a directory of its own; the time grows with "
              + "their square: 20 takes four times as long as 10.")
  private String trend;

  @Option(
      names = "--save-data",
      description =
          "Write the samples to data/*.safetensors in the run, for other programs: f32 tensors "
              + "patches [samples, patches, dimension], labels, missing_views (-1: none) and "
              + "weights [samples, features]. Feature 2j + l is view l of class j, and the axis it "
              + "lies along.")
  private boolean saveData;

  MultiViewCommand(Invocation invocation) {
    super(
        invocation,
        MultiViewConfig.defaults(),
        new SettingOptions(
            MultiViewConfig.defaults(), Setting.SEED, Setting.MEMBERS, Setting.THREADS));
  }

  @Override
  MultiViewConfig defaults() {
    MultiViewConfig chosen = quick ? MultiViewConfig.quick() : super.defaults();
    return trend == null ? chosen : chosen.withTrend(trend);
  }

  @Override
  String run(MultiViewConfig config, RunDirectory directory, Progress progress) throws IOException {
    if (saveData) {
      MultiViewData.draw(config.distribution(), config.seed())
          .write(directory.path().resolve("data"), config.distribution(), config.seed());
    }
    return MultiViewTable.format(
        MultiViewExperiment.run(config, directory, progress, invocation().interruption()));
  }

  @Override
  int threads(MultiViewConfig config) {
    return config.threadCount();
  }

  @Override
  String device(MultiViewConfig config) {
    return DeviceKind.CPU.toString();
  }
}
