// retort_cuda_batch_norm_training, _inference, _backward and _tangent: checks and launches.
#include "batch_norm.cuh"

#include "arguments.h"
#include "batch_norm_arguments.h"
#include "retort/cuda_network.h"

namespace retort::cuda {
namespace {

retort_status check_options(const retort_batch_norm* batch_norm) {
  RETORT_CHECK(check_batch_norm(batch_norm));
  if (batch_norm->max_pool != nullptr) {
    return fail(RETORT_UNSUPPORTED, "max_pool must be null on CUDA");
  }
  return check_countable("channels", batch_norm->channels);
}

// Two partial results for each chunk and channel, and three factors of a derivative for each channel.
struct BatchNormWorkspace {
  ColumnTasks tasks;
  int64_t size;
  float* first_partial;
  float* second_partial;
  float* direction_factor;
  float* centred_factor;
  float* constant;

  BatchNormWorkspace(const retort_batch_norm& batch_norm, float* data)
      : tasks(reduction_tasks(batch_norm.rows, batch_norm.channels)) {
    const int64_t channels = batch_norm.channels, partials = tasks.chunks * channels;
    size = 2 * partials + 3 * channels;
    // Without a workspace, which the checks refuse, none of these is an address.
    const auto part = [&](int64_t offset) { return data == nullptr ? nullptr : data + offset; };
    first_partial = part(0);
    second_partial = part(partials);
    direction_factor = part(2 * partials);
    centred_factor = part(2 * partials + channels);
    constant = part(2 * partials + 2 * channels);
  }
};

LaunchShape sweep_launch(const ColumnTasks& tasks) {
  return {tasks.blocks(), kColumnThreads, 1, 0};
}

template <typename Sums>
LaunchShape reduction_launch(const ColumnTasks& tasks) {
  return {tasks.blocks(), kColumnThreads, 1, merge_bytes<Sums>()};
}

// What backward and tangent have in common.
BatchNormDerivativeParameters derivative_of(const BatchNormVectors& vectors, const float* input,
                                            const BatchNormWorkspace& parts) {
  BatchNormDerivativeParameters a{};
  a.tasks = parts.tasks;
  a.vectors = vectors;
  a.rectifier = Rectifier::kNone;
  a.input = input;
  a.partial_sums = parts.first_partial;
  a.partial_centred = parts.second_partial;
  a.direction_factor = parts.direction_factor;
  a.centred_factor = parts.centred_factor;
  a.constant = parts.constant;
  return a;
}

// The two sums, the factors and the sweep. `sums` has the tasks of a reduction.
retort_status launch_derivative(BatchNormDerivativeParameters sums, void* stream) {
  const int64_t rows = sums.tasks.rows, channels = sums.tasks.columns;
  if (sums.direction != nullptr && rows > 0) {
    RETORT_CHECK(with_alignment(channels, {sums.input, sums.direction}, [&](auto aligned) {
      return launch(batch_norm_direction_sums<decltype(aligned)::value>,
                    reduction_launch<QuadDirectionSums>(sums.tasks), stream, sums);
    }));
  }
  RETORT_CHECK(
      launch(batch_norm_derivative_factors, combination_launch(sums.tasks.columns), stream, sums));
  if (rows == 0) return RETORT_OK;
  BatchNormDerivativeParameters sweep = sums;
  sweep.tasks = sweep_tasks(rows, channels);
  return with_alignment(channels, {sums.input, sums.direction, sums.output}, [&](auto aligned) {
    constexpr bool kAligned = decltype(aligned)::value;
    if (sweep.direction == nullptr) {
      return launch(batch_norm_derivative<kAligned, false>, sweep_launch(sweep.tasks), stream,
                    sweep);
    }
    return launch(batch_norm_derivative<kAligned, true>, sweep_launch(sweep.tasks), stream, sweep);
  });
}

}  // namespace
}  // namespace retort::cuda

int64_t retort_cuda_batch_norm_workspace(const retort_batch_norm* batch_norm) {
  using namespace retort::cuda;
  if (check_options(batch_norm) != RETORT_OK) return -1;
  return BatchNormWorkspace(*batch_norm, nullptr).size;
}

