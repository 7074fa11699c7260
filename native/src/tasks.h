// Cuts an operation's rows into tasks by shape alone and runs them on the caller's threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "retort/retort.h"

namespace retort {

struct RowTasks {
  // Enough tasks to keep threads level, few enough that partial sums fit on a stack.
  static constexpr int64_t kMostTasks = 256;
  // A task is worth handing to another thread from about this many elements.
  static constexpr int64_t kElementsPerTask = 16384;

  int64_t rows;
  int64_t rows_per_task;
  int64_t count;

  RowTasks(int64_t rows, int64_t columns) : rows(rows) {
    rows_per_task = std::max<int64_t>(1, kElementsPerTask / columns);
    rows_per_task = std::max(rows_per_task, (rows + kMostTasks - 1) / kMostTasks);
    count = (rows + rows_per_task - 1) / rows_per_task;
  }

  int64_t first(int64_t task) const { return task * rows_per_task; }
  int64_t end(int64_t task) const { return std::min(rows, (task + 1) * rows_per_task); }
};

// body(task) for every task in [0, count).
template <typename Body>
void run_tasks(const retort_executor* executor, int64_t count, const Body& body) {
  if (executor == nullptr || count <= 1) {
    for (int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  executor->run(
      executor->context, count,
      [](void* argument, int64_t index) { (*static_cast<const Body*>(argument))(index); },
      const_cast<Body*>(&body));
}

}  // namespace retort
