// retort_cuda_batch_norm_training, _inference, _backward and _tangent: checks and launches.
#include "batch_norm.cuh"

#include "arguments.h"
#include "batch_norm_arguments.h"
#include "batch_norm_max_pool_launch.cuh"
#include "retort/cuda_network.h"

namespace retort::cuda {
namespace {

retort_status check_options(const retort_batch_norm* batch_norm) {
  RETORT_CHECK(check_batch_norm(batch_norm));
  return check_countable("channels", batch_norm->channels);
}

// Two partial results for each chunk and channel, and three factors of a derivative for each channel. Windows, which
// backward adds up, are cut into other chunks than rows.
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
    const int64_t channels = batch_norm.channels, partials = most_chunks(batch_norm) * channels;
    size = 2 * partials + 3 * channels;
    // Without a workspace, which the checks refuse, none of these is an address.
    const auto part = [&](int64_t offset) { return data == nullptr ? nullptr : data + offset; };
    first_partial = part(0);
    second_partial = part(partials);
    direction_factor = part(2 * partials);
    centred_factor = part(2 * partials + channels);
    constant = part(2 * partials + 2 * channels);
  }

 private:
  int64_t most_chunks(const retort_batch_norm& batch_norm) const {
    if (batch_norm.max_pool == nullptr || batch_norm.rows == 0) return tasks.chunks;
    return std::max(tasks.chunks, window_reduction_tasks(pooling_geometry(batch_norm)).chunks);
  }
};

// Batch normalisation alone, or with the pooling behind it.
retort_status launch_normalize(const retort_batch_norm& batch_norm, BatchNormalizeParameters a,
                               bool by_variance, void* stream) {
  if (batch_norm.max_pool != nullptr)
    return launch_batch_norm_max_pool(a, by_variance, pooling_geometry(batch_norm), stream);
  a.tasks = sweep_tasks(batch_norm.rows, batch_norm.channels);
  return with_alignment(batch_norm.channels, {a.input, a.output}, [&](auto aligned) {
    constexpr bool kAligned = decltype(aligned)::value;
    return launch(by_variance ? batch_normalize_by_variance<kAligned> : batch_normalize<kAligned>,
                  sweep_launch(a.tasks), stream, a);
  });
}

// What backward and tangent have in common.
BatchNormDerivativeParameters derivative_of(const retort_batch_norm& batch_norm,
                                            const BatchNormVectors& vectors, const float* input,
                                            const BatchNormWorkspace& parts) {
  BatchNormDerivativeParameters a{};
  a.tasks = parts.tasks;
  a.rows = batch_norm.rows;
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

// Of a direction that every row has.
retort_status launch_sums(const BatchNormDerivativeParameters& a, void* stream) {
  return with_alignment(a.tasks.columns, {a.input, a.direction}, [&](auto aligned) {
    return launch(batch_norm_direction_sums<decltype(aligned)::value>,
                  reduction_launch<QuadDirectionSums>(a.tasks), stream, a);
  });
}

retort_status launch_factors(const BatchNormDerivativeParameters& a, void* stream) {
  return launch(batch_norm_derivative_factors, combination_launch(a.tasks.columns), stream, a);
}

retort_status launch_sweep(BatchNormDerivativeParameters a, void* stream) {
  a.tasks = sweep_tasks(a.rows, a.tasks.columns);
  return with_alignment(a.tasks.columns, {a.input, a.direction, a.output}, [&](auto aligned) {
    constexpr bool kAligned = decltype(aligned)::value;
    return launch(a.direction == nullptr ? batch_norm_derivative<kAligned, false>
                                         : batch_norm_derivative<kAligned, true>,
                  sweep_launch(a.tasks), stream, a);
  });
}

retort_status launch_backward(const retort_batch_norm& batch_norm, BatchNormDerivativeParameters a,
                              void* stream) {
  if (batch_norm.rows == 0) return launch_factors(a, stream);
  if (batch_norm.max_pool == nullptr) {
    RETORT_CHECK(launch_sums(a, stream));
    RETORT_CHECK(launch_factors(a, stream));
    return launch_sweep(a, stream);
  }
  const PoolingGeometry geometry = pooling_geometry(batch_norm);
  a.tasks = window_reduction_tasks(geometry);
  RETORT_CHECK(launch_batch_norm_max_pool_sums(a, geometry, stream));
  RETORT_CHECK(launch_factors(a, stream));
  return launch_batch_norm_max_pool_backward(a, geometry, stream);
}

retort_status launch_tangent(const retort_batch_norm& batch_norm,
                             const BatchNormDerivativeParameters& a, void* stream) {
  if (batch_norm.rows == 0) return launch_factors(a, stream);
  if (a.direction != nullptr) RETORT_CHECK(launch_sums(a, stream));
  RETORT_CHECK(launch_factors(a, stream));
  if (batch_norm.max_pool == nullptr) return launch_sweep(a, stream);
  return launch_batch_norm_max_pool_tangent(a, pooling_geometry(batch_norm), stream);
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
  RETORT_CHECK(with_alignment(batch_norm->channels, {input}, [&](auto aligned) {
    return launch(batch_norm_moments<decltype(aligned)::value>,
                  reduction_launch<QuadMoments>(parts.tasks), stream, statistics);
  }));
  RETORT_CHECK(
      launch(batch_norm_statistics, combination_launch(parts.tasks.columns), stream, statistics));
  return launch_normalize(*batch_norm,
                          {{},
                           {mean, inverse_deviation, scale, shift},
                           batch_norm->epsilon,
                           batch_norm->rectify != 0,
                           input,
                           output},
                          false, stream);
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
  return launch_normalize(*batch_norm,
                          {{},
                           {running_mean, running_variance, scale, shift},
                           batch_norm->epsilon,
                           batch_norm->rectify != 0,
                           input,
                           output},
                          true, stream);
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
      derivative_of(*batch_norm, {mean, inverse_deviation, scale, shift}, input, parts);
  if (batch_norm->rectify != 0) a.rectifier = Rectifier::kOnDirection;
  a.direction = output_gradient;
  a.scale_gradient = scale_gradient;
  a.shift_gradient = shift_gradient;
  a.output = input_gradient;
  return launch_backward(*batch_norm, a, stream);
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
      derivative_of(*batch_norm, {mean, inverse_deviation, scale, shift}, input, parts);
  if (batch_norm->rectify != 0) a.rectifier = Rectifier::kOnOutput;
  a.direction = input_tangent;
  a.scale_tangent = scale_tangent;
  a.shift_tangent = shift_tangent;
  a.output = output_tangent;
  return launch_tangent(*batch_norm, a, stream);
}
