// The distillation loss of a row against sparse teachers; sparse_distillation.h has the formulas.
//
// Bytes: the student's row read once from memory, the gradient's written once, and 8 for each entry of a
// teacher. Let S be the classes that the teachers list, x = z / T, and e_j = exp(x_j - m) for the classes
// outside S with m their peak. Outside S every gradient has the form
//
//   g_j = A e_j + B exp(z_j - m) - U
//
// with A of the soft part, B of the hard one, U of even shares. On S and at the label it is written apart.
// S is taken out before e is summed, so q_tail and its logarithm are exact where 1 - sum_S q would be 0.
//
// A row is one thread's; a vector holds neighbouring classes. The row goes by in runs that the first level of
// the cache holds: a sweep copies a run and takes S out of it, one finds its peak, one sums its exponentials
// about that peak. Where gradients are f32 the exponentials wait in the gradient's row, which the second level
// holds, for the last sweep to scale them; elsewhere, and where T is no small integer and the two parts share
// no exponential, the last sweep computes them again from the student.
#pragma once

#include "distillation_row.h"
#include "kernels.h"
#include "log_sum_exp.h"
#include "softmax.h"
#include "sparse_teachers.h"
#include "vector.h"

namespace {

constexpr int64_t kSparseRun = 2048;
// A row of more runs than this computes its exponentials twice.
constexpr int64_t kMostSparseRuns = 256;

struct SparseRow {
  alignas(64) float z[kSparseRun];
  alignas(64) float soft[kSparseRun];  // exponentials
  alignas(64) float hard[kSparseRun];
  float peaks[kMostSparseRuns];
};

// One element of a row, of any type.
template <typename Element>
void store_element(Element* place, float x) {
  for_each_vector(1, [&](int64_t, auto lanes) { lanes.store(place, broadcast(x)); });
}

template <typename Element>
float load_element(const Element* place) {
  float x[kLanes];
  for_each_vector(1, [&](int64_t, auto lanes) { store(x, lanes.load(place, 0)); });
  return x[0];
}

// Of whole vectors.
float largest_of(const float* z, int64_t columns) {
  Vector largest = broadcast(-INFINITY);
  for_each_whole_vector(columns, [&](int64_t j) { largest = maximum(load(z + j), largest); });
  return largest_lane(largest);
}

// The sum of exp((z - peak) * scale), which goes to `e`. The memory, idle meanwhile, is asked for what
// starts at `next`.
template <typename Element>
double exponentials(const float* z, int64_t columns, float peak, float scale, float* e,
                    const Element* next) {
  return sum_of_terms(columns, [&](int64_t j, auto lanes) {
    const Vector exponent = (lanes.load(z + j, -INFINITY) - broadcast(peak)) * broadcast(scale);
    const Vector exponential = exp_nonpositive(exponent);
    lanes.store(e + j, exponential);
    __builtin_prefetch(next + j);
    return exponential;
  });
}

inline Vector raised(Vector root, int power) {
  Vector e = root;
  for (int i = 1; i < power; ++i) e = e * root;
  return e;
}

double sum_of_powers(const float* roots, int64_t columns, int power) {
  return sum_of_terms(
      columns, [&](int64_t j, auto lanes) { return raised(lanes.load(roots + j, 0), power); });
}

// The loss of one row after another.
template <typename Element>
class SparseDistillationRow {
 public:
  SparseDistillationRow(const retort::SparseDistillationLossRows& a, SparseScratch& scratch,
                        SparseRow& run)
      : a_(a),
        options_(a.rows.options),
        classes_(a.rows.classes),
        teacher_(a.teachers, a.tail, options_.temperature, classes_, scratch),
        scratch_(scratch),
        run_(run) {
    const float temperature = options_.temperature;
    has_soft_ = options_.alpha > 0;
    has_hard_ = options_.alpha < 1;
    has_soft_tail_ = has_soft_ && a.tail != RETORT_TAIL_RENORMALIZED;
    const bool integer = temperature >= 1 && temperature <= kHighestPower &&
                         static_cast<float>(static_cast<int>(temperature)) == temperature;
    scale_ = 1 / temperature;
    if (!has_soft_tail_) {
      sweep_scale_ = power_ = 1;
    } else {
      sweep_scale_ = scale_;
      power_ = integer ? static_cast<int>(temperature) : 0;
    }
    // 0: the hard part has exponentials of its own.
    if (!has_hard_) power_ = 1;
    sums_logits_ =
        (has_hard_ && options_.label_smoothing > 0) || (has_soft_ && a.tail == RETORT_TAIL_UNIFORM);
    keeps_ = sizeof(Element) == sizeof(float) && a.gradient.data != nullptr && power_ > 0 &&
             classes_ <= kMostSparseRuns * kSparseRun;
  }

