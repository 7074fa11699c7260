// retort_top_k: checks, then tasks of rows.
#include "cpu/kernels.h"
#include "errors.h"
#include "tasks.h"
#include "top_k_arguments.h"

retort_status retort_top_k(retort_dtype dtype, int64_t rows, int64_t classes, const void* logits,
                           int64_t logits_stride, int64_t k, retort_form form, float temperature,
                           int32_t* indices, int64_t indices_stride, float* values,
                           int64_t values_stride, const retort_executor* executor) {
  using namespace retort;
  const MatrixArgument in{"logits", dtype, logits, rows, classes, logits_stride};
  // An index is as wide as an f32.
  const MatrixArgument out_indices{"indices", indices, rows, k, indices_stride};
  const MatrixArgument out_values{"values", values, rows, k, values_stride};
  RETORT_CHECK(check_top_k(in, form, temperature, out_indices, out_values));
  const TopKRows arguments{
      dtype,   classes,        k,      form,         temperature, {logits, logits_stride},
      indices, indices_stride, values, values_stride};
  const RowTasks tasks(rows, classes);
  run_tasks(executor, tasks.count,
            [&](int64_t task) { kernels().top_k(arguments, tasks.first(task), tasks.end(task)); });
  return RETORT_OK;
}
