package io.retort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.retort.distill.Interruption;
import java.util.List;
import org.junit.jupiter.api.Test;

class InvocationTest {
  private static Invocation of(String... arguments) {
    return new Invocation(
        "./retort", List.of(arguments), System.out, System.err, false, new Interruption());
  }

  @Test
  void commandLineCanBeTypedAgain() {
    assertThat(of("train", "--output", "my runs/it's", "--data-dir", "").commandLine())
        .isEqualTo("./retort train --output 'my runs/it'\\''s' --data-dir ''");
  }

  @Test
  void optionIsAddedOnlyOnce() {
    assertThat(of("quickstart").commandWith("--resume")).isEqualTo("./retort quickstart --resume");
    assertThat(of("quickstart", "--resume").commandWith("--resume"))
        .isEqualTo("./retort quickstart --resume");
  }
}
