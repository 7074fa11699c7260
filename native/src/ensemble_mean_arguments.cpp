#include "ensemble_mean_arguments.h"

#include "errors.h"

namespace retort {
namespace {

retort_status check_options(const retort_ensemble_mean_options& options) {
  RETORT_CHECK(check_dtype(options.dtype));
  RETORT_CHECK(check_temperature("temperature", options.temperature));
  RETORT_CHECK(check_enum("mean", "retort_mean", options.mean, 2));
  RETORT_CHECK(check_enum("output kind", "retort_form", options.output, 3));
  return RETORT_OK;
}

}  // namespace

retort_status check_ensemble_mean(const retort_ensemble_mean_options* options, int64_t rows,
                                  int64_t classes, const void* const* members, int64_t member_count,
                                  int64_t member_stride, void* output, int64_t output_stride,
                                  Members* checked) {
  if (options == nullptr) return fail(RETORT_INVALID_ARGUMENT, "options must not be null");
  RETORT_CHECK(check_options(*options));
  RETORT_CHECK(check_shape(rows, classes));
  const MatrixArgument out{"output", options->dtype, output, rows, classes, output_stride};
  RETORT_CHECK(check_matrix(out));
  RETORT_CHECK(checked->set("member", options->dtype, rows, classes, members, member_count,
                            member_stride, options->member_weights));
  return checked->check_against(out, true);
}

}  // namespace retort

retort_ensemble_mean_options retort_ensemble_mean_options_default(void) {
  return {RETORT_F32, RETORT_MEAN_OF_LOGITS, RETORT_LOGITS, 1.0f, nullptr};
}
