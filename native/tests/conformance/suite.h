// Runs cases, tells how far it is, and sums up.
#pragma once

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <vector>

#include "judge.h"

namespace retort::conformance {

struct Plan {
  int64_t cases = 10000;
  uint64_t seed = 1;
  std::string operation;  // empty: all
  double progress_seconds = 10;
};

std::vector<std::string> operation_names();

class Suite {
 public:
  Suite(std::ostream& out, std::function<bool()> interrupted)
      : out_(out), interrupted_(std::move(interrupted)) {}

  // Until the plan is done or interrupted, or too much has failed to go on.
  void run(const Plan& plan);
  // One case, and what its arguments were.
  void repeat(const std::string& operation, uint64_t case_seed);
  // Lines "operation seed what it was"; a # begins a comment.
  void replay(std::istream& past_failures);

  void summarize() const;
  int64_t failures() const { return failures_; }

 private:
  void run_case(const std::string& operation, uint64_t case_seed, bool describe);

  std::ostream& out_;
  std::function<bool()> interrupted_;
  Judge judge_;
  int64_t cases_ = 0;
  int64_t failures_ = 0;
  double seconds_ = 0;
};

}  // namespace retort::conformance
