// Asks the memory for what comes next while the processor computes. A core has about two dozen requests under way
// at a time, so they are spread over the work: all at once, they would stand in the way of it.
#pragma once

#include "vector.h"

namespace {

// The same run of bytes of several matrices, and one of another: fetched line by line, all matrices side by
// side.
class UpcomingOperands {
 public:
  UpcomingOperands() = default;
  UpcomingOperands(const void* const* matrices, int64_t count, int64_t offset, const void* last,
                   int64_t bytes)
      : matrices_(matrices),
        count_(count),
        offset_(offset),
        end_(offset + bytes),
        last_(static_cast<const char*>(last) - offset) {}

  inline __attribute__((always_inline)) void fetch(int64_t lines) {
    for (int64_t i = 0; i < lines && offset_ < end_; ++i) {
      if (matrix_ < count_) {
        __builtin_prefetch(static_cast<const char*>(matrices_[matrix_++]) + offset_, 0, 3);
      } else {
        __builtin_prefetch(last_ + offset_, 0, 3);
        matrix_ = 0;
        offset_ += 64;
      }
    }
  }

 private:
  const void* const* matrices_ = nullptr;
  int64_t count_ = 0;
  int64_t matrix_ = 0;
  int64_t offset_ = 0;
  int64_t end_ = 0;
  const char* last_ = nullptr;
};

}  // namespace
