// Random cases of every operation against the reference in double. See --help.
#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>

#include "implementation.h"
#include "suite.h"

namespace {

volatile std::sig_atomic_t interrupted = 0;

void interrupt(int) { interrupted = 1; }

}  // namespace

int main(int argc, char** argv) {
  using namespace retort::conformance;
  CLI::App app{
      "Compares every operation with the reference, over random shapes, options and hostile "
      "values.\n"
      "RETORT_ISA=scalar|avx2|avx512 names the instruction set.\n"
      "Nightly: retort_conformance --cases 1000000 --seed \"$(date +%s)\""};
  Plan plan;
  std::string case_seed, past_failures = RETORT_PAST_FAILURES;
  app.add_option("--cases", plan.cases, "How many cases to draw")->capture_default_str();
  app.add_option("--seed", plan.seed, "What the cases are drawn from")->capture_default_str();
  app.add_option("--operation", plan.operation, "Only this operation")
      ->check(CLI::IsMember(operation_names()));
  app.add_option("--case", case_seed, "Repeat one case, by the seed that a failure names")
      ->needs("--operation");
  app.add_option("--past-failures", past_failures, "A file of cases to run first");
  app.add_option("--progress", plan.progress_seconds, "Seconds between two lines of progress")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);

  Suite suite(std::cout, [] { return interrupted != 0; });
  if (!case_seed.empty()) {
    suite.repeat(plan.operation, std::stoull(case_seed, nullptr, 0));
  } else {
    if (plan.operation.empty()) {
      std::ifstream file(past_failures);
      if (!file) {
        std::cerr << "--past-failures: cannot read " << past_failures << '\n';
        return 2;
      }
      suite.replay(file);
    }
    suite.run(plan);
  }
  suite.summarize();
  return suite.failures() == 0 ? 0 : 1;
}
