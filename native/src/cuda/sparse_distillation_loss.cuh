// The distillation loss of a row against sparse teachers; sparse_distillation.h has the formulas.
//
// Let S be the classes that the teachers list, and m the peak of the student's logits outside S. Outside S every
// gradient has the form
//
//   g_j = A exp((z_j - m) / T) + B exp(z_j - m) - U
//
// with A of the soft part, B of the hard one, U of even shares. On S and at the label it is written apart.
// S is taken out before exponentials are summed, so q_tail and its logarithm are exact where 1 - sum_S q would be 0.
//
// Bytes: the student's row read once, the gradient's written once, and 8 for each entry of a teacher; a row of more
// than one tile is read twice. A block has a row. The student's logits on S are read before anything is written, so
// the gradient may overwrite the student.
#pragma once

#include "row_label.cuh"
#include "row_loss.cuh"
#include "row_tile.cuh"
#include "sparse_teachers.cuh"

namespace retort::cuda {

template <typename Element>
class SparseDistillationRow {
 public:
  using Shape = RowShape<SparseTeacherRow::Team, 8, true>;
  using Team = Shape::Team;
  static constexpr int kCount = Shape::kColumns;

  __device__ SparseDistillationRow(Team& team, const Columns<Element, Shape>& columns,
                                   const SparseDistillationParameters& a)
      : team_(team),
        columns_(columns),
        a_(a),
        teacher_(team, a),
        has_soft_(a.options.alpha > 0),
        has_hard_(a.options.alpha < 1),
        has_soft_tail_(has_soft_ && a.tail != RETORT_TAIL_RENORMALIZED),
        sums_logits_((has_hard_ && a.options.label_smoothing > 0) ||
                     (has_soft_ && a.tail == RETORT_TAIL_UNIFORM)),
        scale_(1 / a.options.temperature) {}

  __device__ void compute(int64_t row) {
    row_ = row;
    const RowLabel of_row(a_, row);
    label_ = of_row.label;
    if (of_row.weight == 0) {
      write_zeros();
      if (team_.rank() == 0) report_loss(a_, row, {0, 0}, 0);
      return;
    }
    const double weight = of_row.weight * scale_of_rows(a_);
    if (has_soft_) {
      teacher_.measure(row);
    } else {
      teacher_.clear();
    }
    read_listed();
    read_tail();
    // NaN where the weight is.
    soft_factor_ = hard_factor_ = at_label_ = 0;
    even_share_ = static_cast<float>(0 * weight);
    if (has_soft_) set_soft_factors(weight);
    if (has_hard_) set_hard_factors(weight);
    const double logits = write_tail();
    const LossSums loss = write_listed(logits);
    if (team_.rank() == 0) report_loss(a_, row, loss, of_row.weight);
    __syncthreads();  // the row's entries are read
  }

 private:
  // ---- what is read ----

  __device__ SoftmaxSums no_sums() const {
    return SoftmaxSums::of(scale_ * kLog2E, has_hard_ ? kLog2E : 0);
  }

  __device__ const Element* student() const {
    return static_cast<const Element*>(a_.student.data) + row_ * a_.student.stride;
  }

  // The student's logits on S and at the label, before anything is written over them.
  __device__ void read_listed() {
    listed_ = no_sums();
    if (has_hard_) label_logit_ = to_float(student()[label_]);
    teacher_.for_each_class([&](int place, int own) {
      const float z[1] = {to_float(student()[own])};
      teacher_.shared().z[place] = z[0];
      listed_.add(z);
    });
    listed_ = team_.reduce(listed_);
  }

  // The sums over the classes outside S.
  __device__ void read_tail() {
    tail_ = no_sums();
    if (!has_soft_tail_ && !has_hard_) return;
    columns_.for_each_tile([&](int first) {
      load(first);
      tail_.add(z_);
    });
    tail_ = team_.reduce(tail_);
  }

  // A tile, with -inf on S and past the end.
  __device__ void load(int first) {
    load_tile(columns_, a_.student.data, row_ * a_.student.stride, first, -HUGE_VALF, z_);
    outside_ = 0;
#pragma unroll
    for (int i = 0; i < kCount; ++i) {
      if (!columns_.has(first, i)) continue;
      if (has_soft_ && teacher_.contains(columns_.column(first, i))) {
        z_[i] = -HUGE_VALF;
      } else {
        outside_ |= 1u << i;
      }
    }
  }

  // ---- the two softmaxes ----

  // log softmax(scale * z) of what is listed is (z - peak) * scale - log_sum.
  struct Whole {
    double scale;
    double peak;
    double log_sum;
    double log_tail_share;  // of the classes outside S

    __device__ float log_q(float z) const {
      return (z - static_cast<float>(peak)) * static_cast<float>(scale) -
             static_cast<float>(log_sum);
    }
  };

