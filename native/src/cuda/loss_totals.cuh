// What a loss's rows add up to: the denominator before them, the totals after them.
//
// A block adds a span of rows, and where there are several spans one more block adds those, both in an order
// that the number of rows alone decides. Bytes: a label and a weight a row, 16 for the row's losses.
#pragma once

#include "launch.cuh"
#include "row_label.cuh"
#include "softmax_sums.cuh"
#include "team.cuh"
#include "workspace.h"

namespace retort::cuda {

constexpr int kSpanThreads = 256;

// The sums of `term(i)` over i in [0, count), in every thread of the block.
template <typename Term>
__device__ Totals<double, 2> sum_over(BlockTeam<kSpanThreads>& team, int64_t count, Term term) {
  Totals<double, 2> sums{};
  for (int64_t i = threadIdx.x; i < count; i += kSpanThreads) {
    const SpanSums own = term(i);
    sums.values[0] += own.first;
    sums.values[1] += own.second;
  }
  return team.reduce(sums);
}

// The weights of the rows that count and their number, into spans[block].
static __global__ void __launch_bounds__(kSpanThreads)
    sum_weights(const __grid_constant__ DistillationParameters a, SpanSums* spans) {
  BlockTeam<kSpanThreads> team;
  const int64_t first = blockIdx.x * kSpanRows;
  const int64_t count = a.rows - first < kSpanRows ? a.rows - first : kSpanRows;
  const Totals<double, 2> sums = sum_over(team, count, [&](int64_t i) {
    const RowLabel row(a, first + i);
    return SpanSums{row.weight, row.ignored ? 0.0 : 1.0};
  });
  if (threadIdx.x == 0) spans[blockIdx.x] = {sums.values[0], sums.values[1]};
}

// `fixed`: the denominator where it is known; 0: the weights' sum.
static __global__ void __launch_bounds__(kSpanThreads)
    set_denominator(const SpanSums* spans, int64_t count, double fixed, Denominator* denominator) {
  BlockTeam<kSpanThreads> team;
  const Totals<double, 2> sums = sum_over(team, count, [&](int64_t i) { return spans[i]; });
  if (threadIdx.x != 0) return;
  const double value = fixed > 0 ? fixed : sums.values[0];
  const double scale = value == 0 ? 0 : 1 / value;
  *denominator = {value, scale, static_cast<int64_t>(sums.values[1])};
}

static __global__ void __launch_bounds__(kSpanThreads)
    sum_losses(const LossSums* rows, int64_t row_count, SpanSums* spans) {
  BlockTeam<kSpanThreads> team;
  const int64_t first = blockIdx.x * kSpanRows;
  const int64_t count = row_count - first < kSpanRows ? row_count - first : kSpanRows;
  const Totals<double, 2> sums = sum_over(team, count, [&](int64_t i) {
    return SpanSums{rows[first + i].hard, rows[first + i].soft};
  });
  if (threadIdx.x == 0) spans[blockIdx.x] = {sums.values[0], sums.values[1]};
}

static __global__ void __launch_bounds__(kSpanThreads)
    set_totals(const SpanSums* spans, int64_t count, const Denominator* denominator, float alpha,
               retort_distillation_totals* totals) {
  BlockTeam<kSpanThreads> team;
  const Totals<double, 2> sums = sum_over(team, count, [&](int64_t i) { return spans[i]; });
  if (threadIdx.x != 0) return;
  const double soft_share = static_cast<double>(alpha), hard_share = 1 - soft_share;
  const double hard = sums.values[0] * denominator->scale;
  const double soft = sums.values[1] * denominator->scale;
  const double total =
      (hard_share > 0 ? hard_share * hard : 0) + (soft_share > 0 ? soft_share * soft : 0);
  *totals = {total, hard, soft, denominator->value, denominator->counted_rows};
}

inline LaunchShape span_launch(int64_t spans) {
  using Team = BlockTeam<kSpanThreads>;
  return {spans, kSpanThreads, 1, Team::shared_bytes(1, 0)};
}

// The number that the sums are divided by where the host knows it; 0 where the rows decide.
inline double known_denominator(const DistillationParameters& a) {
  if (a.options.reduction != RETORT_REDUCTION_MEAN) return 1;
  if (a.options.denominator > 0) return a.options.denominator;
  const bool rows_differ = a.labels != nullptr || a.row_weights != nullptr;
  return rows_differ ? 0 : static_cast<double>(a.rows);
}

inline retort_status find_denominator(const DistillationParameters& a, const Workspace& workspace,
                                      void* stream) {
  if (a.rows > 0)
    RETORT_CHECK(
        launch(sum_weights, span_launch(workspace.span_count()), stream, a, workspace.spans()));
  return launch(set_denominator, span_launch(1), stream,
                static_cast<const SpanSums*>(workspace.spans()), workspace.span_count(),
                known_denominator(a), workspace.denominator());
}

// The rows of a checked call, without their teachers.
inline void set_rows(const DistillationRows& rows, int64_t count, DistillationParameters* a) {
  a->options = rows.options;
  a->soft_scale = rows.soft_scale;
  a->rows = count;
  a->classes = static_cast<int>(rows.classes);
  a->student = rows.student;
  a->labels = rows.labels;
  a->row_weights = rows.row_weights;
}

// What their sums are divided by: found on the device where the host does not know it, or where totals tell it.
inline retort_status set_scale(bool wants_totals, const Workspace& workspace, void* stream,
                               DistillationParameters* a) {
  const double known = known_denominator(*a);
  if (!wants_totals && known > 0) {
    a->gradient_scale = 1 / known;
    return RETORT_OK;
  }
  a->denominator = workspace.denominator();
  return find_denominator(*a, workspace, stream);
}

inline retort_status find_totals(const DistillationParameters& a, const Workspace& workspace,
                                 retort_distillation_totals* totals, void* stream) {
  if (a.rows > 0) {
    RETORT_CHECK(launch(sum_losses, span_launch(workspace.span_count()), stream,
                        static_cast<const LossSums*>(workspace.row_sums()), a.rows,
                        workspace.spans()));
  }
  return launch(set_totals, span_launch(1), stream, static_cast<const SpanSums*>(workspace.spans()),
                workspace.span_count(), static_cast<const Denominator*>(workspace.denominator()),
                a.options.alpha, totals);
}

}  // namespace retort::cuda
