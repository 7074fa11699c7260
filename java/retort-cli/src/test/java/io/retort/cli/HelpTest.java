package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.DistillConfig;
import io.retort.distill.Interruption;
import io.retort.distill.MeanKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The help says what there is, and its examples work. */
class HelpTest {
  private static CommandLine commandLine() {
    return Main.commandLine(
        new Invocation("retort", List.of(), System.out, System.err, false, new Interruption()));
  }

  static Stream<CommandLine> commands() {
    CommandLine retort = commandLine();
    return withSubcommands(retort).filter(command -> !command.getCommandName().equals("help"));
  }

  private static Stream<CommandLine> withSubcommands(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().flatMap(HelpTest::withSubcommands));
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyCommandHasExamplesAndTheyParse(CommandLine command) {
    List<String> examples = new ArrayList<>();
    for (String line : command.getCommandSpec().usageMessage().footer()) {
      assertThat(line).startsWith("  retort ").hasSizeLessThan(80);
      String[] words = line.strip().split(" ", -1);
      commandLine().parseArgs(Arrays.copyOfRange(words, 1, words.length));
      examples.add(line);
    }
    assertThat(examples).isNotEmpty();
    assertThat(command.getUsageMessage()).contains(examples);
  }

  @ParameterizedTest
  @MethodSource("commands")
  void everyOptionIsDescribed(CommandLine command) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      assertThat(option.description()).as(option.longestName()).isNotEmpty();
    }
  }

  @Test
  void defaultsOfSettingsAreShown() {
    Outcome help = Outcome.of("distill", "--help");

    DistillConfig defaults = DistillConfig.defaults();
    assertThat(help.code()).isZero();
    assertThat(help.out().replaceAll("\\s+", " "))
        .contains("(default: " + defaults.training().data().dataset() + ")")
        .contains("--members=N Networks in the ensemble (default: " + defaults.members() + ")")
        .contains("--alpha=X", "(default: " + defaults.alpha() + ")")
        .contains("(default: logits)", "(default: that of the members)")
        .contains("(default: half as many again as the members)");
    assertThat(defaults.mean()).isEqualTo(MeanKind.LOGITS);
    assertThat(defaults.studentEpochs()).isEqualTo(defaults.training().epochs() * 3 / 2);
  }

  @Test
  void quickstartOffersOnlyWhatChangesNoResult() {
    Outcome help = Outcome.of("quickstart", "--help");

    assertThat(help.out()).contains("--threads", "--resume").doesNotContain("--temperature");
  }

  @Test
  void helpCommandAndNoCommandShowTheSameAsHelp() {
    String help = Outcome.of("--help").out();

    assertThat(help).contains("quickstart", "doctor");
    assertThat(Outcome.of("help").out()).isEqualTo(help);
    assertThat(Outcome.of().out()).isEqualTo(help);
    assertThat(Outcome.of("help", "train").out()).isEqualTo(Outcome.of("train", "--help").out());
  }

  @Test
  void versionIsThatOfTheBuild() {
    assertThat(Outcome.of("--version").out())
        .matches("retort \\d+\\.\\d+\\.\\d+\\S*( \\(\\w+\\))?\\R");
  }
}
