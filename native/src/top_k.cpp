// retort_top_k: checks, then tasks of rows.
#include "cpu/kernels.h"
#include "errors.h"
#include "tasks.h"

namespace retort {
namespace {

retort_status check_k(int64_t k, int64_t classes) {
  const int64_t most = classes < RETORT_MOST_TOP_K ? classes : RETORT_MOST_TOP_K;
  if (k >= 1 && k <= most) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "k must be in [1, %lld] for %lld classes, got %lld",
              static_cast<long long>(most), static_cast<long long>(classes),
              static_cast<long long>(k));
}

}  // namespace
}  // namespace retort

retort_status retort_top_k(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                           int64_t logits_stride, int64_t k, retort_form form, float temperature,
                           int32_t* indices, int64_t indices_stride, float* values,
                           int64_t values_stride, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_dtype(dtype));
  RETORT_CHECK(check_shape(rows, classes));
  RETORT_CHECK(check_indexable(classes));
  RETORT_CHECK(check_k(k, classes));
  RETORT_CHECK(check_enum("form", "retort_form", form, 3));
  RETORT_CHECK(check_temperature("temperature", temperature));
  const MatrixArgument in{"logits", dtype, logits, rows, classes, logits_stride};
  // An index is as wide as an f32.
  const MatrixArgument out_indices{"indices", indices, rows, k, indices_stride};
  const MatrixArgument out_values{"values", values, rows, k, values_stride};
  RETORT_CHECK(check_arguments({out_indices, out_values}, {in}));
  const TopKRows arguments{
      dtype,   classes,        k,      form,         temperature, {logits, logits_stride},
      indices, indices_stride, values, values_stride};
  const RowTasks tasks(rows, classes);
  run_tasks(executor, tasks.count,
            [&](int64_t task) { kernels().top_k(arguments, tasks.first(task), tasks.end(task)); });
  return RETORT_OK;
}
