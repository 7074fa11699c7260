// Batch normalisation: checks, the reduction over the rows, and tasks of rows.
#include <cmath>

#include "cpu/kernels.h"
#include "errors.h"
#include "reduction_tasks.h"
#include "tasks.h"

namespace retort {
namespace {

retort_status check_batch_norm(const retort_batch_norm* batch_norm) {
  if (batch_norm == nullptr) return fail(RETORT_INVALID_ARGUMENT, "batch_norm must not be null");
  RETORT_CHECK(check_at_least("rows", batch_norm->rows, 0));
  RETORT_CHECK(check_at_least("channels", batch_norm->channels, 1));
  if (!std::isfinite(batch_norm->epsilon) || batch_norm->epsilon <= 0) {
    return fail(RETORT_INVALID_ARGUMENT, "epsilon must be finite and > 0, got %g",
                static_cast<double>(batch_norm->epsilon));
  }
  const MatrixArgument size_alone{"input", batch_norm, batch_norm->rows, batch_norm->channels,
                                  batch_norm->channels};
  return check_matrix(size_alone);
}

// Two partial results for each chunk and channel, and three factors of a derivative for each
// channel.
struct Workspace {
  int64_t size;
  float* first_partial = nullptr;
  float* second_partial = nullptr;
  float* direction_factor = nullptr;
  float* centred_factor = nullptr;
  float* constant = nullptr;

  Workspace(const retort_batch_norm& batch_norm, float* data) {
    const int64_t channels = batch_norm.channels;
    const int64_t partials = ReductionTasks(batch_norm.rows, channels).chunks * channels;
    size = 2 * partials + 3 * channels;
    if (data == nullptr) return;
    first_partial = data;
    second_partial = first_partial + partials;
    direction_factor = second_partial + partials;
    centred_factor = direction_factor + channels;
    constant = centred_factor + channels;
  }
};

MatrixArgument matrix_argument(const char* name, const float* data,
                               const retort_batch_norm& batch_norm) {
  return {name, data, batch_norm.rows, batch_norm.channels, batch_norm.channels};
}

// The channels from `first` on of a batch normalisation.
BatchNormChannels block_of(const BatchNormChannels& all, int64_t first, int64_t count) {
  return {count,
          all.stride,
          all.mean + first,
          all.inverse_deviation + first,
          all.scale + first,
          all.shift + first,
          all.rectify};
}

struct Moments {
  double mean = 0;
  double squares = 0;  // sum of squared deviations
};

// Combines what the chunks found, in order (Chan, Golub & LeVeque, 1979).
Moments combine_moments(const ReductionTasks& tasks, const Workspace& workspace, int64_t channel) {
  Moments all;
  for (int64_t chunk = 0; chunk < tasks.chunks; ++chunk) {
    const double before = static_cast<double>(tasks.first_row(chunk));
    const double rows = static_cast<double>(tasks.chunk_rows(chunk));
    const double share = rows / (before + rows);
    const double step = workspace.first_partial[chunk * tasks.columns + channel] - all.mean;
    all.mean += step * share;
    all.squares += workspace.second_partial[chunk * tasks.columns + channel];
    all.squares += step * step * before * share;
  }
  return all;
}

void move(float* running, double batch, float momentum) {
  *running = static_cast<float>((1.0 - momentum) * *running + momentum * batch);
}

// Mean and sum of squared deviations of every chunk.
void reduce_moments(const ReductionTasks& tasks, const float* input, const Workspace& workspace,
                    const retort_executor* executor) {
  tasks.run(executor, [&](int64_t chunk, int64_t first, int64_t count) {
    const int64_t partial = chunk * tasks.columns + first;
    kernels().batch_norm_moments(tasks.chunk_rows(chunk), count, tasks.columns,
                                 input + tasks.first_row(chunk) * tasks.columns + first,
                                 workspace.first_partial + partial,
                                 workspace.second_partial + partial);
  });
}

void normalize(const BatchNormChannels& channels, int64_t rows, const float* input, float* output,
               const retort_executor* executor) {
  const RowTasks tasks(rows, channels.count);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task), offset = first * channels.stride;
    kernels().batch_norm_normalize(channels, tasks.end(task) - first, input + offset,
                                   output + offset);
  });
}

