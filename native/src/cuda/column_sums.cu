// retort_cuda_column_sums and retort_cuda_add_to_rows: checks and launches.
#include "column_sums.cuh"

#include "arguments.h"
#include "elementwise_arguments.h"
#include "retort/cuda_network.h"

namespace retort::cuda {
namespace {

retort_status check_sizes(int64_t rows, int64_t columns) {
  RETORT_CHECK(check_column_sums_sizes(rows, columns));
  return check_countable("columns", columns);
}

int64_t partial_size(const ColumnTasks& tasks) { return tasks.chunks * tasks.columns; }

}  // namespace
}  // namespace retort::cuda

int64_t retort_cuda_column_sums_workspace(int64_t rows, int64_t columns) {
  using namespace retort::cuda;
  if (check_sizes(rows, columns) != RETORT_OK) return -1;
  return partial_size(reduction_tasks(rows, columns));
}

retort_status retort_cuda_column_sums(int64_t rows, int64_t columns, const float* matrix,
                                      float* sums, float* workspace, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(check_sizes(rows, columns));
  const ColumnTasks tasks = reduction_tasks(rows, columns);
  RETORT_CHECK(
      retort::check_column_sums(rows, columns, matrix, sums, workspace, partial_size(tasks)));
  const ColumnSumsParameters parameters{tasks, matrix, workspace, sums};
  if (rows > 0) {
    RETORT_CHECK(with_alignment(columns, {matrix}, [&](auto aligned) {
      return launch(partial_column_sums<decltype(aligned)::value>, reduction_launch<QuadSum>(tasks),
                    stream, parameters);
    }));
  }
  return launch(combined_column_sums, combination_launch(tasks.columns), stream, parameters);
}

retort_status retort_cuda_add_to_rows(int64_t rows, int64_t columns, const float* row,
                                      float* matrix, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(retort::check_add_to_rows(rows, columns, row, matrix));
  RETORT_CHECK(check_countable("columns", columns));
  if (rows == 0) return RETORT_OK;
  const ColumnTasks tasks = sweep_tasks(rows, columns);
  return with_alignment(columns, {matrix}, [&](auto aligned) {
    return launch(add_to_rows<decltype(aligned)::value>, sweep_launch(tasks), stream,
                  AddToRowsParameters{tasks, row, matrix});
  });
}
