// How exact a result must be, and how exact all were.
//
// An error is measured in units of
//
//   unit = epsilon(f32) * scale + spacing(dtype, expected)
//
// The scale of a result is the size of the terms that it is the difference or the sum of, each taken
// (1 + |x|) times where it holds exp(x): an exponent that is rounded once moves the exponential by |x| ulp of
// itself. The spacing is the rounding of the store. The naive computation in f32, rounded to the dtype once,
// is measured alike, and of every row the worst error may be twice the naive one's worst and kFew units.
//
// What the reference says is infinite or NaN must be that, with its sign. Where the range of f32 does not
// reach, nothing is asked of the row: the naive computation then is infinite or NaN where the reference is
// not, or an intermediate result that the operation names is too large.
#pragma once

#include <map>
#include <ostream>
#include <string>

#include "memory.h"

namespace retort::conformance {

constexpr double kFewUnits = 8;

// One row of an output, or one number.
struct Outcome {
  reference::Row actual;
  reference::Row expected;
  reference::Row naive;  // before it is rounded to the dtype
  reference::Row scale;
  double intermediate = 0;  // the largest on the way, whatever the order of the sums
};

// The worst that was seen of one output.
struct Worst {
  int64_t rows = 0;
  int64_t overflowed = 0;
  double units = 0;
  uint64_t units_case = 0;
  double to_naive = 0;  // against an error of the naive of at least one unit
  uint64_t to_naive_case = 0;
};

class Judge {
 public:
  // Empty where the row is right, otherwise what is wrong with it.
  std::string judge(const std::string& operation, const std::string& output, retort_dtype dtype,
                    const Outcome& outcome, uint64_t case_seed);
  void print(std::ostream& out) const;

 private:
  std::map<std::string, Worst> worst_;
};

}  // namespace retort::conformance