  // The two losses, unweighted; the gradient is written, times `weight`.
  retort::LossSums compute(int64_t row, double weight) {
    student_ = Elements<Element>{}.of(a_.rows.student.data, row * a_.rows.student.stride);
    gradient_ = a_.gradient.data == nullptr
                    ? nullptr
                    : Elements<Element>{}.of(a_.gradient.data, row * a_.gradient.stride);
    label_ = label_class(a_.rows, row);
    teacher_.count = 0;
    if (has_soft_) teacher_.measure(row);
    read_listed();
    soft_tail_ = {static_cast<double>(sweep_scale_)};
    hard_tail_ = {1};
    logit_sum_ = 0;
    soft_factor_ = hard_factor_ = even_share_ = 0;
    if (has_soft_tail_ || has_hard_) measure_tail();
    for (int64_t i = 0; i < padded_count(); ++i) scratch_.gradient[i] = 0;
    retort::LossSums losses{0, 0};
    if (has_soft_) losses.soft = soft_part(weight);
    if (has_hard_) losses.hard = hard_part(weight);
    if (gradient_ != nullptr) write_gradient();
    return losses;
  }

 private:
  int64_t padded_count() const { return (teacher_.count + kLanes - 1) / kLanes * kLanes; }

  // The student's logits on S and at the label, before anything is written over them.
  void read_listed() {
    const int64_t count = teacher_.count;
    for (int64_t i = 0; i < count; ++i)
      scratch_.z[i] = load_element(student_ + scratch_.classes[i]);
    for (int64_t i = count; i < padded_count(); ++i) {
      scratch_.z[i] = -HUGE_VALF;
      scratch_.p[i] = 0;
    }
    if (has_hard_) label_logit_ = load_element(student_ + label_);
  }

  // body(first, columns, the run's number, first and end of what is listed in it) over the runs.
  template <typename Body>
  void for_each_run(Body body) const {
    int64_t listed = 0, number = 0;
    for (int64_t first = 0; first < classes_; first += kSparseRun) {
      const int64_t columns = classes_ - first < kSparseRun ? classes_ - first : kSparseRun;
      const int64_t start = listed;
      while (listed < teacher_.count && scratch_.classes[listed] < first + columns) ++listed;
      body(first, columns, number++, start, listed);
    }
  }

  void put_listed(int64_t first, int64_t start, int64_t end, float value) {
    for (int64_t i = start; i < end; ++i) run_.z[scratch_.classes[i] - first] = value;
  }

  // Brings a run into the scratch, with -inf for what is listed.
  void load_run(int64_t first, int64_t columns, int64_t start, int64_t end) {
    const Element* const z = student_ + first;
    float* const copy = run_.z;
    for_each_vector(columns,
                    [&](int64_t j, auto lanes) { store(copy + j, lanes.load(z + j, -INFINITY)); });
    put_listed(first, start, end, -HUGE_VALF);
  }

  float* soft_of(int64_t first) {
    return keeps_ ? reinterpret_cast<float*>(gradient_) + first : run_.soft;
  }

