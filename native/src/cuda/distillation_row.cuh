// One example of the distillation loss: its label and weight, the teachers' distribution p and the student's q at
// the temperature, tile by tile. The loss and its tangent share it.
#pragma once

#include "divergence.h"
#include "ensemble_row.cuh"
#include "moments.cuh"
#include "parameters.h"
#include "row_label.cuh"

namespace retort::cuda {

// What a general loss and its tangent ask of the teachers.
__device__ inline EnsembleWants wants_of(const retort_distillation_loss_options& options) {
  EnsembleWants wants;
  wants.mixture_logits = options.divergence == RETORT_SQUARED_ERROR;
  wants.target_at_one = options.divergence == RETORT_NORMALIZED;
  wants.standardized = options.standardize_logits != 0;
  wants.epsilon = options.standardize_epsilon;
  return wants;
}

// A class as the divergence sees it: the student's mass on a label that it leaves out is 0, as the teachers' is.
template <typename Divergence>
__device__ Entry entry_of(float log_p, float log_q, bool is_label) {
  if (Divergence::kLeavesLabelOut && is_label) log_q = -HUGE_VALF;
  return {exponential(log_p), log_p, exponential(log_q), log_q};
}

// The student's row: softmax at the temperature of what the soft part sees, and at 1 of the logits themselves.
template <typename Element, typename Shape, bool kGeneral>
class StudentRow {
 public:
  static constexpr int kCount = Shape::kColumns;

  __device__ StudentRow(typename Shape::Team& team, const Columns<Element, Shape>& columns,
                        const DistillationParameters& a)
      : team_(team), columns_(columns), a_(a) {}

  // `left_out`: a class that q leaves out, or -1.
  __device__ void measure(int64_t row, int label, int left_out) {
    offset_ = row * a_.student.stride;
    label_logit = to_float(static_cast<const Element*>(a_.student.data)[offset_ + label]);
    coefficient = 1;
    moments = {};
    if (kGeneral && a_.options.standardize_logits) {
      moments = moments_of(team_, columns_, [&](int first, float(&z)[kCount]) { load(first, z); });
      coefficient = 1 / (a_.options.standardize_epsilon + moments.deviation);
    }
    scale_ = coefficient / a_.options.temperature;
    SoftmaxSums sums = SoftmaxSums::of(scale_ * kLog2E, kLog2E);
    columns_.for_each_tile([&](int first) {
      load(first, logits);
      if (kGeneral && left_out >= 0) {
        float rest[kCount];
#pragma unroll
        for (int i = 0; i < kCount; ++i)
          rest[i] = columns_.column(first, i) == left_out ? -HUGE_VALF : logits[i];
        sums.add(rest);
      } else {
        sums.add(logits);
      }
    });
    sums = team_.reduce(sums);
    peak = peak_at_one = sums.reference();
    log_normalizer = logf(sums.sum);
    log_normalizer_at_one = logf(sums.other);
    if (!kGeneral) return;
    if (left_out >= 0) leave_out(sums);
    log_partition = static_cast<double>(log_normalizer) +
                    (static_cast<double>(peak) - static_cast<double>(moments.mean)) *
                        static_cast<double>(scale_);
    if (left_out >= 0 && sums.sum == 0) log_normalizer = 0;
  }

  __device__ void fill(int first) {
    if (!columns_.one_tile()) load(first, logits);
  }

  __device__ float log_q(int i) const { return (logits[i] - peak) * scale_ - log_normalizer; }
  // log softmax(student), the label among the classes.
  __device__ float log_at_one(int i) const {
    return (logits[i] - peak_at_one) - log_normalizer_at_one;
  }
  // What the soft part sees of an element.
  __device__ float standardized(int i) const { return (logits[i] - moments.mean) * coefficient; }

  __device__ float standardized_label() const { return (label_logit - moments.mean) * coefficient; }

  float logits[kCount];  // of the thread's columns of the tile
  float label_logit = 0;
  float peak = 0;         // of the classes that q has
  float peak_at_one = 0;  // of all
  float log_normalizer = 0;
  float log_normalizer_at_one = 0;
  double log_partition = 0;  // x_j = log q_j + log_partition
  Split split;
  Moments moments;
  float coefficient = 1;

 private:
  __device__ void load(int first, float (&z)[kCount]) const {
    load_tile(columns_, a_.student.data, offset_, first, -HUGE_VALF, z);
  }

  // The label apart: its share against that of all others, and its place in the sum at temperature 1.
  __device__ void leave_out(const SoftmaxSums& sums) {
    const double above = static_cast<double>(label_logit) - static_cast<double>(peak);
    const double x = above * static_cast<double>(scale_);
    split = split_between(x, log(static_cast<double>(sums.sum)));
    const double all_at_one = log_add(above, log(static_cast<double>(sums.other)));
    if (above > 0) peak_at_one = label_logit;
    log_normalizer_at_one = static_cast<float>(above > 0 ? all_at_one - above : all_at_one);
  }

  typename Shape::Team& team_;
  const Columns<Element, Shape>& columns_;
  const DistillationParameters& a_;
  int64_t offset_ = 0;
  float scale_ = 1;
};

}  // namespace retort::cuda
