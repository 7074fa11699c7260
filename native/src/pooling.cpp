// Pooling: checks, then tasks of the output's rows, or of whole images where backward's windows
// overlap.
#include "cpu/kernels.h"
#include "pooling_arguments.h"
#include "pooling_tasks.h"

namespace retort {
namespace {

// body(first_row, end_row) over the output's rows, `rows_at_once` of which stay together.
template <typename Body>
void run_rows(const PoolingGeometry& geometry, int64_t rows_at_once,
              const retort_executor* executor, const Body& body) {
  const PoolingTasks tasks(geometry, rows_at_once);
  run_tasks(executor, tasks.count(),
            [&](int64_t task) { body(tasks.first(task), tasks.end(task)); });
}

int64_t backward_rows_at_once(const PoolingGeometry& geometry) {
  return geometry.windows_overlap ? geometry.output_height : 1;
}

}  // namespace
}  // namespace retort

retort_status retort_max_pool_forward(const retort_pooling* pooling, const float* input,
                                      float* output, const retort_executor* executor) {
  using namespace retort;
  PoolingGeometry geometry{};
  RETORT_CHECK(check_max_pool_forward(pooling, input, output, &geometry));
  run_rows(geometry, 1, executor, [&](int64_t first, int64_t end) {
    kernels().max_pool_forward(geometry, input, output, first, end);
  });
  return RETORT_OK;
}

retort_status retort_max_pool_backward(const retort_pooling* pooling, const float* input,
                                       const float* output_gradient, float* input_gradient,
                                       const retort_executor* executor) {
  using namespace retort;
  PoolingGeometry geometry{};
  RETORT_CHECK(check_max_pool_backward(pooling, input, output_gradient, input_gradient, &geometry));
  run_rows(geometry, backward_rows_at_once(geometry), executor, [&](int64_t first, int64_t end) {
    kernels().max_pool_backward(geometry, input, output_gradient, input_gradient, first, end);
  });
  return RETORT_OK;
}

retort_status retort_max_pool_tangent(const retort_pooling* pooling, const float* input,
                                      const float* input_tangent, float* output_tangent,
                                      const retort_executor* executor) {
  using namespace retort;
  PoolingGeometry geometry{};
  RETORT_CHECK(check_max_pool_tangent(pooling, input, input_tangent, output_tangent, &geometry));
  run_rows(geometry, 1, executor, [&](int64_t first, int64_t end) {
    kernels().max_pool_tangent(geometry, input, input_tangent, output_tangent, first, end);
  });
  return RETORT_OK;
}

retort_status retort_average_pool_forward(const retort_pooling* pooling, const float* input,
                                          float* output, const retort_executor* executor) {
  using namespace retort;
  PoolingGeometry geometry{};
  RETORT_CHECK(check_average_pool_forward(pooling, input, output, &geometry));
  run_rows(geometry, 1, executor, [&](int64_t first, int64_t end) {
    kernels().average_pool_forward(geometry, input, output, first, end);
  });
  return RETORT_OK;
}

retort_status retort_average_pool_backward(const retort_pooling* pooling,
                                           const float* output_gradient, float* input_gradient,
                                           const retort_executor* executor) {
  using namespace retort;
  PoolingGeometry geometry{};
  RETORT_CHECK(check_average_pool_backward(pooling, output_gradient, input_gradient, &geometry));
  run_rows(geometry, backward_rows_at_once(geometry), executor, [&](int64_t first, int64_t end) {
    kernels().average_pool_backward(geometry, output_gradient, input_gradient, first, end);
  });
  return RETORT_OK;
}