retort_status retort_cuda_batch_norm_training(const retort_batch_norm* batch_norm,
                                              const float* input, const float* scale,
                                              const float* shift, float momentum,
                                              float* running_mean, float* running_variance,
                                              float* mean, float* inverse_deviation, float* output,
                                              float* workspace, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(check_options(batch_norm));
  const BatchNormWorkspace parts(*batch_norm, workspace);
  RETORT_CHECK(retort::check_batch_norm_training(*batch_norm, input, scale, shift, momentum,
                                                 running_mean, running_variance, mean,
                                                 inverse_deviation, output, workspace, parts.size));
  const int64_t channels = batch_norm->channels;
  const BatchNormStatisticsParameters statistics{parts.tasks,
                                                 input,
                                                 parts.first_partial,
                                                 parts.second_partial,
                                                 batch_norm->epsilon,
                                                 momentum,
                                                 running_mean,
                                                 running_variance,
                                                 mean,
                                                 inverse_deviation};
  RETORT_CHECK(with_alignment(channels, {input}, [&](auto aligned) {
    return launch(batch_norm_moments<decltype(aligned)::value>,
                  reduction_launch<QuadMoments>(parts.tasks), stream, statistics);
  }));
  RETORT_CHECK(
      launch(batch_norm_statistics, combination_launch(parts.tasks.columns), stream, statistics));
  const BatchNormalizeParameters sweep{sweep_tasks(batch_norm->rows, channels),
                                       {mean, inverse_deviation, scale, shift},
                                       batch_norm->epsilon,
                                       batch_norm->rectify != 0,
                                       input,
                                       output};
  return with_alignment(channels, {input, output}, [&](auto aligned) {
    return launch(batch_normalize<decltype(aligned)::value>, sweep_launch(sweep.tasks), stream,
                  sweep);
  });
}

retort_status retort_cuda_batch_norm_inference(const retort_batch_norm* batch_norm,
                                               const float* input, const float* scale,
                                               const float* shift, const float* running_mean,
                                               const float* running_variance, float* output,
                                               void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(check_options(batch_norm));
  RETORT_CHECK(retort::check_batch_norm_inference(*batch_norm, input, scale, shift, running_mean,
                                                  running_variance, output));
  if (batch_norm->rows == 0) return RETORT_OK;
  const int64_t channels = batch_norm->channels;
  const BatchNormalizeParameters sweep{sweep_tasks(batch_norm->rows, channels),
                                       {running_mean, running_variance, scale, shift},
                                       batch_norm->epsilon,
                                       batch_norm->rectify != 0,
                                       input,
                                       output};
  return with_alignment(channels, {input, output}, [&](auto aligned) {
    return launch(batch_normalize_by_variance<decltype(aligned)::value>, sweep_launch(sweep.tasks),
                  stream, sweep);
  });
}

retort_status retort_cuda_batch_norm_backward(const retort_batch_norm* batch_norm,
                                              const float* input, const float* scale,
                                              const float* shift, const float* mean,
                                              const float* inverse_deviation,
                                              const float* output_gradient, float* input_gradient,
                                              float* scale_gradient, float* shift_gradient,
                                              float* workspace, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(check_options(batch_norm));
  const BatchNormWorkspace parts(*batch_norm, workspace);
  RETORT_CHECK(retort::check_batch_norm_backward(
      *batch_norm, input, scale, shift, mean, inverse_deviation, output_gradient, input_gradient,
      scale_gradient, shift_gradient, workspace, parts.size));
  BatchNormDerivativeParameters a =
      derivative_of({mean, inverse_deviation, scale, shift}, input, parts);
  if (batch_norm->rectify != 0) a.rectifier = Rectifier::kOnDirection;
  a.direction = output_gradient;
  a.scale_gradient = scale_gradient;
  a.shift_gradient = shift_gradient;
  a.output = input_gradient;
  return launch_derivative(a, stream);
}

retort_status retort_cuda_batch_norm_tangent(const retort_batch_norm* batch_norm,
                                             const float* input, const float* scale,
                                             const float* shift, const float* mean,
                                             const float* inverse_deviation,
                                             const float* input_tangent, const float* scale_tangent,
                                             const float* shift_tangent, float* output_tangent,
                                             float* workspace, void* stream) {
  using namespace retort::cuda;
  RETORT_CHECK(check_options(batch_norm));
  const BatchNormWorkspace parts(*batch_norm, workspace);
  RETORT_CHECK(retort::check_batch_norm_tangent(
      *batch_norm, input, scale, shift, mean, inverse_deviation, input_tangent, scale_tangent,
      shift_tangent, output_tangent, workspace, parts.size));
  BatchNormDerivativeParameters a =
      derivative_of({mean, inverse_deviation, scale, shift}, input, parts);
  if (batch_norm->rectify != 0) a.rectifier = Rectifier::kOnOutput;
  a.direction = input_tangent;
  a.scale_tangent = scale_tangent;
  a.shift_tangent = shift_tangent;
  a.output = output_tangent;
  return launch_derivative(a, stream);
}
