// A matrix of any element type inside a larger buffer whose every other element holds a guard.
#pragma once

#include <cstdint>

#include "testing.h"

namespace retort::testing {

constexpr retort_dtype kDtypes[] = {RETORT_F32, RETORT_F16, RETORT_BF16};

class TypedMatrix {
 public:
  TypedMatrix(retort_dtype dtype, int64_t rows, int64_t classes, int64_t stride, int64_t offset = 0)
      : dtype(dtype),
        rows(rows),
        classes(classes),
        stride(stride),
        offset_(offset),
        words_(static_cast<size_t>(offset + rows * stride + 64), kGuardWord) {}

  void* data() { return bytes() + offset_ * size(); }
  const void* data() const { return bytes() + offset_ * size(); }

  // Stores the element nearest to x.
  void set(int64_t row, int64_t column, float x) {
    char* const place = bytes() + (offset_ + row * stride + column) * size();
    const uint16_t narrow = dtype == RETORT_F16 ? f16_of(x) : bf16_of(x);
    dtype == RETORT_F32 ? std::memcpy(place, &x, sizeof x)
                        : std::memcpy(place, &narrow, sizeof narrow);
  }

  float at(int64_t row, int64_t column) const {
    const char* const place = bytes() + (offset_ + row * stride + column) * size();
    float x;
    uint16_t narrow;
    if (dtype == RETORT_F32) return std::memcpy(&x, place, sizeof x), x;
    std::memcpy(&narrow, place, sizeof narrow);
    return dtype == RETORT_F16 ? of_f16(narrow) : of_bf16(narrow);
  }

  void fill_normal(std::mt19937_64& random, float scale) {
    std::normal_distribution<float> normal(0, scale);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < classes; ++j) set(i, j, normal(random));
    }
  }

  reference::Row row(int64_t i) const {
    reference::Row row;
    for (int64_t j = 0; j < classes; ++j) row.push_back(static_cast<double>(at(i, j)));
    return row;
  }

  // How far a stored number of this size may be from the one before it was stored.
  double rounding(double magnitude) const {
    switch (dtype) {
      case RETORT_F16:
        return magnitude * 0x1p-11 + 0x1p-25;
      case RETORT_BF16:
        return magnitude * 0x1p-8;
      default:
        return 0;
    }
  }

  // True where nothing outside the matrix was written.
  bool guards_hold() const {
    const TypedMatrix fresh(dtype, rows, classes, stride, offset_);
    for (int64_t i = 0; i < static_cast<int64_t>(words_.size()); ++i) {
      const int64_t k = i - offset_;
      const bool inside = k >= 0 && k < rows * stride && k % stride < classes;
      if (!inside && std::memcmp(bytes() + i * size(), fresh.bytes() + i * size(),
                                 static_cast<size_t>(size())) != 0)
        return false;
    }
    return true;
  }

  bool same_bits(const TypedMatrix& other) const { return words_ == other.words_; }

  retort_dtype dtype;
  int64_t rows;
  int64_t classes;
  int64_t stride;

 private:
  static constexpr uint32_t kGuardWord = 0xc640e6b7;

  int64_t size() const { return dtype == RETORT_F32 ? 4 : 2; }
  char* bytes() { return reinterpret_cast<char*>(words_.data()); }
  const char* bytes() const { return reinterpret_cast<const char*>(words_.data()); }

  static uint16_t f16_of(float x) {
    const int sign = std::signbit(x) ? 0x8000 : 0;
    if (std::isnan(x)) return 0x7e00;
    if (std::fabs(x) >= 65520) return static_cast<uint16_t>(sign | 0x7c00);
    const int exponent = x == 0 ? -14 : std::max(std::ilogb(x), -14);
    const auto units = static_cast<int>(std::nearbyint(std::ldexp(std::fabs(x), 10 - exponent)));
    return static_cast<uint16_t>(sign | (((exponent + 14) * 1024) + units));
  }
  static float of_f16(uint16_t bits) {
    const float sign = bits & 0x8000 ? -1 : 1;
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 31) return fraction != 0 ? kNaN : sign * kInfinity;
    return sign * std::ldexp(static_cast<float>(exponent == 0 ? fraction : fraction + 1024),
                             std::max(exponent, 1) - 25);
  }
  static uint16_t bf16_of(float x) {
    uint32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    if (std::isnan(x)) return 0x7fc0;
    return static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
  static float of_bf16(uint16_t narrow) {
    const uint32_t bits = static_cast<uint32_t>(narrow) << 16;
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }

  int64_t offset_;
  std::vector<uint32_t, RETORT_TEST_ALLOCATOR<uint32_t>>
      words_;  // one for each element, of which narrow ones use half
};

}  // namespace retort::testing