// Sums over the rows of a direction and of its product with the centred input, in chunks.
void reduce_direction(const BatchNormChannels& channels, const ReductionTasks& tasks, bool masked,
                      const float* input, const float* direction, const Workspace& workspace,
                      const retort_executor* executor) {
  tasks.run(executor, [&](int64_t chunk, int64_t first, int64_t count) {
    const int64_t offset = tasks.first_row(chunk) * channels.stride + first;
    const int64_t partial = chunk * channels.count + first;
    kernels().batch_norm_sums(block_of(channels, first, count), masked, tasks.chunk_rows(chunk),
                              input + offset, direction + offset, workspace.first_partial + partial,
                              workspace.second_partial + partial);
  });
}

struct DirectionSums {
  double plain = 0;
  double normalized = 0;  // of the direction times the normalised input
};

DirectionSums combine_direction(const BatchNormChannels& channels, const ReductionTasks& tasks,
                                const Workspace& workspace, int64_t channel) {
  DirectionSums sums;
  for (int64_t chunk = 0; chunk < tasks.chunks; ++chunk) {
    sums.plain += workspace.first_partial[chunk * tasks.columns + channel];
    sums.normalized += workspace.second_partial[chunk * tasks.columns + channel];
  }
  sums.normalized *= channels.inverse_deviation[channel];
  return sums;
}

// What the direction itself contributes to the derivative of one channel:
// factor * (direction - mean(direction) - n * mean(n * direction)).
void set_direction_factors(const BatchNormChannels& channels, const Workspace& workspace,
                           int64_t channel, const DirectionSums& sums, int64_t rows) {
  const double inverse_deviation = channels.inverse_deviation[channel];
  const double factor = channels.scale[channel] * inverse_deviation;
  const double share = rows > 0 ? factor / static_cast<double>(rows) : 0;
  workspace.direction_factor[channel] = static_cast<float>(factor);
  workspace.centred_factor[channel] =
      static_cast<float>(-share * sums.normalized * inverse_deviation);
  workspace.constant[channel] = static_cast<float>(-share * sums.plain);
}

// kernel(derivative, rows, input) over tasks of rows.
template <typename Kernel>
void run_derivative(const BatchNormChannels& channels, int64_t rows, const float* input,
                    const float* direction, const Workspace& workspace, float* output,
                    const retort_executor* executor, const Kernel& kernel) {
  const RowTasks tasks(rows, channels.count);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task), offset = first * channels.stride;
    const BatchNormDerivative derivative{direction == nullptr ? nullptr : direction + offset,
                                         workspace.direction_factor, workspace.centred_factor,
                                         workspace.constant, output + offset};
    kernel(channels, derivative, tasks.end(task) - first, input + offset);
  });
}

}  // namespace
}  // namespace retort

int64_t retort_batch_norm_workspace(const retort_batch_norm* batch_norm) {
  if (retort::check_batch_norm(batch_norm) != RETORT_OK) return -1;
  return retort::Workspace(*batch_norm, nullptr).size;
}

