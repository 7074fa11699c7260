// What retort/sparse_distillation.h means: plain loops in double precision, straight from its formulas.
//
// A guard in place of `#pragma once`, as in reference.h.
#ifndef RETORT_REFERENCE_SPARSE_DISTILLATION_H
#define RETORT_REFERENCE_SPARSE_DISTILLATION_H

#include "reference.h"

namespace retort::reference {

struct TopK {
  std::vector<int32_t> indices;
  Row values;
};

// One row.
TopK top_k(const Row& logits, int64_t k, Form form, double temperature);

enum class Tail { kBin, kRenormalized, kUniform, kTruncated };

// A row of one teacher; the index -1 is an absent entry.
struct SparseTeacher {
  std::vector<int32_t> indices;
  Row values;
};

// One row, weight 1. Of the options, those that retort_sparse_distillation_loss knows.
DistillationLoss sparse_distillation_loss(const DistillationOptions& options, Tail tail,
                                          const Row& student,
                                          const std::vector<SparseTeacher>& teachers,
                                          const Row& weights, int64_t label);

}  // namespace retort::reference

#endif
