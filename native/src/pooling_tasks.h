// Cuts pooling into tasks of rows of windows, of all images one after the other.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernels.h"
#include "tasks.h"

namespace retort {

struct PoolingTasks {
  int64_t rows_at_once;  // that stay together
  RowTasks parts;

  explicit PoolingTasks(const PoolingGeometry& geometry, int64_t rows_at_once = 1)
      : rows_at_once(rows_at_once),
        parts(geometry.pooling.images * geometry.output_height / rows_at_once,
              std::max<int64_t>(1, elements_of_row(geometry) * rows_at_once)) {}

  int64_t count() const { return parts.count; }
  int64_t first(int64_t task) const { return parts.first(task) * rows_at_once; }
  int64_t end(int64_t task) const { return parts.end(task) * rows_at_once; }

 private:
  // Of the larger side.
  static int64_t elements_of_row(const PoolingGeometry& geometry) {
    const retort_pooling& pooling = geometry.pooling;
    if (pooling.images == 0) return 0;  // nothing bounds its sides then
    const int64_t input = pooling.input_height * pooling.input_width * pooling.channels;
    const int64_t output = geometry.output_height * geometry.output_width * pooling.channels;
    return std::max(input, output) / geometry.output_height;
  }
};

}  // namespace retort