  __device__ static double about(double sum, double from, double to, double scale) {
    return sum == 0 ? 0 : sum * exp((from - to) * scale);
  }

  // Of sums over S and over the classes outside.
  __device__ Whole whole(double scale, double listed, double tail) const {
    const float larger = fmaxf(listed_.peak, tail_.peak);
    const double peak = larger == -HUGE_VALF ? 0 : static_cast<double>(larger);
    const auto of_listed = static_cast<double>(listed_.reference()),
               of_tail = static_cast<double>(tail_.reference());
    const double log_sum =
        log(about(listed, of_listed, peak, scale) + about(tail, of_tail, peak, scale));
    // Not of the second sum, which may be too small to exist.
    return {scale, peak, log_sum, log(tail) + (of_tail - peak) * scale - log_sum};
  }

  __device__ void set_soft_factors(double weight) {
    const bool renormalized = a_.tail == RETORT_TAIL_RENORMALIZED;
    const auto sum = static_cast<double>(tail_.sum);
    if (renormalized) {
      soft_ = whole_of_listed();
    } else {
      soft_ = whole(static_cast<double>(scale_), static_cast<double>(listed_.sum), sum);
    }
    q_factor_ = a_.tail == RETORT_TAIL_TRUNCATED ? static_cast<float>(teacher_.mass) : 1;
    const double coefficient = static_cast<double>(a_.options.alpha) *
                               static_cast<double>(a_.soft_scale) /
                               static_cast<double>(a_.options.temperature) * weight;
    soft_coefficient_ = static_cast<float>(coefficient);
    if (renormalized) return;
    double factor = 0;
    if (sum != 0) {
      const double mass = a_.tail == RETORT_TAIL_TRUNCATED ? teacher_.mass : 1;
      const double lost = a_.tail == RETORT_TAIL_BIN ? teacher_.tail : 0;
      factor = coefficient * (mass * exp(soft_.log_tail_share) - lost) / sum;
    }
    // A side without a distribution is NaN where the classes outside S are masked too.
    soft_factor_ = static_cast<float>(factor + 0 * (teacher_.each + soft_.log_sum));
    if (a_.tail == RETORT_TAIL_UNIFORM)
      even_share_ += static_cast<float>(coefficient * teacher_.each);
  }

  __device__ Whole whole_of_listed() const {
    return {static_cast<double>(scale_), static_cast<double>(listed_.reference()),
            log(static_cast<double>(listed_.sum)), -HUGE_VAL};
  }

  __device__ void set_hard_factors(double weight) {
    const auto sum = static_cast<double>(tail_.other);
    hard_ = whole(1, static_cast<double>(listed_.other), sum);
    const double coefficient = (1 - static_cast<double>(a_.options.alpha)) * weight;
    const double smoothing = static_cast<double>(a_.options.label_smoothing);
    const double factor = sum == 0 ? 0 : coefficient * exp(hard_.log_tail_share) / sum;
    hard_coefficient_ = static_cast<float>(coefficient);
    hard_factor_ = static_cast<float>(factor + 0 * hard_.log_sum);
    uniform_ = static_cast<float>(coefficient * smoothing / a_.classes);
    even_share_ += uniform_;
    at_label_ = static_cast<float>(coefficient * (1 - smoothing));
  }

  // ---- what is written ----

  // The gradient outside S, and 0 on it. Returns the sum of z_j - m outside S, where it is wanted.
  __device__ double write_tail() {
    Totals<float, 1> logits{};
    if (a_.gradient.data == nullptr && !sums_logits_) return 0;
    columns_.for_each_tile([&](int first) {
      const bool has_tail = has_soft_tail_ || has_hard_;
      if (has_tail && !columns_.one_tile()) load(first);
      if (sums_logits_) {
#pragma unroll
        for (int i = 0; i < kCount; ++i)
          if (outside_ >> i & 1) logits.values[0] += z_[i] - tail_.reference();
      }
      if (a_.gradient.data == nullptr) return;
      store_tile(columns_, a_.gradient.data, row_ * a_.gradient.stride, first, [&](int i) {
        const float g = has_tail ? tail_gradient(i) : -even_share_;
        return columns_.column(first, i) == label_ ? g - at_label_ : g;
      });
    });
    return sums_logits_ ? static_cast<double>(team_.reduce(logits).values[0]) : 0;
  }

  __device__ float tail_gradient(int i) const {
    const float above = z_[i] - tail_.reference();
    float g = -even_share_;
    if (has_soft_tail_) g += exponential(above * scale_) * soft_factor_;
    if (has_hard_) g += exponential(above) * hard_factor_;
    return g;
  }

