package io.retort.distill.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import io.retort.distill.Formats;
import io.retort.distill.RunDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;

/**
 * A run as one page of HTML that holds everything it needs: it opens from a disk, fetches nothing,
 * and keeps. It shows what the run has: a run without results is shown by its learning curves
 * alone.
 */
public final class Report {

  private static final String CHART_JS = "META-INF/resources/webjars/chart.js/%s/dist/chart.umd.js";
  private static final String CHART_JS_POM =
      "META-INF/maven/org.webjars.npm/chart.js/pom.properties";

  private Report() {}

  /**
   * Writes {@code report.html} into a run, over an older one.
   *
   * @return the file
   * @throws IOException if a file of the run cannot be read, or the page cannot be written
   */
  public static Path write(RunDirectory run) throws IOException {
    run.writeReport(html(run));
    return run.reportFile();
  }

  /**
   * The page.
   *
   * @throws IOException if a file of the run cannot be read
   */
  public static String html(RunDirectory run) throws IOException {
    JsonNode config = Formats.YAML.readTree(run.configFile().toFile());
    // Each kind of run has a configuration of its own.
    if (config.has("distribution")) {
      return html("multi-view", MultiViewPage.of(run));
    } else if (config.has("similarity_temperature")) {
      return html("transfer", TransferPage.of(run));
    } else if (config.has("joint_networks")) {
      return html("real", RealPage.of(run));
    }
    return html("report", Page.of(RunContents.read(run)));
  }

  /** A page by the template and the script of that name. */
  private static String html(String name, Record page) throws IOException {
    Map<String, String> inlined =
        Map.of(
            "css", own("report.css"),
            "script", own("charts.js") + own(name + ".js"),
            "chartJs", chartJs());
    StringWriter html = new StringWriter();
    template(name + ".mustache").execute(page, inlined, html);
    return html.toString();
  }

  /** Everything is escaped but what stands in three braces; a name the page lacks is an error. */
  private static Template template(String name) throws IOException {
    return Mustache.compiler().emptyStringIsFalse(true).nullValue("").compile(own(name));
  }

  private static String own(String name) throws IOException {
    return read(name, Report.class.getResourceAsStream(name));
  }

  /** Chart.js without its source map, which the page could not reach. */
  private static String chartJs() throws IOException {
    Properties pom = new Properties();
    pom.load(new StringReader(ofLibrary(CHART_JS_POM)));
    String source = ofLibrary(CHART_JS.formatted(pom.getProperty("version").strip()));
    return source.replaceAll("(?m)^//# sourceMappingURL=.*$", "");
  }

  private static String ofLibrary(String name) throws IOException {
    return read(name, Report.class.getClassLoader().getResourceAsStream(name));
  }

  private static String read(String name, InputStream resource) throws IOException {
    if (resource == null) {
      throw new IOException(name + " is not on the class path");
    }
    try (resource) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
