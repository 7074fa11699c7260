// Cuts a reduction over the rows of a matrix into tasks by shape alone: chunks of rows, whose
// results the caller combines in order, and blocks of columns where a matrix is wide.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/kernels.h"
#include "tasks.h"

namespace retort {

struct ReductionTasks {
  static constexpr int64_t kMostChunks = 256;

  int64_t rows;
  int64_t columns;
  int64_t rows_per_chunk;
  int64_t chunks;
  int64_t blocks;

  ReductionTasks(int64_t rows, int64_t columns) : rows(rows), columns(columns) {
    rows_per_chunk = RowTasks::kElementsPerTask / std::min(columns, kMostReducedColumns);
    rows_per_chunk = std::max(rows_per_chunk, rows / kMostChunks + (rows % kMostChunks != 0));
    chunks = rows / rows_per_chunk + (rows % rows_per_chunk != 0);
    blocks = (columns - 1) / kMostReducedColumns + 1;
  }

  int64_t first_row(int64_t chunk) const { return chunk * rows_per_chunk; }
  int64_t chunk_rows(int64_t chunk) const {
    return std::min(rows_per_chunk, rows - first_row(chunk));
  }

  // body(chunk, first column, columns) for every task.
  template <typename Body>
  void run(const retort_executor* executor, const Body& body) const {
    run_tasks(executor, chunks * blocks, [&](int64_t task) {
      const int64_t first = task % blocks * kMostReducedColumns;
      body(task / blocks, first, std::min(kMostReducedColumns, columns - first));
    });
  }
};

}  // namespace retort