retort_status retort_batch_norm_training(const retort_batch_norm* batch_norm, const float* input,
                                         const float* scale, const float* shift, float momentum,
                                         float* running_mean, float* running_variance, float* mean,
                                         float* inverse_deviation, float* output, float* workspace,
                                         const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_batch_norm(batch_norm));
  const int64_t rows = batch_norm->rows, channels = batch_norm->channels;
  RETORT_CHECK(check_at_least("rows", rows, 1));
  if (!(momentum >= 0 && momentum <= 1)) {
    return fail(RETORT_INVALID_ARGUMENT, "momentum must be in [0, 1], got %g",
                static_cast<double>(momentum));
  }
  const MatrixArgument x = matrix_argument("input", input, *batch_norm);
  const MatrixArgument y = matrix_argument("output", output, *batch_norm);
  const MatrixArgument scales = vector_argument("scale", scale, channels);
  const MatrixArgument shifts = vector_argument("shift", shift, channels);
  const Workspace parts(*batch_norm, workspace);
  const MatrixArgument means = vector_argument("mean", mean, channels);
  const MatrixArgument deviations =
      vector_argument("inverse_deviation", inverse_deviation, channels);
  const MatrixArgument running_means =
      optional_vector_argument("running_mean", running_mean, channels);
  const MatrixArgument running_variances =
      optional_vector_argument("running_variance", running_variance, channels);
  const MatrixArgument space = vector_argument("workspace", workspace, parts.size);
  RETORT_CHECK(check_arguments({means, deviations, running_means, running_variances, space},
                               {x, scales, shifts}));
  RETORT_CHECK(check_arguments(
      {y}, {means, deviations, running_means, running_variances, space, scales, shifts}));
  RETORT_CHECK(check_no_partial_overlap(y, x));

  const ReductionTasks tasks(rows, channels);
  reduce_moments(tasks, input, parts, executor);
  for (int64_t c = 0; c < channels; ++c) {
    const Moments moments = combine_moments(tasks, parts, c);
    const double variance = moments.squares / static_cast<double>(rows);
    mean[c] = static_cast<float>(moments.mean);
    inverse_deviation[c] = static_cast<float>(1 / std::sqrt(variance + batch_norm->epsilon));
    if (running_mean != nullptr) move(running_mean + c, moments.mean, momentum);
    if (running_variance != nullptr) {
      const double unbiased = moments.squares / static_cast<double>(std::max<int64_t>(1, rows - 1));
      move(running_variance + c, unbiased, momentum);
    }
  }
  normalize({channels, channels, mean, inverse_deviation, scale, shift, batch_norm->rectify != 0},
            rows, input, output, executor);
  return RETORT_OK;
}

retort_status retort_batch_norm_inference(const retort_batch_norm* batch_norm, const float* input,
                                          const float* scale, const float* shift,
                                          const float* running_mean, const float* running_variance,
                                          float* output, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_batch_norm(batch_norm));
  const int64_t channels = batch_norm->channels;
  const MatrixArgument x = matrix_argument("input", input, *batch_norm);
  const MatrixArgument y = matrix_argument("output", output, *batch_norm);
  RETORT_CHECK(check_matrix(x));
  RETORT_CHECK(check_arguments(
      {y}, {vector_argument("scale", scale, channels), vector_argument("shift", shift, channels),
            vector_argument("running_mean", running_mean, channels),
            vector_argument("running_variance", running_variance, channels)}));
  RETORT_CHECK(check_no_partial_overlap(y, x));
  // In blocks of channels, because nothing is lent to keep the deviations in.
  for (int64_t first = 0; first < channels; first += kMostReducedColumns) {
    const int64_t count = std::min(kMostReducedColumns, channels - first);
    float inverse_deviation[kMostReducedColumns];
    for (int64_t c = 0; c < count; ++c) {
      const double variance = running_variance[first + c];
      inverse_deviation[c] = static_cast<float>(1 / std::sqrt(variance + batch_norm->epsilon));
    }
    normalize({count, channels, running_mean + first, inverse_deviation, scale + first,
               shift + first, batch_norm->rectify != 0},
              batch_norm->rows, input + first, output + first, executor);
  }
  return RETORT_OK;
}

