// Elementwise operations and column sums: checks, then tasks of elements or rows.
#include <algorithm>

#include "cpu/kernels.h"
#include "elementwise_arguments.h"
#include "reduction_tasks.h"
#include "tasks.h"

namespace retort {
namespace {

// body(first, size) over runs of elements.
template <typename Body>
void run_elements(const retort_executor* executor, int64_t size, const Body& body) {
  const RowTasks tasks(size, 1);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task);
    body(first, tasks.end(task) - first);
  });
}

int64_t column_sums_workspace(int64_t rows, int64_t columns) {
  return ReductionTasks(rows, columns).chunks * columns;
}

}  // namespace
}  // namespace retort

retort_status retort_relu_forward(int64_t size, const float* input, float* output,
                                  const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_relu_forward(size, input, output));
  run_elements(executor, size, [&](int64_t first, int64_t count) {
    kernels().relu_forward(count, input + first, output + first);
  });
  return RETORT_OK;
}

retort_status retort_relu_backward(int64_t size, const float* output, const float* output_gradient,
                                   float* input_gradient, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_relu_backward(size, output, output_gradient, input_gradient));
  run_elements(executor, size, [&](int64_t first, int64_t count) {
    kernels().relu_backward(count, output + first, output_gradient + first, input_gradient + first);
  });
  return RETORT_OK;
}

retort_status retort_linear_combination(int64_t size, float a, const float* x, float b,
                                        const float* y, float* output,
                                        const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_linear_combination(size, x, y, output));
  run_elements(executor, size, [&](int64_t first, int64_t count) {
    kernels().linear_combination(count, a, x + first, b, y + first, output + first);
  });
  return RETORT_OK;
}

retort_status retort_add_to_rows(int64_t rows, int64_t columns, const float* row, float* matrix,
                                 const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_add_to_rows(rows, columns, row, matrix));
  const RowTasks tasks(rows, columns);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task);
    kernels().add_to_rows(tasks.end(task) - first, columns, row, matrix + first * columns);
  });
  return RETORT_OK;
}

int64_t retort_column_sums_workspace(int64_t rows, int64_t columns) {
  if (retort::check_column_sums_sizes(rows, columns) != RETORT_OK) return -1;
  return retort::column_sums_workspace(rows, columns);
}

retort_status retort_column_sums(int64_t rows, int64_t columns, const float* matrix, float* sums,
                                 float* workspace, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_column_sums_sizes(rows, columns));
  RETORT_CHECK(check_column_sums(rows, columns, matrix, sums, workspace,
                                 column_sums_workspace(rows, columns)));
  const ReductionTasks tasks(rows, columns);
  tasks.run(executor, [&](int64_t chunk, int64_t first, int64_t count) {
    kernels().column_sums(tasks.chunk_rows(chunk), count, columns,
                          matrix + tasks.first_row(chunk) * columns + first,
                          workspace + chunk * columns + first);
  });
  run_tasks(executor, tasks.blocks, [&](int64_t block) {
    const int64_t first = block * kMostReducedColumns;
    kernels().column_sums(tasks.chunks, std::min(kMostReducedColumns, columns - first), columns,
                          workspace + first, sums + first);
  });
  return RETORT_OK;
}
