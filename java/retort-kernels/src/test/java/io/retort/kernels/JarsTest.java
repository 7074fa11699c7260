package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is packed: classes in one jar, a platform's libraries in another, both good as modules. */
class JarsTest {
  private static final Path JAR = Path.of(System.getProperty("jar"));
  private static final Path NATIVES = Path.of(System.getProperty("natives"));
  private static final String PLATFORM_FOLDER = "io/retort/kernels/linux-x86_64/";

  private static Set<String> files(Path jar) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .filter(entry -> !entry.isDirectory() && !entry.getName().startsWith("META-INF/"))
          .map(entry -> entry.getName())
          .collect(Collectors.toSet());
    }
  }

  private static ModuleDescriptor module(Path jar) {
    return ModuleFinder.of(jar).findAll().iterator().next().descriptor();
  }

  @Test
  void theClassesAreAModuleThatExportsOnePackageToEverybody() throws IOException {
    ModuleDescriptor module = module(JAR);
    assertThat(module.name()).isEqualTo("io.retort.kernels");
    assertThat(module.isAutomatic()).isFalse();
    assertThat(module.exports().stream().filter(e -> !e.isQualified()).map(e -> e.source()))
        .containsExactly("io.retort.kernels");
    assertThat(module.requires().stream().map(r -> r.name()))
        .containsExactlyInAnyOrder("java.base", "org.bytedeco.javacpp");
    assertThat(files(JAR)).noneMatch(name -> name.startsWith(PLATFORM_FOLDER));
  }

  @Test
  void thePlatformsJarHoldsItsLibrariesAlone() throws IOException {
    assertThat(module(NATIVES).name()).isEqualTo("io.retort.kernels.linux.x86_64");
    Set<String> libraries =
        new HashSet<>(Set.of("libjniRetort.so", "libretort.so", "libjniRetortCuda.so"));
    if (Boolean.getBoolean("cuda")) {
      libraries.add("libretort_cuda.so");
    }
    assertThat(files(NATIVES))
        .isEqualTo(libraries.stream().map(PLATFORM_FOLDER::concat).collect(Collectors.toSet()));
  }

  @Test
  void theTwoRunOnTheClassPathAndAsModules(@TempDir Path folder) throws Exception {
    Path source = folder.resolve("Consumer.java");
    Files.writeString(
        source,
        """
        public class Consumer {
          public static void main(String[] arguments) {
            float[] values = {1, 1};
            var matrix = io.retort.kernels.Matrix.of(values, 1, 2);
            io.retort.kernels.Softmax.forward(matrix, 1, matrix, null);
            System.out.print(values[0] + " " + io.retort.kernels.Matrix.class.getModule().isNamed());
          }
        }
        """);
    Stream<String> binding =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .filter(path -> path.contains("javacpp"));
    String jars =
        Stream.concat(Stream.of(JAR.toString(), NATIVES.toString()), binding)
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(run(folder, "-cp", jars, source.toString())).isEqualTo("0.5 false");
    assertThat(
            run(
                folder,
                "--module-path",
                jars,
                "--add-modules",
                "ALL-MODULE-PATH",
                source.toString()))
        .isEqualTo("0.5 true");
  }

  private static String run(Path folder, String... arguments) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    ProcessBuilder builder = new ProcessBuilder(java);
    builder.command().addAll(List.of(arguments));
    Path output = folder.resolve("output.txt");
    Process process = builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return Files.readString(output, StandardCharsets.UTF_8);
  }
}