  // The gradient on S, and the loss of the row. `logits`: see write_tail().
  __device__ LossSums write_listed(double logits) {
    __syncthreads();  // the gradient outside S is written
    const bool cross_entropy = a_.options.soft_value == RETORT_CROSS_ENTROPY;
    Totals<double, 2> sums{};  // of D, and of z_j - m
    teacher_.for_each_class([&](int place, int own) {
      const float p = teacher_.shared().p[place], z = teacher_.shared().z[place];
      const float log_q = soft_.log_q(z);
      const float log_p = cross_entropy ? 0 : logf(p);
      if (p != 0) sums.values[0] += static_cast<double>(p * (log_p - log_q));
      sums.values[1] += static_cast<double>(z) - hard_.peak;
      if (a_.gradient.data == nullptr) return;
      float g = (expf(log_q) * q_factor_ - p) * soft_coefficient_;
      if (has_hard_) g += expf(hard_.log_q(z)) * hard_coefficient_ - uniform_;
      if (own == label_) g -= at_label_;
      from_float(g, static_cast<Element*>(a_.gradient.data) + row_ * a_.gradient.stride + own);
    });
    if (a_.row_loss == nullptr && a_.row_sums == nullptr) return {0, 0};
    sums = team_.reduce(sums);
    const auto others = static_cast<double>(a_.classes - teacher_.count);
    LossSums loss{0, 0};
    if (has_soft_) {
      // A distribution that some teacher lacks is NaN throughout.
      double value = sums.values[0] + 0 * teacher_.each;
      if (has_soft_tail_) value += tail_value(logits, others, cross_entropy);
      loss.soft = static_cast<double>(a_.soft_scale) * value;
    }
    if (has_hard_) loss.hard = cross_entropy_of_label(logits, others, sums.values[1]);
    return loss;
  }

  // What the classes outside S add to D.
  __device__ double tail_value(double logits, double others, bool cross_entropy) const {
    const double tail = teacher_.tail, each = teacher_.each;
    if (a_.tail == RETORT_TAIL_BIN && tail != 0)
      return tail * ((cross_entropy ? 0 : log(tail)) - soft_.log_tail_share);
    if (a_.tail != RETORT_TAIL_UNIFORM || each == 0 || others == 0) return 0;
    const double log_q =
        (logits + others * (static_cast<double>(tail_.reference()) - soft_.peak)) * soft_.scale -
        others * soft_.log_sum;
    return each * ((cross_entropy ? 0 : others * log(each)) - log_q);
  }

  __device__ double cross_entropy_of_label(double logits, double others, double listed) const {
    const double smoothing = static_cast<double>(a_.options.label_smoothing);
    double mean = 0;
    if (smoothing < 1) mean += (1 - smoothing) * (static_cast<double>(label_logit_) - hard_.peak);
    if (smoothing > 0) {
      const double all =
          listed + logits + others * (static_cast<double>(tail_.reference()) - hard_.peak);
      mean += smoothing / a_.classes * all;
    }
    return hard_.log_sum - mean;
  }

  __device__ void write_zeros() const {
    if (a_.gradient.data == nullptr) return;
    columns_.for_each_tile([&](int first) {
      store_tile(columns_, a_.gradient.data, row_ * a_.gradient.stride, first,
                 [](int) { return 0.0f; });
    });
  }

  Team& team_;
  const Columns<Element, Shape>& columns_;
  const SparseDistillationParameters& a_;
  SparseTeacherRow teacher_;
  const bool has_soft_, has_hard_, has_soft_tail_;
  const bool sums_logits_;  // over the classes outside S
  const float scale_;       // 1 / T
  int64_t row_ = 0;
  int label_ = 0;
  float label_logit_ = 0;
  float z_[kCount];       // of the thread's columns of the tile; -inf on S
  unsigned outside_ = 0;  // a bit for each of them that is outside S
  SoftmaxSums listed_{}, tail_{};
  Whole soft_{}, hard_{};
  float q_factor_ = 1;
  float soft_coefficient_ = 0, hard_coefficient_ = 0;
  float soft_factor_ = 0, hard_factor_ = 0, even_share_ = 0;  // A, B, U
  float uniform_ = 0, at_label_ = 0;
};

template <typename Element>
__global__ void __launch_bounds__(SparseTeacherRow::Team::kThreads, 1)
    sparse_distillation_loss(const __grid_constant__ SparseDistillationParameters a) {
  using Row = SparseDistillationRow<Element>;
  typename Row::Team team;
  const Columns<Element, typename Row::Shape> columns(team, a.classes);
  Row loss_row(team, columns, a);
  for (int64_t row = team.first_row(); row < a.rows; row += team.rows_at_once()) {
    loss_row.compute(row);
  }
}

}  // namespace retort::cuda
