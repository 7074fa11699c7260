// f16 and bf16 by the definition of the formats, in plain arithmetic: what the kernels' conversions are
// tested against.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "retort/retort.h"

namespace retort::testing {

struct Format {
  retort_dtype dtype;
  int fraction_bits;
  int lowest_exponent;   // of a normal number
  int highest_exponent;  // of a finite one
};

constexpr Format kFormats[] = {{RETORT_F16, 10, -14, 15}, {RETORT_BF16, 7, -126, 127}};

// To the nearest, ties to even, by the definition of the format.
inline uint16_t encode(const Format& format, double x) {
  const int sign_place = 15, bias = format.highest_exponent;
  const auto sign = static_cast<uint16_t>(std::signbit(x) << sign_place);
  const auto infinity = static_cast<uint16_t>((2 * bias + 1) << format.fraction_bits);
  if (std::isnan(x))
    return static_cast<uint16_t>(sign | infinity | 1 << (format.fraction_bits - 1));
  const int exponent =
      x == 0 ? format.lowest_exponent : std::max(std::ilogb(x), format.lowest_exponent);
  const double units =
      std::isinf(x) ? 0 : std::nearbyint(std::ldexp(std::fabs(x), format.fraction_bits - exponent));
  if (std::isinf(x) ||
      std::ldexp(units, exponent - format.fraction_bits) >= std::ldexp(1.0, bias + 1)) {
    return static_cast<uint16_t>(sign | infinity);
  }
  // A carry out of the fraction is the next exponent's first number, in bits as well.
  const int64_t start = static_cast<int64_t>(exponent - format.lowest_exponent)
                        << format.fraction_bits;
  return static_cast<uint16_t>(sign | (start + static_cast<int64_t>(units)));
}

inline float decode(const Format& format, uint16_t bits) {
  const int biased = (bits & 0x7fff) >> format.fraction_bits;
  const int fraction = bits & ((1 << format.fraction_bits) - 1);
  const double sign = bits & 0x8000 ? -1 : 1;
  if (biased == 2 * format.highest_exponent + 1)
    return fraction == 0 ? static_cast<float>(sign) * std::numeric_limits<float>::infinity()
                         : std::numeric_limits<float>::quiet_NaN();
  const int leading = biased == 0 ? 0 : 1 << format.fraction_bits;
  const int exponent = std::max(biased, 1) - format.highest_exponent - format.fraction_bits;
  return static_cast<float>(sign * std::ldexp(leading + fraction, exponent));
}

}  // namespace retort::testing
