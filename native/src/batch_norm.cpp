// Batch normalisation, and max pooling that follows it: checks, the reduction over the rows, and tasks of rows.
#include <algorithm>

#include "batch_norm_arguments.h"
#include "batch_norm_channel.h"
#include "cpu/kernels.h"
#include "pooling_tasks.h"
#include "reduction_tasks.h"
#include "tasks.h"

namespace retort {
namespace {

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
    int64_t chunks = ReductionTasks(batch_norm.rows, channels).chunks;
    if (batch_norm.max_pool != nullptr) {
      chunks = std::max(chunks, PoolingTasks(pooling_geometry(batch_norm)).count());
    }
    const int64_t partials = chunks * channels;
    size = 2 * partials + 3 * channels;
    if (data == nullptr) return;
    first_partial = data;
    second_partial = first_partial + partials;
    direction_factor = second_partial + partials;
    centred_factor = direction_factor + channels;
    constant = centred_factor + channels;
  }

  BatchNormDerivative derivative(const float* direction, float* output) const {
    return {direction, direction_factor, centred_factor, constant, output};
  }
};

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

void normalize(const BatchNormChannels& channels, const retort_batch_norm& batch_norm,
               const float* input, float* output, const retort_executor* executor) {
  if (batch_norm.max_pool != nullptr) {
    const PoolingGeometry windows = pooling_geometry(batch_norm);
    const PoolingTasks tasks(windows);
    run_tasks(executor, tasks.count(), [&](int64_t task) {
      kernels().batch_norm_max_pool(channels, windows, input, output, tasks.first(task),
                                    tasks.end(task));
    });
    return;
  }
  const RowTasks tasks(batch_norm.rows, channels.count);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task), offset = first * channels.stride;
    kernels().batch_norm_normalize(channels, tasks.end(task) - first, input + offset,
                                   output + offset);
  });
}

// Sums over the rows of a direction and of its product with the centred input, in chunks, whose number it returns.
int64_t reduce_direction(const BatchNormChannels& channels, int64_t rows, bool masked,
                         const float* input, const float* direction, const Workspace& workspace,
                         const retort_executor* executor) {
  const ReductionTasks tasks(rows, channels.count);
  tasks.run(executor, [&](int64_t chunk, int64_t first, int64_t count) {
    const int64_t offset = tasks.first_row(chunk) * channels.stride + first;
    const int64_t partial = chunk * channels.count + first;
    kernels().batch_norm_sums(block_of(channels, first, count), masked, tasks.chunk_rows(chunk),
                              input + offset, direction + offset, workspace.first_partial + partial,
                              workspace.second_partial + partial);
  });
  return tasks.chunks;
}

// The same of the direction that the windows of a pooling have for their winners.
int64_t reduce_pooled_direction(const BatchNormChannels& channels, const PoolingGeometry& windows,
                                const float* input, const float* direction,
                                const Workspace& workspace, const retort_executor* executor) {
  const PoolingTasks tasks(windows);
  run_tasks(executor, tasks.count(), [&](int64_t task) {
    const int64_t partial = task * channels.count;
    kernels().batch_norm_max_pool_sums(
        channels, windows, input, direction, workspace.first_partial + partial,
        workspace.second_partial + partial, tasks.first(task), tasks.end(task));
  });
  return tasks.count();
}

DirectionSums combine_direction(const BatchNormChannels& channels, int64_t chunks,
                                const Workspace& workspace, int64_t channel) {
  DirectionSums sums;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    sums.plain += workspace.first_partial[chunk * channels.count + channel];
    sums.normalized += workspace.second_partial[chunk * channels.count + channel];
  }
  sums.normalized *= channels.inverse_deviation[channel];
  return sums;
}

void set_direction_factors(const BatchNormChannels& channels, const Workspace& workspace,
                           int64_t channel, const DirectionSums& sums, int64_t rows) {
  const DerivativeFactors factors =
      derivative_factors(channels.scale[channel], channels.inverse_deviation[channel], sums, rows);
  workspace.direction_factor[channel] = factors.direction_factor;
  workspace.centred_factor[channel] = factors.centred_factor;
  workspace.constant[channel] = factors.constant;
}

// kernel(derivative, rows, input) over tasks of rows.
template <typename Kernel>
void run_derivative(const BatchNormChannels& channels, int64_t rows, const float* input,
                    const BatchNormDerivative& derivative, const retort_executor* executor,
                    const Kernel& kernel) {
  const RowTasks tasks(rows, channels.count);
  run_tasks(executor, tasks.count, [&](int64_t task) {
    const int64_t first = tasks.first(task), offset = first * channels.stride;
    BatchNormDerivative of_task = derivative;
    if (of_task.direction != nullptr) of_task.direction += offset;
    of_task.output += offset;
    kernel(channels, of_task, tasks.end(task) - first, input + offset);
  });
}

