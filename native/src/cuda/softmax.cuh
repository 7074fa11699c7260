// Softmax and log-softmax at a temperature, and their gradients.
//
//   p_j = exp((z_j - m) / T) / Z      m = max z      Z = sum_j exp((z_j - m) / T)
//
// Bytes: forward reads and writes the row once, backward reads two rows and writes one. A row is one team's. A
// row of one tile stays in registers between its sums and its output; of a longer one each tile is read twice.
#pragma once

#include "parameters.h"
#include "row_tile.cuh"
#include "softmax_sums.cuh"

namespace retort::cuda {

template <typename Element, typename Shape>
__global__ void __launch_bounds__(Shape::Team::kThreads)
    softmax(const __grid_constant__ SoftmaxParameters a) {
  typename Shape::Team team;
  const Columns<Element, Shape> columns(team, a.classes);
  const float scale = 1 / a.temperature;
  float z[Shape::kColumns];
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    const auto load = [&](int first) {
      load_tile(columns, a.logits.data, row * a.logits.stride, first, -HUGE_VALF, z);
    };
    SoftmaxSums sums = SoftmaxSums::of(scale * kLog2E, 0);
    columns.for_each_tile([&](int first) {
      load(first);
      sums.add(z);
    });
    sums = team.reduce(sums);
    const float peak = sums.reference(), inverse = 1 / sums.sum, log_sum = logf(sums.sum);
    columns.for_each_tile([&](int first) {
      if (!columns.one_tile()) load(first);
      store_tile(columns, a.output.data, row * a.output.stride, first, [&](int i) {
        const float x = (z[i] - peak) * scale;
        return a.logarithm ? x - log_sum : exponential(x) * inverse;
      });
    });
  }
}

// Of softmax: p * (g - <p, g>) / T; of log-softmax, of which `output` is log p: (g - p * sum(g)) / T.
template <typename Element, typename Shape>
__global__ void __launch_bounds__(Shape::Team::kThreads)
    softmax_backward(const __grid_constant__ SoftmaxBackwardParameters a) {
  typename Shape::Team team;
  const Columns<Element, Shape> columns(team, a.classes);
  const float scale = 1 / a.temperature;
  float y[Shape::kColumns], g[Shape::kColumns];
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    const auto load = [&](int first) {
      load_tile(columns, a.output.data, row * a.output.stride, first, 0, y);
      load_tile(columns, a.output_gradient.data, row * a.output_gradient.stride, first, 0, g);
    };
    Totals<float, 1> product{};
    columns.for_each_tile([&](int first) {
      load(first);
#pragma unroll
      for (int i = 0; i < Shape::kColumns; ++i) {
        product.values[0] =
            a.logarithm ? product.values[0] + g[i] : __fmaf_rn(y[i], g[i], product.values[0]);
      }
    });
    const float total = team.reduce(product).values[0];
    columns.for_each_tile([&](int first) {
      if (!columns.one_tile()) load(first);
      store_tile(
          columns, a.logits_gradient.data, row * a.logits_gradient.stride, first, [&](int i) {
            const float gradient = a.logarithm ? g[i] - expf(y[i]) * total : y[i] * (g[i] - total);
            return gradient * scale;
          });
    });
  }
}

}  // namespace retort::cuda
