#include "suite.h"

#include <chrono>
#include <cstdio>
#include <sstream>

#include "implementation.h"
#include "operation.h"

namespace retort::conformance {
namespace {

// A suite that fails everywhere says so soon.
constexpr int64_t kMostFailures = 50;

// Splitmix64 (Steele, Lea & Flood, 2014): every case has a seed of its own.
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string hexadecimal(uint64_t seed) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(seed));
  return text;
}

}  // namespace

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const Operation* operation : operations()) names.emplace_back(operation->name);
  return names;
}

void Suite::run_case(const std::string& name, uint64_t case_seed, bool describe) {
  const Operation* chosen = nullptr;
  for (const Operation* operation : operations()) {
    if (name == operation->name) chosen = operation;
  }
  if (chosen == nullptr) {
    out_ << "there is no operation " << name << '\n';
    ++failures_;
    return;
  }
  Trial trial(name, case_seed, judge_);
  chosen->run(trial);
  ++cases_;
  if (describe) out_ << trial.description() << '\n';
  if (trial.failure().empty()) return;
  ++failures_;
  out_ << "FAILED  RETORT_ISA=" << implementation().name << " retort_conformance --operation "
       << name << " --case " << hexadecimal(case_seed) << "  " << trial.failure() << std::endl;
}

void Suite::run(const Plan& plan) {
  const std::vector<std::string> names =
      plan.operation.empty() ? operation_names() : std::vector<std::string>{plan.operation};
  const double start = now();
  double next = start + plan.progress_seconds;
  for (int64_t i = 0; i < plan.cases && !interrupted_(); ++i) {
    const uint64_t seed = mixed(mixed(plan.seed) + static_cast<uint64_t>(i));
    run_case(names[mixed(seed) % names.size()], seed, false);
    if (failures_ >= kMostFailures) {
      out_ << "stopped after " << failures_ << " failures\n";
      break;
    }
    if (now() < next) continue;
    next += plan.progress_seconds;
    const double rate = static_cast<double>(i + 1) / (now() - start);
    out_ << i + 1 << " of " << plan.cases << " cases, " << static_cast<int64_t>(rate)
         << " a second, " << failures_ << " failed, "
         << static_cast<int64_t>(static_cast<double>(plan.cases - i) / rate) << " s to go"
         << std::endl;
  }
  seconds_ += now() - start;
}

void Suite::repeat(const std::string& operation, uint64_t case_seed) {
  run_case(operation, case_seed, true);
}

void Suite::replay(std::istream& past_failures) {
  const double start = now();
  std::string line;
  while (std::getline(past_failures, line)) {
    std::istringstream words(line);
    std::string operation, seed;
    if (!(words >> operation >> seed) || operation[0] == '#') continue;
    run_case(operation, std::stoull(seed, nullptr, 0), false);
  }
  seconds_ += now() - start;
}

void Suite::summarize() const {
  out_ << '\n';
  judge_.print(out_);
  out_ << '\n' << cases_ << " cases on " << implementation().name << ", " << failures_ << " failed";
  if (seconds_ > 0) out_ << ", " << static_cast<double>(cases_) / seconds_ << " a second";
  out_ << std::endl;
}

}  // namespace retort::conformance