  // The sums over the classes outside S.
  void measure_tail() {
    for_each_run([&](int64_t first, int64_t columns, int64_t number, int64_t start, int64_t end) {
      load_run(first, columns, start, end);
      const float peak = largest_of(run_.z, columns);
      const float shift = peak == -HUGE_VALF ? 0 : peak;
      if (keeps_) run_.peaks[number] = peak;
      if (sums_logits_) add_logits(first, columns, start, end, shift);
      float* const soft = soft_of(first);
      const Element* const next = student_ + first + kSparseRun;
      const double sum = exponentials(run_.z, columns, shift, sweep_scale_, soft, next);
      soft_tail_.add(peak, sum);
      if (!has_hard_) return;
      hard_tail_.add(peak, power_ == 1  ? sum
                           : power_ > 1 ? sum_of_powers(soft, columns, power_)
                                        : exponentials(run_.z, columns, shift, 1, run_.hard, next));
    });
  }

  // The run's logits outside S, about a peak so that float lanes can hold their sum.
  void add_logits(int64_t first, int64_t columns, int64_t start, int64_t end, float shift) {
    put_listed(first, start, end, shift);
    const float* const z = run_.z;
    logit_sum_ += sum_of_terms(columns, [&](int64_t j, auto lanes) {
      return lanes.load(z + j, shift) - broadcast(shift);
    });
    put_listed(first, start, end, -HUGE_VALF);
    logit_sum_ += static_cast<double>(shift) * static_cast<double>(columns - (end - start));
  }

  float largest_listed() const {
    float largest = -HUGE_VALF;
    for (int64_t i = 0; i < teacher_.count; ++i)
      largest = scratch_.z[i] > largest ? scratch_.z[i] : largest;
    return largest;
  }

  // log softmax(scale * z) of what is listed, as (z - peak) * scale - log_sum, together with the classes
  // outside S.
  struct Listed {
    float scale;
    float peak;
    double log_sum;
    double tail_share;  // of the classes outside S
    double log_tail_share;

    Vector log_q(Vector z) const {
      return (z - broadcast(peak)) * broadcast(scale) - broadcast(static_cast<float>(log_sum));
    }
  };

  Listed listed(float scale, const LogSumExp& tail) const {
    float peak = largest_listed();
    if (tail.largest > peak) peak = static_cast<float>(tail.largest);
    if (peak == -HUGE_VALF) peak = 0;
    Sum sums = broadcast(0);
    for_each_whole_vector(teacher_.count, [&](int64_t i) {
      const Vector exponent = (load(scratch_.z + i) - broadcast(peak)) * broadcast(scale);
      sums = sums + exp_nonpositive(exponent);
    });
    const double rest = tail.sum_about(static_cast<double>(peak));
    const double log_sum = log(static_cast<double>(sum_of_lanes(sums)) + rest);
    // Not of `rest`, which may be too small to exist.
    const double log_tail =
        log(tail.sum) + (tail.peak() - static_cast<double>(peak)) * tail.scale - log_sum;
    return {scale, peak, log_sum, exp(log_tail), log_tail};
  }

