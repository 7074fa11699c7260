// An operation of the suite: one file of this folder defines one of these for each, and is named in
// CMakeLists.txt.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "draw.h"
#include "judge.h"

namespace retort::conformance {

// One case: what it draws from and where its results go.
class Trial {
 public:
  Trial(std::string operation, uint64_t seed, Judge& judge)
      : random(seed), operation_(std::move(operation)), seed_(seed), judge_(judge) {}

  // The memory of the arguments, then the calls.
  Memory memory;
  Random random;

  // Makes the call on a drawn executor, and once in a few cases on every other, which must give the same
  // bits; then checks that nothing but the outputs was written. False where the case has failed.
  template <typename Call>
  bool call(const std::vector<Matrix>& outputs, const Call& call) {
    return run(draw_executor(random), call) && only_wrote(outputs) && agree_on_executors(call);
  }

  void judge(const std::string& output, int64_t row, retort_dtype dtype, const Outcome& outcome);
  void fail(const std::string& what) {
    if (failure_.empty()) failure_ = what;
  }

  // What the first failure was; empty where there was none.
  const std::string& failure() const { return failure_; }

  // Adds what was drawn, for a person who repeats the case.
  template <typename... Values>
  void describe(const Values&... values) {
    ((description_ << values << ' '), ...);
  }
  std::string description() const { return description_.str(); }

 private:
  template <typename Call>
  bool run(const retort_executor* executor, const Call& call) {
    memory.send();
    const retort_status status = call(executor);
    memory.receive();
    if (status != RETORT_OK) refused(status);
    return status == RETORT_OK;
  }
  template <typename Call>
  bool agree_on_executors(const Call& call);

  void refused(retort_status status);
  bool only_wrote(const std::vector<Matrix>& outputs);
  bool same_as(const std::vector<uint8_t>& first);

  std::string operation_;
  uint64_t seed_;
  Judge& judge_;
  std::string failure_;
  std::ostringstream description_;
};

const std::vector<const retort_executor*>& executors();

template <typename Call>
bool Trial::agree_on_executors(const Call& call) {
  if (!one_in(random, 8)) return true;
  const std::vector<uint8_t> first = memory.after();
  for (const retort_executor* executor : executors()) {
    if (!run(executor, call) || !same_as(first)) return false;
  }
  return true;
}

struct Operation {
  const char* name;
  void (*run)(Trial& trial);

  // Puts it into the suite.
  Operation(const char* name, void (*run)(Trial&));
};

// All of them, by name.
std::vector<const Operation*> operations();

}  // namespace retort::conformance
