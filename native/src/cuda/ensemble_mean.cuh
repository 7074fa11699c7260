// The mean of K logit matrices; ensemble_row.cuh has the formulas. Bytes: K rows read, one written.
#pragma once

#include "ensemble_row.cuh"

namespace retort::cuda {

template <typename Element, typename Shape>
__global__ void __launch_bounds__(Shape::Team::kThreads, 1)
    ensemble_mean(const __grid_constant__ EnsembleMeanParameters a) {
  typename Shape::Team team;
  const Columns<Element, Shape> columns(team, a.classes);
  EnsembleRow<Element, Shape, true> mean(team, columns, a.members, a.mean, a.temperature, {});
  const bool logits = a.mean == RETORT_MEAN_OF_LOGITS && a.output_form == RETORT_LOGITS;
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    if (logits) {
      mean.start(row);
    } else {
      mean.measure(row, -1);
    }
    columns.for_each_tile([&](int first) {
      if (logits) {
        mean.load_mean(first);
      } else {
        mean.fill(first);
      }
      store_tile(columns, a.output.data, row * a.output.stride, first, [&](int i) {
        const float log_p = mean.log_p[i];
        if (logits || a.output_form == RETORT_LOG_PROBABILITIES) return log_p;
        return a.output_form == RETORT_LOGITS ? log_p * a.temperature : expf(log_p);
      });
    });
  }
}

}  // namespace retort::cuda
