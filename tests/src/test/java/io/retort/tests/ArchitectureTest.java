package io.retort.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Arrows point down: cli → distill → {nn, data} → kernels. */
@AnalyzeClasses(packages = "io.retort", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  @ArchTest
  static final ArchRule ARROWS_POINT_DOWN =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("cli")
          .definedBy("io.retort.cli..")
          .layer("distill")
          .definedBy("io.retort.distill..")
          .layer("nn")
          .definedBy("io.retort.nn..")
          .layer("data")
          .definedBy("io.retort.data..")
          .layer("kernels")
          .definedBy("io.retort.kernels..")
          .whereLayer("cli")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("distill")
          .mayOnlyBeAccessedByLayers("cli")
          .whereLayer("nn")
          .mayOnlyBeAccessedByLayers("distill", "cli")
          .whereLayer("data")
          .mayOnlyBeAccessedByLayers("distill", "cli")
          .whereLayer("kernels")
          .mayOnlyBeAccessedByLayers("nn", "distill", "cli");

  @ArchTest
  static final ArchRule PACKAGES_HAVE_NO_CYCLES =
      slices().matching("io.retort.(**)").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule KERNELS_DEPEND_ON_JAVACPP_ALONE =
      classes()
          .that()
          .resideInAPackage("io.retort.kernels..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("io.retort.kernels..", "org.bytedeco.javacpp..", "java..");

  @ArchTest
  static final ArchRule DATA_DEPENDS_ON_THE_JDK_ALONE =
      classes()
          .that()
          .resideInAPackage("io.retort.data..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("io.retort.data..", "java..", "javax..");

  @ArchTest
  static final ArchRule ONLY_THE_COMMAND_LINE_PRINTS_OR_EXITS =
      noClasses()
          .that()
          .resideOutsideOfPackage("io.retort.cli..")
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(System.class, "exit", int.class);
}
