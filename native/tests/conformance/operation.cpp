#include "operation.h"

#include <algorithm>
#include <cstring>

#include "implementation.h"

namespace retort::conformance {
namespace {

std::vector<const Operation*>& registered() {
  static std::vector<const Operation*> all;
  return all;
}

}  // namespace

void Trial::judge(const std::string& output, int64_t row, retort_dtype dtype,
                  const Outcome& outcome) {
  const std::string wrong = judge_.judge(operation_, output, dtype, outcome, seed_);
  if (!wrong.empty()) fail(output + "[" + std::to_string(row) + "]" + wrong);
}

void Trial::refused(retort_status status) {
  fail("status " + std::to_string(status) + ": " + implementation().last_error());
}

bool Trial::only_wrote(const std::vector<Matrix>& outputs) {
  const std::string changed = memory.changed_outside(outputs);
  if (!changed.empty()) fail(changed);
  return changed.empty();
}

bool Trial::same_as(const std::vector<uint8_t>& first) {
  const bool same = memory.after() == first;
  if (!same) fail("another executor or a second run gave other bits");
  return same;
}

const std::vector<const retort_executor*>& executors() { return implementation().executors; }

Operation::Operation(const char* name, void (*run)(Trial&)) : name(name), run(run) {
  registered().push_back(this);
}

std::vector<const Operation*> operations() {
  std::vector<const Operation*> all = registered();
  std::sort(all.begin(), all.end(), [](const Operation* a, const Operation* b) {
    return std::strcmp(a->name, b->name) < 0;
  });
  return all;
}

}  // namespace retort::conformance
