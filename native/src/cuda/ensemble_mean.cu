// retort_cuda_ensemble_mean: checks and launches.
#include "ensemble_mean.cuh"

#include "arguments.h"
#include "ensemble_mean_arguments.h"
#include "ensemble_mean_launch.cuh"
#include "launch.cuh"
#include "members.cuh"
#include "retort/cuda.h"

retort_status retort::cuda::launch_ensemble_mean(retort_dtype dtype,
                                                 const EnsembleMeanParameters& a, void* stream) {
  return with_element(dtype, [&](auto element) {
    return with_general_row_shape(a.classes, [&](auto shape) {
      return launch_rows<decltype(shape)>(ensemble_mean<decltype(element), decltype(shape)>, a,
                                          member_bytes(a.members), stream);
    });
  });
}

retort_status retort_cuda_ensemble_mean(const retort_ensemble_mean_options* options, int64_t rows,
                                        int64_t classes, const void* const* members,
                                        int64_t member_count, int64_t member_stride, void* output,
                                        int64_t output_stride, void* workspace, void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  Members checked;
  RETORT_CHECK(check_ensemble_mean(options, rows, classes, members, member_count, member_stride,
                                   output, output_stride, &checked));
  RETORT_CHECK(check_classes(classes));
  RETORT_CHECK(check_workspace(workspace, checked.logits().count > kMostInlineMembers));
  EnsembleMeanParameters parameters{rows,
                                    static_cast<int>(classes),
                                    {},
                                    options->mean,
                                    options->output,
                                    options->temperature,
                                    {output, output_stride}};
  RETORT_CHECK(pass_members(checked.logits(), nullptr, nullptr, Workspace(workspace, 0), stream,
                            &parameters.members));
  return launch_ensemble_mean(options->dtype, parameters, stream);
}
