package io.retort.cli;

import io.retort.cli.progress.ProgressDisplay;
import io.retort.cli.settings.Setting;
import io.retort.cli.settings.SettingOptions;
import io.retort.distill.DataConfig;
import io.retort.distill.Evaluation;
import io.retort.distill.EvaluationResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code retort evaluate}: how good models are. */
@Command(
    name = "evaluate",
    description = "Judges models by test images: each alone, and all together as an ensemble.",
    sortOptions = false,
    abbreviateSynopsis = true,
    descriptionHeading = "%n",
    parameterListHeading = "%nArguments%n",
    optionListHeading = "%nOptions%n",
    footerHeading = "%nExamples%n",
    footer = {
      "  retort evaluate runs/quickstart/checkpoints/student.safetensors",
      "  retort evaluate --data mnist one.safetensors other.safetensors"
    })
final class EvaluateCommand implements Callable<Integer> {

  private final Invocation invocation;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "1..*",
      paramLabel = "MODEL",
      description = "Model files: checkpoints/NAME.safetensors in a run.")
  private List<Path> models;

  @Mixin private final ProgressOptions output = new ProgressOptions();

  @Mixin
  private final SettingOptions settings =
      new SettingOptions(
              EvaluationConfig.of(DataConfig.of("fashion-mnist")),
              Setting.DATA,
              Setting.DATA_DIR,
              Setting.HOLD_OUT,
              Setting.TEST_LIMIT,
              Setting.DEVICE,
              Setting.THREADS)
          .withDefault(Setting.DATA, "that of the first model")
          .withDefault(Setting.DATA_DIR, "that of the first model, or the usual place");

  EvaluateCommand(Invocation invocation) {
    this.invocation = invocation;
  }

  @Override
  public Integer call() throws IOException {
    DataConfig ofModel = Evaluation.dataOf(models.get(0));
    EvaluationConfig config = settings.over(EvaluationConfig.of(ofModel));
    DeviceNote.print(invocation, config.device());
    invocation.out().print(ModelTable.of(evaluate(config)));
    return ExitCode.OK;
  }

  private EvaluationResult evaluate(EvaluationConfig config) throws IOException {
    try (ProgressDisplay progress = output.open(invocation, spec)) {
      return Evaluation.run(models, config.data(), config.device(), config.threads(), progress);
    }
  }
}