retort_status retort_batch_norm_backward(const retort_batch_norm* batch_norm, const float* input,
                                         const float* scale, const float* shift, const float* mean,
                                         const float* inverse_deviation,
                                         const float* output_gradient, float* input_gradient,
                                         float* scale_gradient, float* shift_gradient,
                                         float* workspace, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_batch_norm(batch_norm));
  const int64_t rows = batch_norm->rows, channels = batch_norm->channels;
  const Workspace parts(*batch_norm, workspace);
  const MatrixArgument x = matrix_argument("input", input, *batch_norm);
  const MatrixArgument dy = matrix_argument("output_gradient", output_gradient, *batch_norm);
  const MatrixArgument dx = matrix_argument("input_gradient", input_gradient, *batch_norm);
  const MatrixArgument scales = vector_argument("scale", scale, channels);
  const MatrixArgument shifts = vector_argument("shift", shift, channels);
  const MatrixArgument means = vector_argument("mean", mean, channels);
  const MatrixArgument deviations =
      vector_argument("inverse_deviation", inverse_deviation, channels);
  const MatrixArgument scale_gradients =
      vector_argument("scale_gradient", scale_gradient, channels);
  const MatrixArgument shift_gradients =
      vector_argument("shift_gradient", shift_gradient, channels);
  const MatrixArgument space = vector_argument("workspace", workspace, parts.size);
  RETORT_CHECK(check_arguments({dx, scale_gradients, shift_gradients, space},
                               {x, scales, shifts, means, deviations}));
  RETORT_CHECK(check_arguments({scale_gradients, shift_gradients, space}, {dy}));
  RETORT_CHECK(check_no_partial_overlap(dx, dy));

  const bool rectify = batch_norm->rectify != 0;
  const BatchNormChannels all{channels, channels, mean, inverse_deviation, scale, shift, rectify};
  const ReductionTasks tasks(rows, channels);
  reduce_direction(all, tasks, rectify, input, output_gradient, parts, executor);
  for (int64_t c = 0; c < channels; ++c) {
    const DirectionSums sums = combine_direction(all, tasks, parts, c);
    scale_gradient[c] = static_cast<float>(sums.normalized);
    shift_gradient[c] = static_cast<float>(sums.plain);
    set_direction_factors(all, parts, c, sums, rows);
  }
  run_derivative(all, rows, input, output_gradient, parts, input_gradient, executor,
                 kernels().batch_norm_backward);
  return RETORT_OK;
}

retort_status retort_batch_norm_tangent(const retort_batch_norm* batch_norm, const float* input,
                                        const float* scale, const float* shift, const float* mean,
                                        const float* inverse_deviation, const float* input_tangent,
                                        const float* scale_tangent, const float* shift_tangent,
                                        float* output_tangent, float* workspace,
                                        const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_batch_norm(batch_norm));
  const int64_t rows = batch_norm->rows, channels = batch_norm->channels;
  const Workspace parts(*batch_norm, workspace);
  MatrixArgument x_tangent = matrix_argument("input_tangent", input_tangent, *batch_norm);
  if (input_tangent == nullptr) x_tangent.rows = 0;
  RETORT_CHECK(check_arguments(
      {matrix_argument("output_tangent", output_tangent, *batch_norm),
       vector_argument("workspace", workspace, parts.size)},
      {matrix_argument("input", input, *batch_norm), vector_argument("scale", scale, channels),
       vector_argument("shift", shift, channels), vector_argument("mean", mean, channels),
       vector_argument("inverse_deviation", inverse_deviation, channels), x_tangent,
       optional_vector_argument("scale_tangent", scale_tangent, channels),
       optional_vector_argument("shift_tangent", shift_tangent, channels)}));

  const BatchNormChannels all{
      channels, channels, mean, inverse_deviation, scale, shift, batch_norm->rectify != 0};
  const ReductionTasks tasks(rows, channels);
  if (input_tangent != nullptr) {
    reduce_direction(all, tasks, false, input, input_tangent, parts, executor);
  }
  for (int64_t c = 0; c < channels; ++c) {
    const DirectionSums sums =
        input_tangent == nullptr ? DirectionSums{} : combine_direction(all, tasks, parts, c);
    set_direction_factors(all, parts, c, sums, rows);
    if (scale_tangent != nullptr) {
      parts.centred_factor[c] += scale_tangent[c] * inverse_deviation[c];
    }
    if (shift_tangent != nullptr) parts.constant[c] += shift_tangent[c];
  }
  run_derivative(all, rows, input, input_tangent, parts, output_tangent, executor,
                 kernels().batch_norm_tangent);
  return RETORT_OK;
}
