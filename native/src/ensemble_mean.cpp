// retort_ensemble_mean: checks, then tasks of rows.
#include "cpu/kernels.h"
#include "errors.h"
#include "members.h"
#include "tasks.h"

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
}  // namespace retort

retort_ensemble_mean_options retort_ensemble_mean_options_default(void) {
  return {RETORT_F32, RETORT_MEAN_OF_LOGITS, RETORT_LOGITS, 1.0f, nullptr};
}

retort_status retort_ensemble_mean(const retort_ensemble_mean_options* options, int64_t rows,
                                   int64_t classes, const void* const* members,
                                   int64_t member_count, int64_t member_stride, void* output,
                                   int64_t output_stride, const retort_executor* executor) {
  using namespace retort;
  if (options == nullptr) return fail(RETORT_INVALID_ARGUMENT, "options must not be null");
  RETORT_CHECK(check_options(*options));
  RETORT_CHECK(check_shape(rows, classes));
  const MatrixArgument out{"output", options->dtype, output, rows, classes, output_stride};
  RETORT_CHECK(check_matrix(out));
  Members checked;
  RETORT_CHECK(checked.set("member", options->dtype, rows, classes, members, member_count,
                           member_stride, options->member_weights));
  RETORT_CHECK(checked.check_against(out, true));
  const EnsembleMeanRows arguments{checked.logits(),     options->mean, options->output,
                                   options->temperature, classes,       {output, output_stride}};
  const RowTasks tasks(rows, classes);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    kernels().ensemble_mean(arguments, tasks.first(task), tasks.end(task));
  });
  return RETORT_OK;
}
