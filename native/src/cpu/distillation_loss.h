// retort_distillation_loss over a run of rows, and which of its kernels computes it.
#pragma once

#include "divergence_loss.h"
#include "kernels.h"
#include "soft_target_long_rows.h"
#include "soft_target_rows.h"
#include "soft_target_tile.h"

namespace {

// Functions of their own: the scratch of one is no part of the stack that another takes.
template <typename Rows>
__attribute__((noinline)) retort::LossSums soft_target_loss(const retort::DistillationLossRows& a,
                                                            int64_t first_row, int64_t end_row) {
  return Rows(a).compute(first_row, end_row);
}

retort::LossSums distillation_loss(const retort::DistillationLossRows& a, int64_t first_row,
                                   int64_t end_row) {
  if (!has_soft_targets(a.rows.options)) return divergence_loss(a, first_row, end_row);
  if (a.rows.classes <= SoftTargetTile::kMostClasses) {
    return soft_target_loss<SoftTargetBatches<SoftTargetTile>>(a, first_row, end_row);
  }
  if (a.rows.classes <= SoftTargetRows::kMostClasses) {
    return soft_target_loss<SoftTargetBatches<SoftTargetRows>>(a, first_row, end_row);
  }
  return soft_target_loss<SoftTargetLongRows>(a, first_row, end_row);
}

}  // namespace