  double soft_part(double weight) {
    const bool renormalized = a_.tail == RETORT_TAIL_RENORMALIZED;
    const LogSumExp nothing{static_cast<double>(scale_)};
    const Listed q = listed(scale_, renormalized ? nothing : soft_tail_);
    const double coefficient = static_cast<double>(options_.alpha) * a_.rows.soft_scale /
                               static_cast<double>(options_.temperature) * weight;
    const double factor = a_.tail == RETORT_TAIL_TRUNCATED ? teacher_.mass : 1;
    const bool cross_entropy = options_.soft_value == RETORT_CROSS_ENTROPY;
    const Vector q_factor = broadcast(static_cast<float>(factor));
    const Vector scaled = broadcast(static_cast<float>(coefficient));
    Sum values = broadcast(0);
    for_each_whole_vector(teacher_.count, [&](int64_t i) {
      const Vector p = load(scratch_.p + i), log_q = q.log_q(load(scratch_.z + i));
      const Vector log_p = cross_entropy ? broadcast(0) : log_of(p);
      values = values + zero_where_zero(p, p * (log_p - log_q));
      store(scratch_.gradient + i, (exp_nonpositive(log_q) * q_factor - p) * scaled);
    });
    // A distribution that some teacher lacks is NaN throughout.
    double value = static_cast<double>(sum_of_lanes(values)) + 0 * teacher_.each;
    if (!renormalized) value += soft_tail_value(q, cross_entropy);
    if (!renormalized && soft_tail_.sum != 0) {
      const double lost = a_.tail == RETORT_TAIL_BIN ? teacher_.tail : 0;
      soft_factor_ = coefficient * (factor * q.tail_share - lost) / soft_tail_.sum;
    }
    // A side without a distribution is NaN where the classes outside S are masked too.
    if (!renormalized) soft_factor_ += 0 * (teacher_.each + q.log_sum);
    if (a_.tail == RETORT_TAIL_UNIFORM) even_share_ += coefficient * teacher_.each;
    return a_.rows.soft_scale * value;
  }

  // What the classes outside S add to D.
  double soft_tail_value(const Listed& q, bool cross_entropy) const {
    const double tail = teacher_.tail, each = teacher_.each;
    if (a_.tail == RETORT_TAIL_BIN && tail != 0)
      return tail * ((cross_entropy ? 0 : log(tail)) - q.log_tail_share);
    const auto others = static_cast<double>(classes_ - teacher_.count);
    if (a_.tail != RETORT_TAIL_UNIFORM || each == 0 || others == 0) return 0;
    const double log_q =
        (logit_sum_ - others * static_cast<double>(q.peak)) * static_cast<double>(scale_) -
        others * q.log_sum;
    return each * ((cross_entropy ? 0 : others * log(each)) - log_q);
  }

  double hard_part(double weight) {
    const Listed s = listed(1, hard_tail_);
    const double coefficient = (1.0 - options_.alpha) * weight;
    const double smoothing = options_.label_smoothing;
    const double uniform = coefficient * smoothing / static_cast<double>(classes_);
    const Vector scaled = broadcast(static_cast<float>(coefficient));
    const Vector share = broadcast(static_cast<float>(uniform));
    double logits = logit_sum_;
    for_each_whole_vector(teacher_.count, [&](int64_t i) {
      const Vector hard = exp_nonpositive(s.log_q(load(scratch_.z + i))) * scaled - share;
      store(scratch_.gradient + i, load(scratch_.gradient + i) + hard);
    });
    for (int64_t i = 0; i < teacher_.count; ++i) logits += static_cast<double>(scratch_.z[i]);
    if (hard_tail_.sum != 0) hard_factor_ = coefficient * s.tail_share / hard_tail_.sum;
    hard_factor_ += 0 * s.log_sum;
    even_share_ += uniform;
    at_label_ = coefficient * (1 - smoothing);
    const auto all = static_cast<double>(classes_), peak = static_cast<double>(s.peak);
    double mean = 0;
    if (smoothing < 1) mean += (1 - smoothing) * (static_cast<double>(label_logit_) - peak);
    if (smoothing > 0) mean += smoothing / all * (logits - all * peak);
    return s.log_sum - mean;
  }

  void write_gradient() {
    if (!has_soft_tail_ && !has_hard_) {
      for_each_vector(classes_,
                      [&](int64_t j, auto lanes) { lanes.store(gradient_ + j, broadcast(0)); });
    } else {
      for_each_run([&](int64_t first, int64_t columns, int64_t number, int64_t start, int64_t end) {
        write_run(first, columns, number, start, end);
      });
    }
    for (int64_t i = 0; i < teacher_.count; ++i)
      store_element(gradient_ + scratch_.classes[i], scratch_.gradient[i]);
    if (has_hard_) store_element(gradient_ + label_, static_cast<float>(label_gradient()));
  }

