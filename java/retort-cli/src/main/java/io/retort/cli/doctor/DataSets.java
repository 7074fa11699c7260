package io.retort.cli.doctor;

import io.retort.data.DatasetSplits;
import io.retort.data.Datasets;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** Which data sets lie in their usual places. Only the first is needed by the quickstart. */
final class DataSets {
  private static final String QUICKSTART = "fashion-mnist";

  private DataSets() {}

  /**
   * Reads the data set of the quickstart and looks for the others.
   *
   * @param place where a data set should lie
   */
  static List<Finding> find(Function<String, Path> place) {
    List<Finding> findings = new ArrayList<>();
    findings.add(read(QUICKSTART, place.apply(QUICKSTART)));
    List<String> found = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (String name : Datasets.names()) {
      if (!name.equals(QUICKSTART) && !name.equals("folder")) {
        (Files.isDirectory(place.apply(name)) ? found : missing)
            .add(name + " in " + place.apply(name));
      }
    }
    if (!found.isEmpty()) {
      findings.add(Finding.ok("other data", String.join(", ", found)));
    }
    if (!missing.isEmpty()) {
      findings.add(Finding.note("other data", "not there: " + String.join(", ", missing)));
    }
    return findings;
  }

  private static Finding read(String name, Path place) {
    try {
      DatasetSplits images = Datasets.load(name, place);
      return Finding.ok(
          "data",
          String.format(
              Locale.ROOT,
              "%s in %s: %,d training and %,d test images",
              name,
              place,
              images.train().size(),
              images.test().size()));
    } catch (IOException e) {
      return Finding.problem("data", NativeLibraries.reason(e));
    }
  }
}
