package io.retort.cli;

import io.retort.cli.settings.Setting;
import io.retort.cli.settings.SettingOptions;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.report.TransferTable;
import io.retort.distill.transfer.TransferConfig;
import io.retort.distill.transfer.TransferExperiment;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retort experiment transfer}: what of a teacher's knowledge helps. */
@Command(
    name = "transfer",
    description = {
      "What of a teacher's knowledge helps its students (Tang et al., 2020).",
      "Students learn from labels alone, label smoothing, all of a teacher's probabilities (KD), "
          + "what it says of each example (KD-pt), how alike it finds the classes (KD-sim), its "
          + "largest probabilities (KD-topk), and a mixture of KD-pt and KD-sim. Takes some "
          + "seventeen minutes on two cores, --quick two; --seeds and --epochs set how long."
    },
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort experiment transfer",
      "  retort experiment transfer --quick",
      "  retort experiment transfer --seeds 1 --epochs 2 --run short",
      "  retort experiment transfer --temperature 1 --top-k 2 --run cool"
    })
final class TransferCommand extends RunCommand<TransferConfig> {

  @Option(
      names = "--quick",
      description = "Two students of each method, and 10,000 training images.")
  private boolean quick;

  TransferCommand(Invocation invocation) {
    super(
        invocation,
        TransferConfig.defaults(),
        new SettingOptions(TransferConfig.defaults())
            .withDefault(
                Setting.STUDENT_ARCHITECTURE, TransferConfig.defaults().studentArchitecture())
            .withDefault(Setting.STUDENT_EPOCHS, "as many as the teacher"));
  }

  @Override
  TransferConfig defaults() {
    return quick ? TransferConfig.quick() : super.defaults();
  }

  @Override
  String run(TransferConfig config, RunDirectory directory, Progress progress) throws IOException {
    return TransferTable.format(
        TransferExperiment.run(config, directory, progress, invocation().interruption()));
  }

  @Override
  int threads(TransferConfig config) {
    return config.training().threadCount();
  }

  @Override
  String device(TransferConfig config) {
    return config.training().device();
  }
}
