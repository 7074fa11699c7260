// How the kernels of batch normalisation with max pooling are launched.
#pragma once

#include "batch_norm_max_pool.cuh"
#include "cpu/kernels.h"

namespace retort::cuda {

// The cells of an image that are windows.
inline CellGrid window_grid(const PoolingGeometry& geometry) {
  const retort_pooling& pooling = geometry.pooling;
  return {pooling.kernel,         geometry.output_height, geometry.output_width,
          geometry.output_height, geometry.output_width,  pooling.input_height,
          pooling.input_width};
}

// Those that its edges cut off too.
inline CellGrid cell_grid(const PoolingGeometry& geometry) {
  CellGrid grid = window_grid(geometry);
  grid.height += grid.input_height % grid.side != 0;
  grid.width += grid.input_width % grid.side != 0;
  return grid;
}

// A thread has fewer cells than it would have rows: each is several of them.
inline ColumnTasks cell_tasks(const PoolingGeometry& geometry, const CellGrid& grid,
                              int64_t most_blocks) {
  constexpr int64_t kLeastCells = 2;
  return column_tasks(geometry.pooling.images * grid.height * grid.width, geometry.pooling.channels,
                      most_blocks, kLeastCells);
}

inline ColumnTasks window_reduction_tasks(const PoolingGeometry& geometry) {
  return cell_tasks(geometry, window_grid(geometry), kReductionBlocks);
}

// body(side of a window, alignment) as types with a value; the side is 0 where it is no common one.
template <typename Body>
retort_status with_window(const PoolingGeometry& geometry,
                          std::initializer_list<const void*> matrices, Body body) {
  return with_alignment(geometry.pooling.channels, matrices, [&](auto aligned) {
    if (geometry.pooling.kernel == 2) return body(std::integral_constant<int, 2>{}, aligned);
    return body(std::integral_constant<int, 0>{}, aligned);
  });
}

inline retort_status launch_batch_norm_max_pool(const BatchNormalizeParameters& sweep,
                                                bool by_variance, const PoolingGeometry& geometry,
                                                void* stream) {
  BatchNormMaxPoolParameters a{sweep, window_grid(geometry)};
  a.tasks = cell_tasks(geometry, a.cells, kSweepBlocks);
  return with_window(geometry, {a.input, a.output}, [&](auto side, auto aligned) {
    constexpr int kSide = decltype(side)::value;
    constexpr bool kAligned = decltype(aligned)::value;
    return launch(by_variance ? batch_norm_max_pool_by_variance<kSide, kAligned>
                              : batch_norm_max_pool<kSide, kAligned>,
                  sweep_launch(a.tasks), stream, a);
  });
}

// With the tasks of window_reduction_tasks.
inline retort_status launch_batch_norm_max_pool_sums(const BatchNormDerivativeParameters& sums,
                                                     const PoolingGeometry& geometry,
                                                     void* stream) {
  const BatchNormMaxPoolDerivativeParameters a{sums, window_grid(geometry)};
  return with_window(geometry, {a.input, a.direction}, [&](auto side, auto aligned) {
    return launch(batch_norm_max_pool_sums<decltype(side)::value, decltype(aligned)::value>,
                  reduction_launch<QuadDirectionSums>(a.tasks), stream, a);
  });
}

inline retort_status launch_batch_norm_max_pool_backward(const BatchNormDerivativeParameters& sweep,
                                                         const PoolingGeometry& geometry,
                                                         void* stream) {
  BatchNormMaxPoolDerivativeParameters a{sweep, cell_grid(geometry)};
  a.tasks = cell_tasks(geometry, a.cells, kSweepBlocks);
  return with_window(geometry, {a.input, a.direction, a.output}, [&](auto side, auto aligned) {
    return launch(batch_norm_max_pool_backward<decltype(side)::value, decltype(aligned)::value>,
                  sweep_launch(a.tasks), stream, a);
  });
}

inline retort_status launch_batch_norm_max_pool_tangent(const BatchNormDerivativeParameters& sweep,
                                                        const PoolingGeometry& geometry,
                                                        void* stream) {
  BatchNormMaxPoolDerivativeParameters a{sweep, window_grid(geometry)};
  a.tasks = cell_tasks(geometry, a.cells, kSweepBlocks);
  return with_window(geometry, {a.input, a.direction, a.output}, [&](auto side, auto aligned) {
    return launch(batch_norm_max_pool_tangent<decltype(side)::value, decltype(aligned)::value>,
                  sweep_launch(a.tasks), stream, a);
  });
}

}  // namespace retort::cuda
