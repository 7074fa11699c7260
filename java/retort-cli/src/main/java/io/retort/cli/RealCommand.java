package io.retort.cli;

import io.retort.cli.settings.SettingOptions;
import io.retort.distill.Progress;
import io.retort.distill.RunDirectory;
import io.retort.distill.real.RealConfig;
import io.retort.distill.real.RealExperiment;
import io.retort.distill.report.RealTable;
import java.io.IOException;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code retort experiment real}: the paper's table on real images. */
@Command(
    name = "real",
    description = {
      "Ensemble, distillation and self-distillation on real images (Allen-Zhu and Li, 2020).",
      "Trains an ensemble; the mean of as many networks as one network; and students of the "
          + "ensemble, of one member and of the labels alone, of the same seeds and steps. Takes "
          + "some 35 minutes on two cores, --quick two. --cifar-10 and --cifar-100 are for a GPU. "
          + "Other flags change what these choose."
    },
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort experiment real",
      "  retort experiment real --quick",
      "  retort experiment real --members 5 --seeds 3 --joint 0 --run short",
      "  retort experiment real --cifar-10 --architecture wrn-16-2 --epochs 60",
      "  retort experiment real --cifar-100 --data-dir /data/cifar-100"
    })
final class RealCommand extends RunCommand<RealConfig> {

  @ArgGroup(exclusive = true)
  private Size size = new Size();

  /** Other defaults than Fashion-MNIST on two cores. */
  private static final class Size {
    @Option(
        names = "--quick",
        description = "Four members, two students of each kind, and 10,000 training images.")
    private boolean quick;

    @Option(
        names = "--cifar-10",
        description =
            "CIFAR-10 with resnet-20: 10 members, 3 students of each kind, 200 epochs, augmentation.")
    private boolean cifar10;

    @Option(
        names = "--cifar-100",
        description = "CIFAR-100 with wrn-28-10, the same, and --joint 4.")
    private boolean cifar100;
  }

  RealCommand(Invocation invocation) {
    super(invocation, RealConfig.defaults(), new SettingOptions(RealConfig.defaults()));
  }

  @Override
  RealConfig defaults() {
    if (size.quick) {
      return RealConfig.quick();
    } else if (size.cifar10) {
      return RealConfig.cifar10();
    }
    return size.cifar100 ? RealConfig.cifar100() : super.defaults();
  }

  @Override
  String run(RealConfig config, RunDirectory directory, Progress progress) throws IOException {
    return RealTable.format(
        RealExperiment.run(config, directory, progress, invocation().interruption()));
  }

  @Override
  int threads(RealConfig config) {
    return config.training().threadCount();
  }

  @Override
  String device(RealConfig config) {
    return config.training().device();
  }
}
