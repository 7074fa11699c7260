// What rows that are computed together take from their labels and weights, and what they add up: as many rows at
// the most as a vector has lanes, a lane each.
#pragma once

#include "distillation_row.h"
#include "kernels.h"
#include "vector.h"

namespace {

// body(i) for the lanes of so many rows. A loop over all lanes the compiler turns into vectors: what a row needs
// once is a fifth of the work on ten classes otherwise.
template <typename Body>
inline __attribute__((always_inline)) void for_each_lane(int64_t rows, Body body) {
  if (rows == kLanes) {
    for (int64_t i = 0; i < kLanes; ++i) body(i);
  } else {
    for (int64_t i = 0; i < rows; ++i) body(i);
  }
}

// Of the lanes beyond the rows nothing is said.
struct SoftTargetLanes {
  double weight[kLanes] = {};  // 0: the row is ignored
  int64_t label[kLanes] = {};
  bool all_count = false;               // no row is ignored
  float soft_weight[kLanes] = {};       // a
  float hard_weight[kLanes] = {};       // b
  float label_logit[kLanes] = {};       // s_y - n
  float logit_sum[kLanes] = {};         // sum_j (s_j - n), where labels are smoothed
  float negative_entropy[kLanes] = {};  // sum_k w_k sum_j p_kj log p_kj, where it is told

  void read(const retort::DistillationRows& a, int64_t first_row, int64_t count) {
    const float* const weights = a.row_weights == nullptr ? nullptr : a.row_weights + first_row;
    for_each_lane(count, [&](int64_t i) {
      weight[i] = weights == nullptr ? 1 : static_cast<double>(weights[i]);
    });
    if (a.labels != nullptr) read_labels(a, first_row, count);
    int64_t ignored = 0;
    for_each_lane(count, [&](int64_t i) { ignored += weight[i] == 0 ? 1 : 0; });
    all_count = ignored == 0;
  }

  // The losses by their weights; an ignored row's is 0 whatever it is, NaN included.
  void weigh(int64_t count, const float* losses, double* weighted) const {
    for_each_lane(count, [&](int64_t i) {
      weighted[i] = weight[i] == 0 ? 0 : weight[i] * static_cast<double>(losses[i]);
    });
  }

 private:
  void read_labels(const retort::DistillationRows& a, int64_t first_row, int64_t count) {
    if (a.options.label_type == RETORT_LABELS_I64) {
      take_labels(a, static_cast<const int64_t*>(a.labels) + first_row, count);
    } else {
      take_labels(a, static_cast<const int32_t*>(a.labels) + first_row, count);
    }
  }

  // Labels were checked, but may lie in memory that another thread writes meanwhile.
  template <typename Label>
  void take_labels(const retort::DistillationRows& a, const Label* labels, int64_t count) {
    const int64_t ignored = a.options.ignore_index, classes = a.classes;
    for_each_lane(count, [&](int64_t i) {
      const int64_t own = labels[i];
      weight[i] = own == ignored ? 0 : weight[i];
      label[i] = weight[i] != 0 && own >= 0 && own < classes ? own : 0;
    });
  }
};

// The weighted losses of the rows so far, every lane's by itself: one step across lanes at the end, not one a batch.
struct LossLanes {
  double soft[kLanes] = {};
  double hard[kLanes] = {};

  void add(int64_t count, const double* soft_terms, const double* hard_terms) {
    for_each_lane(count, [&](int64_t i) {
      soft[i] += soft_terms[i];
      hard[i] += hard_terms[i];
    });
  }
  retort::LossSums sums() const {
    retort::LossSums sums{0, 0};
    for (int64_t i = 0; i < kLanes; ++i) {
      sums.soft += soft[i];
      sums.hard += hard[i];
    }
    return sums;
  }
};

}  // namespace