  double label_gradient() const {
    for (int64_t i = 0; i < teacher_.count; ++i) {
      if (scratch_.classes[i] == label_)
        return static_cast<double>(scratch_.gradient[i]) - at_label_;
    }
    const auto z = static_cast<double>(label_logit_);
    return soft_factor_ * exp((z - soft_tail_.peak()) * soft_tail_.scale) +
           hard_factor_ * exp(z - hard_tail_.peak()) - even_share_ - at_label_;
  }

  // The run's gradient outside S.
  void write_run(int64_t first, int64_t columns, int64_t number, int64_t start, int64_t end) {
    const double soft_peak = soft_tail_.peak(), hard_peak = hard_tail_.peak();
    double soft = soft_factor_, hard = hard_factor_;
    const float* const e = soft_of(first);
    if (keeps_) {
      const auto peak = static_cast<double>(run_.peaks[number]);
      // A part that is not there has no peak either, and 0 times infinity is not 0.
      if (soft != 0) soft *= exp((peak - soft_peak) * soft_tail_.scale);
      if (hard != 0) hard *= exp(peak - hard_peak);
    } else {
      load_run(first, columns, start, end);
      const Element* const next = student_ + first + kSparseRun;
      exponentials(run_.z, columns, static_cast<float>(soft_peak), sweep_scale_, run_.soft, next);
      if (power_ == 0)
        exponentials(run_.z, columns, static_cast<float>(hard_peak), 1, run_.hard, next);
    }
    Element* const gradient = gradient_ + first;
    const float* const own = run_.hard;
    const int power = power_;
    const Vector a = broadcast(static_cast<float>(power_ == 1 ? soft + hard : soft));
    const Vector b = broadcast(static_cast<float>(hard));
    const Vector u = broadcast(static_cast<float>(even_share_));
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      const Vector root = lanes.load(e + j, 0);
      Vector g = root * a - u;
      if (power > 1) g = multiply_add(raised(root, power), b, g);
      if (power == 0) g = multiply_add(lanes.load(own + j, 0), b, g);
      lanes.store(gradient + j, g);
    });
  }

  const retort::SparseDistillationLossRows& a_;
  const retort_distillation_loss_options& options_;
  const int64_t classes_;
  SparseTeacherRow teacher_;
  SparseScratch& scratch_;
  SparseRow& run_;
  bool has_soft_, has_hard_, has_soft_tail_;
  bool sums_logits_;   // over the classes outside S
  bool keeps_;         // the exponentials, in the gradient's row
  float scale_;        // 1 / T
  float sweep_scale_;  // of the exponentials that the sweeps compute
  int power_;          // that makes those of the hard part of them; 0: none does
  const Element* student_ = nullptr;
  Element* gradient_ = nullptr;
  int64_t label_ = 0;
  float label_logit_ = 0;
  LogSumExp soft_tail_{1}, hard_tail_{1};
  double logit_sum_ = 0;  // outside S
  double soft_factor_ = 0, hard_factor_ = 0, even_share_ = 0, at_label_ = 0;
};

template <typename Element>
retort::LossSums sparse_distillation_rows(const retort::SparseDistillationLossRows& a,
                                          int64_t first_row, int64_t end_row) {
  SparseScratch scratch;
  SparseRow run;
  SparseDistillationRow<Element> loss_row(a, scratch, run);
  return sum_row_losses(a, first_row, end_row, loss_row);
}

retort::LossSums sparse_distillation_loss(const retort::SparseDistillationLossRows& a,
                                          int64_t first_row, int64_t end_row) {
  switch (a.rows.options.dtype) {
    case RETORT_F16:
      return sparse_distillation_rows<Float16>(a, first_row, end_row);
    case RETORT_BF16:
      return sparse_distillation_rows<BFloat16>(a, first_row, end_row);
    default:
      return sparse_distillation_rows<float>(a, first_row, end_row);
  }
}

}  // namespace
