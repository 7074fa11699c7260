// How a caller's workspace is divided.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda/parameters.h"

namespace retort::cuda {

struct SpanSums {
  double first;
  double second;
};

// Rows are added up in spans; see loss_totals.cuh.
constexpr int64_t kSpanRows = 8192;

class Workspace {
 public:
  static size_t bytes(int64_t rows, int64_t members) {
    const int64_t spans = (rows + kSpanRows - 1) / kSpanRows;
    return sizeof(Denominator) + static_cast<size_t>(spans) * sizeof(SpanSums) +
           static_cast<size_t>(rows) * sizeof(LossSums) +
           (members > kMostInlineMembers ? static_cast<size_t>(members) * sizeof(Member) : 0) +
           kAlignment;
  }

  Workspace(void* memory, int64_t rows) : memory_(static_cast<char*>(memory)), rows_(rows) {}

  Denominator* denominator() const { return reinterpret_cast<Denominator*>(memory_); }
  SpanSums* spans() const {
    return reinterpret_cast<SpanSums*>(memory_ + sizeof(Denominator) + sizeof(Denominator) % 16);
  }
  int64_t span_count() const { return (rows_ + kSpanRows - 1) / kSpanRows; }
  LossSums* row_sums() const { return reinterpret_cast<LossSums*>(spans() + span_count()); }
  Member* members() const { return reinterpret_cast<Member*>(row_sums() + rows_); }

 private:
  static constexpr size_t kAlignment = 16;

  char* memory_;
  int64_t rows_;
};

}  // namespace retort::cuda
