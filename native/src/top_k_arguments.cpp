#include "top_k_arguments.h"

#include "retort/sparse_distillation.h"

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

retort_status check_top_k(const MatrixArgument& logits, retort_form form, float temperature,
                          const MatrixArgument& indices, const MatrixArgument& values) {
  RETORT_CHECK(check_dtype(logits.dtype));
  RETORT_CHECK(check_shape(logits.rows, logits.columns));
  RETORT_CHECK(check_indexable(logits.columns));
  RETORT_CHECK(check_k(indices.columns, logits.columns));
  RETORT_CHECK(check_enum("form", "retort_form", form, 3));
  RETORT_CHECK(check_temperature("temperature", temperature));
  return check_arguments({indices, values}, {logits});
}

}  // namespace retort
