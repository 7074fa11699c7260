package io.retort.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** Which Retort this is, as its build wrote it down. */
final class Version implements IVersionProvider {
  private static final Properties BUILD = read();

  /** For example {@code 0.1.0}. */
  static String number() {
    return BUILD.getProperty("version");
  }

  /** The commit it was built from; null if that is not known. */
  static String commit() {
    String commit = BUILD.getProperty("commit");
    return commit.isBlank() ? null : commit;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"retort " + number() + (commit() == null ? "" : " (" + commit() + ")")};
  }

  private static Properties read() {
    try (InputStream file = Version.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(file);
      return properties;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
