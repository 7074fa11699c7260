// retort_ensemble_mean: checks, then tasks of rows.
#include "cpu/kernels.h"
#include "ensemble_mean_arguments.h"
#include "errors.h"
#include "tasks.h"

retort_status retort_ensemble_mean(const retort_ensemble_mean_options* options, int64_t rows,
                                   int64_t classes, const void* const* members,
                                   int64_t member_count, int64_t member_stride, void* output,
                                   int64_t output_stride, const retort_executor* executor) {
  using namespace retort;
  Members checked;
  RETORT_CHECK(check_ensemble_mean(options, rows, classes, members, member_count, member_stride,
                                   output, output_stride, &checked));
  const EnsembleMeanRows arguments{checked.logits(),     options->mean, options->output,
                                   options->temperature, classes,       {output, output_stride}};
  const RowTasks tasks(rows, classes);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    kernels().ensemble_mean(arguments, tasks.first(task), tasks.end(task));
  });
  return RETORT_OK;
}
