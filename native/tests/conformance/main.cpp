// Random cases of every operation against the reference in double. See --help.
#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>

#include "implementation.h"
#include "suite.h"

namespace {

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) { interrupted = 1; }

int run(int argc, char** argv) {
  using namespace retort::conformance;
  CLI::App app{
      "Compares every operation with the reference, over random shapes, options and hostile "
      "values.\n"
      "RETORT_ISA=scalar|avx2|avx512 names the instruction set.\n"
      "Nightly: retort_conformance --cases 1000000 --seed \"$(date +%s)\""};
  Plan plan;
  uint64_t case_seed = 0;
  std::string past_failures = RETORT_PAST_FAILURES;
  app.add_option("--cases", plan.cases, "How many cases to draw")->capture_default_str();
  app.add_option("--seed", plan.seed, "What the cases are drawn from")->capture_default_str();
  app.add_option("--operation", plan.operation, "Only this operation")
      ->check(CLI::IsMember(operation_names()));
  const CLI::Option* repeat =
      app.add_option("--case", case_seed, "Repeat one case, by the seed that a failure names")
          ->needs("--operation");
  app.add_option("--past-failures", past_failures, "A file of cases to run first");
  app.add_option("--progress", plan.progress_seconds, "Seconds between two lines of progress")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);

  Suite suite(std::cout, [] { return interrupted != 0; });
  if (repeat->count() > 0) {
    suite.repeat(plan.operation, case_seed);
  } else {
    std::ifstream file(past_failures);
    if (!file) throw std::runtime_error("--past-failures: cannot read " + past_failures);
    if (plan.operation.empty()) suite.replay(file);
    suite.run(plan);
  }
  suite.summarize();
  return suite.failures() == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
