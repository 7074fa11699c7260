// The distillation loss of a row and its gradient; retort.h has the formulas, divergence.h the divergences.
//
// Bytes: (K + 1) rows read and one written per example: the least there is, where a row is one tile. A row is one
// team's; a thread keeps log p and the student's logits of its columns in registers, two numbers a class whatever
// K is. Exponentials: one a member and class, and some six a class for the student, the hard part and what is
// made of the logarithms again, which at 16 a cycle and multiprocessor takes less time than the bytes. A tile of
// the gradient is written after everything of the same columns was read, so it may overwrite the student's logits.
//
// The plain kernel is for the forward KL of logits, which nearly every run asks for; the general one is for
// every divergence, and for standardised logits.
#pragma once

#include "distillation_row.cuh"
#include "row_loss.cuh"

namespace retort::cuda {

template <typename Element, typename Shape, typename Divergence, bool kGeneral>
class DistillationLossRow {
 public:
  using Team = typename Shape::Team;
  static constexpr int kCount = Shape::kColumns;

  __device__ DistillationLossRow(Team& team, const Columns<Element, Shape>& columns,
                                 const DistillationParameters& a)
      : team_(team),
        columns_(columns),
        a_(a),
        teachers_(team, columns, a.teachers, a.options.mean, a.options.temperature,
                  wants(a.options)),
        student_(team, columns, a) {}

  __device__ void compute(int64_t row) {
    row_ = row;
    const RowLabel of_row(a_, row);
    label_ = of_row.label;
    if (of_row.weight == 0) {
      write_zeros();
      report({0, 0}, 0);
      return;
    }
    const retort_distillation_loss_options& options = a_.options;
    const double weight = of_row.weight * scale_of_rows(a_);
    const int left_out = Divergence::kLeavesLabelOut ? label_ : -1;
    const double alpha = static_cast<double>(options.alpha);
    has_soft_ = alpha > 0;
    if (has_soft_) teachers_.measure(row, left_out);
    student_.measure(row, label_, left_out);
    double target = 0;
    if (kGeneral && options.divergence == RETORT_NORMALIZED && alpha > 0)
      target = static_cast<double>(options.target_weight) * teachers_.target_at_one;
    set_coefficients(weight, target);
    const double log_label = static_cast<double>(student_.label_logit) -
                             static_cast<double>(student_.peak_at_one) -
                             static_cast<double>(student_.log_normalizer_at_one);
    logit_sum_ = 0;
    LossSums loss{0, 0};
    const double divergence = write_gradient();
    if (has_soft_) loss.soft = static_cast<double>(a_.soft_scale) * divergence;
    if (target != 0) loss.soft -= target * log_label;
    if (alpha < 1) loss.hard = cross_entropy(log_label);
    report(loss, of_row.weight);
  }

 private:
  __device__ static EnsembleWants wants(const retort_distillation_loss_options& options) {
    EnsembleWants wants = kGeneral ? wants_of(options) : EnsembleWants{};
    wants.entropies = options.soft_value == RETORT_MEAN_OF_KL;
    return wants;
  }

  __device__ void set_coefficients(double weight, double target) {
    const double alpha = static_cast<double>(a_.options.alpha);
    const double smoothing = static_cast<double>(a_.options.label_smoothing);
    const double hard = (1 - alpha) * weight, share = alpha * target * weight;
    soft_coefficient_ = static_cast<float>(alpha * static_cast<double>(a_.soft_scale) /
                                           static_cast<double>(a_.options.temperature) * weight);
    hard_coefficient_ = static_cast<float>(hard + share);
    uniform_ = static_cast<float>(hard * smoothing / a_.classes);
    at_label_ = static_cast<float>(hard * (1 - smoothing) + share);
    has_hard_ = alpha < 1 || (kGeneral && a_.options.divergence == RETORT_NORMALIZED);
  }

  __device__ double cross_entropy(double log_label) const {
    const double smoothing = static_cast<double>(a_.options.label_smoothing);
    double mean = 0;
    if (smoothing < 1) mean += (1 - smoothing) * log_label;
    if (smoothing > 0) mean += smoothing / a_.classes * logit_sum_;
    return -mean;
  }

  // The sweeps over a row: what the gradient needs of all classes first, then the gradient itself. A plain row
  // has the last alone. They are one loop so that a divergence's terms are compiled once.
  enum Sweep { kSumFlow, kSumStandardized, kWrite };

