#include "judge.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

namespace retort::conformance {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();

const char* name_of(retort_dtype dtype) {
  return dtype == RETORT_F32 ? "f32" : dtype == RETORT_F16 ? "f16" : "bf16";
}

bool same_kind(double a, double b) {
  if (std::isnan(b)) return std::isnan(a);
  if (std::isinf(b)) return a == b;
  return std::isfinite(a);
}

std::string described(int64_t column, double actual, double expected, double naive, double units,
                      double allowed) {
  char text[256];
  std::snprintf(text, sizeof text,
                "[%lld] is %.9g, expected %.9g (naive %.9g): %.3g units, allowed %.3g",
                static_cast<long long>(column), actual, expected, naive, units, allowed);
  return text;
}

}  // namespace

std::string Judge::judge(const std::string& operation, const std::string& output,
                         retort_dtype dtype, const Outcome& o, uint64_t case_seed) {
  char key[96];
  std::snprintf(key, sizeof key, "%-22s %-20s %-5s", operation.c_str(), output.c_str(),
                name_of(dtype));
  Worst& worst = worst_[key];
  ++worst.rows;
  double naive_units = 0, units = 0;
  size_t column = 0;
  bool overflowed = o.intermediate > largest(RETORT_F32);
  std::string wrong_kind;
  for (size_t j = 0; j < o.expected.size(); ++j) {
    const double expected = rounded(dtype, o.expected[j]);
    const double naive = rounded(dtype, o.naive[j]);
    if (!same_kind(naive, expected)) overflowed = true;
    // Next to the largest number of the dtype the last bit decides whether it is infinite.
    const double slack = kFewUnits * kEpsilon * o.scale[j];
    if (!same_kind(o.actual[j], expected) &&
        !(std::isinf(o.actual[j]) && (o.actual[j] == rounded(dtype, o.expected[j] + slack) ||
                                      o.actual[j] == rounded(dtype, o.expected[j] - slack)))) {
      if (wrong_kind.empty())
        wrong_kind = described(static_cast<int64_t>(j), o.actual[j], expected, naive, HUGE_VAL, 0);
      continue;
    }
    if (!std::isfinite(expected) || !std::isfinite(o.actual[j])) continue;
    const double unit = kEpsilon * o.scale[j] + spacing(dtype, expected);
    const double error = std::fabs(o.actual[j] - o.expected[j]) / unit;
    if (!(error <= units)) {
      units = error;
      column = j;
    }
    naive_units = std::fmax(naive_units, std::fabs(naive - o.expected[j]) / unit);
  }
  if (overflowed) {
    ++worst.overflowed;
    return "";
  }
  if (!wrong_kind.empty()) return wrong_kind;
  const double to_naive = units / std::fmax(naive_units, 1);
  if (units > worst.units) {
    worst.units = units;
    worst.units_case = case_seed;
  }
  if (to_naive > worst.to_naive) {
    worst.to_naive = to_naive;
    worst.to_naive_case = case_seed;
  }
  const double allowed = 2 * naive_units + kFewUnits;
  if (units <= allowed) return "";
  return described(static_cast<int64_t>(column), o.actual[column], o.expected[column],
                   o.naive[column], units, allowed);
}

void Judge::print(std::ostream& out) const {
  char line[192];
  std::snprintf(line, sizeof line, "%-49s %9s %10s %9s %-18s %9s %s\n", "operation, output, dtype",
                "rows", "overflowed", "units", " case", "of naive", " case");
  out << line;
  for (const auto& [key, worst] : worst_) {
    std::snprintf(line, sizeof line, "%-49s %9lld %10lld %9.3g %#018llx %9.3g %#018llx\n",
                  key.c_str(), static_cast<long long>(worst.rows),
                  static_cast<long long>(worst.overflowed), worst.units,
                  static_cast<unsigned long long>(worst.units_case), worst.to_naive,
                  static_cast<unsigned long long>(worst.to_naive_case));
    out << line;
  }
}

}  // namespace retort::conformance
