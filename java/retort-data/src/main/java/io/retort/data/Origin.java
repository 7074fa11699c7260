package io.retort.data;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a data set comes from, and what helps when it is not there.
 *
 * @param title the data set's name in a sentence
 * @param directory where its files should lie
 * @param remedy what brings them there, in the imperative
 */
record Origin(String title, Path directory, String remedy) {

  /** Refuses a directory that does not exist. */
  void requireDirectory() throws DataException {
    if (!Files.isDirectory(directory)) {
      throw new DataException(
          "%s was not found in %s; %s or pass --data-dir DIR".formatted(title, directory, remedy));
    }
  }

  /** What to throw when one of the data set's files is not there. */
  DataException missing(Path path) {
    return new DataException(
        "%s is not complete: %s is missing; %s or pass --data-dir DIR"
            .formatted(title, path, remedy));
  }
}