  // Returns D of the row; without a soft part it is nothing that counts.
  __device__ double write_gradient() {
    const RowFacts facts{a_.classes, student_.log_partition - teachers_.log_partition,
                         teachers_.split, student_.split};
    const Divergence d(a_.options, facts);
    float flow = d.flow_sum(), value = 0;
    StandardizationBackward backward{student_.moments, student_.coefficient};
    const bool standardizes = kGeneral && a_.options.standardize_logits;
    for (int sweep = Divergence::kSumsFlow ? kSumFlow : kSumStandardized; sweep <= kWrite;
         ++sweep) {
      if (sweep == kSumStandardized && !standardizes) continue;
      SweepSums sums{};
      columns_.for_each_tile([&](int first) {
        first_ = first;
        if (has_soft_) teachers_.fill(first);
        student_.fill(first);
        float gradient[kCount];
#pragma unroll
        for (int i = 0; i < kCount; ++i) {
          const Entry e = entry(i);
          gradient[i] = d.flow(e);
          if (sweep == kSumFlow) {
            if (columns_.has(first, i)) sums.values[0] += gradient[i];
            continue;
          }
          gradient[i] -= flow * e.q;
          if (Divergence::kLeavesLabelOut && columns_.column(first, i) == label_)
            gradient[i] = d.label_gradient();
          if (standardizes) gradient[i] = standardized(i, sweep, gradient[i], backward);
          if (sweep == kWrite && columns_.has(first, i)) {
            sums.values[0] += d.value(e);
            sums.values[1] += student_.log_at_one(i);
          }
        }
        if (sweep == kWrite) write(gradient);
      });
      if (sweep == kSumFlow) flow += team_.reduce(sums).values[0];
      if (sweep == kSumStandardized) backward.sums = team_.reduce(backward.sums);
      if (sweep == kWrite && reports()) value = reduce_values(sums);
    }
    return d.label_value() + teachers_.negative_entropy + static_cast<double>(value);
  }

  using SweepSums = Totals<float, 2>;

  __device__ float standardized(int i, int sweep, float gradient,
                                StandardizationBackward& backward) const {
    const float z = student_.standardized(i);
    if (sweep == kWrite) return backward.gradient(gradient, z);
    if (columns_.has(first_, i)) backward.add(gradient, z);
    return gradient;
  }

  __device__ bool reports() const { return a_.row_loss != nullptr || a_.row_sums != nullptr; }

  __device__ float reduce_values(const SweepSums& own) {
    const SweepSums sums = team_.reduce(own);
    logit_sum_ = static_cast<double>(sums.values[1]);
    return sums.values[0];
  }

  __device__ Entry entry(int i) const {
    return entry_of<Divergence>(teachers_.log_p[i], student_.log_q(i),
                                columns_.column(first_, i) == label_);
  }

  // The gradient of both parts, of that of the soft one in units of its coefficient.
  __device__ void write(const float (&soft)[kCount]) const {
    if (a_.gradient.data == nullptr) return;
    store_tile(columns_, a_.gradient.data, row_ * a_.gradient.stride, first_, [&](int i) {
      const float of_soft = has_soft_ ? soft[i] * soft_coefficient_ : 0;
      return has_hard_ ? of_soft + hard_gradient(i) : of_soft;
    });
  }

  __device__ float hard_gradient(int i) const {
    const float own = columns_.column(first_, i) == label_ ? at_label_ : 0;
    const float rest = __fmaf_rn(exponential(student_.log_at_one(i)), hard_coefficient_, -uniform_);
    return rest - own;
  }

  __device__ void write_zeros() const {
    if (a_.gradient.data == nullptr) return;
    columns_.for_each_tile([&](int first) {
      store_tile(columns_, a_.gradient.data, row_ * a_.gradient.stride, first,
                 [](int) { return 0.0f; });
    });
  }

  __device__ void report(LossSums loss, double weight) const {
    if (team_.rank() == 0) report_loss(a_, row_, loss, weight);
  }

  Team& team_;
  const Columns<Element, Shape>& columns_;
  const DistillationParameters& a_;
  EnsembleRow<Element, Shape, kGeneral> teachers_;
  StudentRow<Element, Shape, kGeneral> student_;
  int64_t row_ = 0;
  int first_ = 0;  // the thread's first column of the tile
  int label_ = -1;
  float soft_coefficient_ = 0;
  float hard_coefficient_ = 0;
  float uniform_ = 0;
  float at_label_ = 0;
  bool has_soft_ = false;
  bool has_hard_ = false;
  double logit_sum_ = 0;  // of log softmax(student)
};

template <typename Element, typename Shape, typename Divergence, bool kGeneral>
__global__ void __launch_bounds__(Shape::Team::kThreads, 1)
    distillation_loss(const __grid_constant__ DistillationParameters a) {
  typename Shape::Team team;
  const Columns<Element, Shape> columns(team, a.classes);
  DistillationLossRow<Element, Shape, Divergence, kGeneral> loss_row(team, columns, a);
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    loss_row.compute(row);
  }
}

}  // namespace retort::cuda