// The same over tasks of rows of windows.
template <typename Kernel>
void run_pooled_derivative(const BatchNormChannels& channels, const PoolingGeometry& windows,
                           const float* input, const BatchNormDerivative& derivative,
                           const retort_executor* executor, const Kernel& kernel) {
  const PoolingTasks tasks(windows);
  run_tasks(executor, tasks.count(), [&](int64_t task) {
    kernel(channels, windows, derivative, input, tasks.first(task), tasks.end(task));
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
  const Workspace parts(*batch_norm, workspace);
  RETORT_CHECK(check_batch_norm_training(*batch_norm, input, scale, shift, momentum, running_mean,
                                         running_variance, mean, inverse_deviation, output,
                                         workspace, parts.size));
  const ReductionTasks tasks(rows, channels);
  reduce_moments(tasks, input, parts, executor);
  for (int64_t c = 0; c < channels; ++c) {
    const Moments moments = combine_moments(tasks, parts, c);
    const double variance = moments.squares / static_cast<double>(rows);
    mean[c] = static_cast<float>(moments.mean);
    inverse_deviation[c] = inverse_deviation_of(variance, batch_norm->epsilon);
    if (running_mean != nullptr) running_mean[c] = moved(running_mean[c], moments.mean, momentum);
    if (running_variance != nullptr) {
      running_variance[c] = moved(running_variance[c], unbiased_variance(moments, rows), momentum);
    }
  }
  normalize({channels, channels, mean, inverse_deviation, scale, shift, batch_norm->rectify != 0},
            *batch_norm, input, output, executor);
  return RETORT_OK;
}

retort_status retort_batch_norm_inference(const retort_batch_norm* batch_norm, const float* input,
                                          const float* scale, const float* shift,
                                          const float* running_mean, const float* running_variance,
                                          float* output, const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_batch_norm(batch_norm));
  const int64_t channels = batch_norm->channels;
  RETORT_CHECK(check_batch_norm_inference(*batch_norm, input, scale, shift, running_mean,
                                          running_variance, output));
  // In blocks of channels, because nothing is lent to keep the deviations in.
  for (int64_t first = 0; first < channels; first += kMostReducedColumns) {
    const int64_t count = std::min(kMostReducedColumns, channels - first);
    float inverse_deviation[kMostReducedColumns];
    for (int64_t c = 0; c < count; ++c) {
      inverse_deviation[c] = inverse_deviation_of(running_variance[first + c], batch_norm->epsilon);
    }
    normalize({count, channels, running_mean + first, inverse_deviation, scale + first,
               shift + first, batch_norm->rectify != 0},
              *batch_norm, input + first, output + first, executor);
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
  RETORT_CHECK(check_batch_norm_backward(*batch_norm, input, scale, shift, mean, inverse_deviation,
                                         output_gradient, input_gradient, scale_gradient,
                                         shift_gradient, workspace, parts.size));
  const bool rectify = batch_norm->rectify != 0, pools = batch_norm->max_pool != nullptr;
  const PoolingGeometry windows = pooling_geometry(*batch_norm);
  const BatchNormChannels all{channels, channels, mean, inverse_deviation, scale, shift, rectify};
  const int64_t chunks =
      pools ? reduce_pooled_direction(all, windows, input, output_gradient, parts, executor)
            : reduce_direction(all, rows, rectify, input, output_gradient, parts, executor);
  for (int64_t c = 0; c < channels; ++c) {
    const DirectionSums sums = combine_direction(all, chunks, parts, c);
    scale_gradient[c] = static_cast<float>(sums.normalized);
    shift_gradient[c] = static_cast<float>(sums.plain);
    set_direction_factors(all, parts, c, sums, rows);
  }
  const BatchNormDerivative derivative = parts.derivative(output_gradient, input_gradient);
  if (pools) {
    run_pooled_derivative(all, windows, input, derivative, executor,
                          kernels().batch_norm_max_pool_backward);
  } else {
    run_derivative(all, rows, input, derivative, executor, kernels().batch_norm_backward);
  }
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
  RETORT_CHECK(check_batch_norm_tangent(*batch_norm, input, scale, shift, mean, inverse_deviation,
                                        input_tangent, scale_tangent, shift_tangent, output_tangent,
                                        workspace, parts.size));
  const BatchNormChannels all{
      channels, channels, mean, inverse_deviation, scale, shift, batch_norm->rectify != 0};
  const int64_t chunks =
      input_tangent == nullptr
          ? 0
          : reduce_direction(all, rows, false, input, input_tangent, parts, executor);
  for (int64_t c = 0; c < channels; ++c) {
    set_direction_factors(all, parts, c, combine_direction(all, chunks, parts, c), rows);
    if (scale_tangent != nullptr) {
      parts.centred_factor[c] += scale_tangent[c] * inverse_deviation[c];
    }
    if (shift_tangent != nullptr) parts.constant[c] += shift_tangent[c];
  }
  const BatchNormDerivative derivative = parts.derivative(input_tangent, output_tangent);
  if (batch_norm->max_pool != nullptr) {
    run_pooled_derivative(all, pooling_geometry(*batch_norm), input, derivative, executor,
                          kernels().batch_norm_max_pool_tangent);
  } else {
    run_derivative(all, rows, input, derivative, executor, kernels().batch_norm_tangent);
  }
  return RETORT_OK;
}
