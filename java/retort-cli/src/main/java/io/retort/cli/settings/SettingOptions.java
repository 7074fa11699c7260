package io.retort.cli.settings;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.ISetter;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * A flag for each setting of a configuration, with its default in the help, and {@code --config}.
 */
public final class SettingOptions {
  private final Record defaults;
  private final List<Setting> settings;
  private final Map<Setting, String> defaultWords = new EnumMap<>(Setting.class);
  private final Map<Setting, String> given = new EnumMap<>(Setting.class);

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file of settings, like config.yaml in a run; flags go before it.")
  private Path file;

  /**
   * Flags for a configuration.
   *
   * @param defaults the defaults, a record of the kind that is wanted
   * @param settings what can be set; all that the configuration has if none is named
   */
  public SettingOptions(Record defaults, Setting... settings) {
    this.defaults = defaults;
    this.settings = settings.length == 0 ? List.of(Setting.values()) : List.of(settings);
  }

  /** The same, but that the help gives the default of a setting in these words. */
  public SettingOptions withDefault(Setting setting, String words) {
    defaultWords.put(setting, words);
    return this;
  }

  @Spec(Spec.Target.MIXEE)
  void addTo(CommandSpec command) {
    for (Setting.Group group : Setting.Group.values()) {
      List<OptionSpec> options =
          settings.stream()
              .filter(setting -> setting.group == group && setting.keyIn(defaults).isPresent())
              .map(this::option)
              .toList();
      if (!options.isEmpty()) {
        ArgGroupSpec.Builder section =
            ArgGroupSpec.builder()
                .heading("%n" + group.heading + "%n")
                .exclusive(false)
                .validate(false);
        options.forEach(section::addArg);
        command.addArgGroup(section.build());
      }
    }
  }

  private OptionSpec option(Setting setting) {
    return OptionSpec.builder(setting.flag)
        .type(String.class)
        .paramLabel(setting.placeholder)
        .description(setting.description + " (default: " + defaultOf(setting) + ").")
        .setter(
            new ISetter() {
              @Override
              @SuppressWarnings("unchecked")
              public <T> T set(T value) {
                if (value != null) {
                  given.put(setting, (String) value);
                }
                return (T) given.get(setting);
              }
            })
        .build();
  }

  private String defaultOf(Setting setting) {
    String words = defaultWords.get(setting);
    return words != null ? words : setting.defaultIn(defaults);
  }

  /**
   * The configuration asked for.
   *
   * @param base what holds where neither the file nor a flag says something
   * @throws IllegalArgumentException if a value is wrong, naming it and the place it came from
   * @throws IOException if the file cannot be read
   */
  public <T extends Record> T over(T base) throws IOException {
    List<GivenValue> values = new ArrayList<>();
    if (file != null) {
      values.addAll(ConfigFile.read(file, base));
    }
    given.forEach(
        (setting, text) ->
            values.add(GivenValue.ofFlag(setting.keyIn(base).orElseThrow(), text, setting.flag)));
    return Configuration.with(base, values);
  }
}
