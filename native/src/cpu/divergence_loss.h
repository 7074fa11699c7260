// The distillation loss of a row and its gradient for any divergence; retort.h has the formulas, divergence.h
// the divergences.
//
// Bytes: (K + 1) rows read and one written per example, model minimum (K + 2) * element size * classes. The
// teachers' and the student's distributions go to a scratch that the first two levels of the cache hold (see
// softmax.h): one exponential a class for each, and one for the hard part unless the temperature is a small
// integer, where exp(z) is a power of exp(z / T). A row is one thread's; a vector holds neighbouring
// classes. A block of the gradient is written after everything of the same block was read, so it may
// overwrite the student's logits.
#pragma once

#include "distillation_row.h"
#include "divergence.h"
#include "kernels.h"
#include "softmax.h"
#include "vector.h"

namespace {

// The largest temperature whose power is taken: each factor adds a rounding.
constexpr int kHighestPower = 8;

// The part that the label decides: coefficient * softmax(student) - uniform, less `at_label` at the label.
class HardPart {
 public:
  HardPart(const retort::DistillationRows& a, Block& e, Block& logits)
      : a_(a), e_(e.values), logits_(logits.values) {
    const float temperature = a.options.temperature;
    const bool integer = temperature >= 1 && temperature <= kHighestPower &&
                         static_cast<float>(static_cast<int>(temperature)) == temperature;
    shares_exponentials_ = integer && a.options.alpha > 0 && !a.options.standardize_logits &&
                           !leaves_label_out(a.options);
    power_ = shares_exponentials_ ? static_cast<int>(temperature) : 0;
  }

  // `soft` is the student at T, measured, where alpha > 0. The share of the teachers' label, of the
  // normalised divergence, is `target`.
  void measure(const LogitRow& logits, const RowSoftmax& soft, int64_t label, double weight,
               double target) {
    label_ = label;
    own_ = {logits, a_.classes, 1, e_, e_};
    const double hard = (1.0 - a_.options.alpha) * weight;
    const double smoothing = a_.options.label_smoothing;
    coefficient_ = static_cast<float>(hard + target);
    uniform_ = static_cast<float>(hard * smoothing / static_cast<double>(a_.classes));
    at_label_ = static_cast<float>(hard * (1 - smoothing) + target);
    if (shares_exponentials_) {
      measure_powers(soft);
    } else {
      own_.measure();
    }
    label_logit_ = static_cast<double>(logits.at(label)) - own_.largest;
    logit_sum_ = 0;
    if (smoothing > 0 && a_.options.alpha < 1) sum_logits();
  }

  void fill(const RowSoftmax& soft, int64_t first, int64_t columns) {
    if (a_.classes <= kBlockColumns) return;
    if (shares_exponentials_) {
      raise(soft, columns);
    } else {
      own_.fill(first, columns);
    }
  }

  // The gradient of a block but for the label's own part of it.
  struct Gradient {
    const float* e;
    Vector scale;
    Vector uniform;
    Vector at(int64_t j) const { return load(e + j) * scale - uniform; }
  };
  Gradient gradient() const {
    return {e_, broadcast(own_.inverse_normalizer * coefficient_), broadcast(uniform_)};
  }
  float label_gradient(int64_t column) const {
    return e_[column] * (own_.inverse_normalizer * coefficient_) - uniform_ - at_label_;
  }

  double log_label() const { return label_logit_ - own_.log_normalizer; }
  double cross_entropy() const {
    const double smoothing = a_.options.label_smoothing;
    double mean = 0;
    if (smoothing < 1) mean += (1 - smoothing) * label_logit_;
    if (smoothing > 0) mean += smoothing / static_cast<double>(a_.classes) * logit_sum_;
    return own_.log_normalizer - mean;
  }

 private:
  void measure_powers(RowSoftmax soft) {
    float sum = 0;
    for_each_block(a_.classes, [&](int64_t first, int64_t columns) {
      soft.fill(first, columns);
      sum += raise(soft, columns);
    });
    own_.largest = soft.largest;
    own_.inverse_normalizer = 1 / sum;
    own_.log_normalizer = logf(sum);
  }

  // e^z = (e^(z / T))^T; returns the sum.
  float raise(const RowSoftmax& soft, int64_t columns) {
    const float* const roots = soft.e;
    float* const powers = e_;
    const int power = power_;
    Sum sum = broadcast(0);
    for_each_whole_vector(columns, [&](int64_t j) {
      const Vector root = load(roots + j);
      Vector e = root;
      for (int i = 1; i < power; ++i) e = e * root;
      store(powers + j, e);
      sum = sum + e;
    });
    return sum_of_lanes(sum);
  }

  void sum_logits() {
    for_each_block(a_.classes, [&](int64_t first, int64_t columns) {
      own_.logits.load(first, columns, logits_);
      Sum sum = broadcast(0);
      for_each_vector(columns, [&](int64_t j, auto lanes) {
        sum = sum + lanes.keep(load(logits_ + j) - broadcast(own_.largest));
      });
      logit_sum_ += static_cast<double>(sum_of_lanes(sum));
    });
  }

  const retort::DistillationRows& a_;
  float* e_;
  float* logits_;
  bool shares_exponentials_;
  int power_;
  int64_t label_ = 0;
  RowSoftmax own_{};
  float coefficient_ = 0;
  float uniform_ = 0;
  float at_label_ = 0;
  double label_logit_ = 0;
  double logit_sum_ = 0;
};

// The loss of one row after another.
class DistillationLossRow {
 public:
  DistillationLossRow(const retort::DistillationLossRows& a, DistillationScratch& scratch)
      : a_(a),
        rows_(a.rows),
        options_(a.rows.options),
        soft_(a.rows, wants(options_), scratch),
        hard_(a.rows, scratch.hard, scratch.member_x),
        gradient_(scratch.member_x.values),
        standardized_(scratch.standardized.values) {}

  // The two losses, unweighted; the gradient is written, times `weight`.
  retort::LossSums compute(int64_t row, double weight) {
    row_ = row;
    label_ = label_class(rows_, row);
    retort::LossSums losses{0, 0};
    double target = 0;
    if (options_.alpha > 0) soft_.measure(row);
    if (options_.divergence == RETORT_NORMALIZED && options_.alpha > 0) {
      target = static_cast<double>(options_.target_weight) * soft_.teacher.target_at_one;
    }
    if (has_hard_) {
      const double alpha = options_.alpha;
      hard_.measure(soft_.logits(row), soft_.student, label_, weight, alpha * target * weight);
      if (options_.alpha < 1) losses.hard = hard_.cross_entropy();
    }
    if (options_.alpha == 0) {
      write_hard_gradient();
      return losses;
    }
    coefficient_ = static_cast<float>(static_cast<double>(options_.alpha) * rows_.soft_scale /
                                      static_cast<double>(options_.temperature) * weight);
    losses.soft = rows_.soft_scale * with_divergence_kind(options_.divergence, [&](auto kind) {
                    return soft_part(typename decltype(kind)::Type(options_, soft_.facts));
                  });
    if (target != 0) losses.soft -= target * hard_.log_label();
    return losses;
  }

 private:
  static EnsembleRow::Wants wants(const retort_distillation_loss_options& options) {
    EnsembleRow::Wants wants = wants_of(options);
    wants.log_p = options.divergence != RETORT_TOTAL_VARIATION &&
                  options.divergence != RETORT_NORMALIZED &&
                  options.soft_value == RETORT_KL_OF_MEAN;
    wants.negative_entropy = options.soft_value == RETORT_MEAN_OF_KL;
    return wants;
  }

  // D, and the gradient of everything.
  template <typename Divergence>
  double soft_part(const Divergence& d) {
    double value = d.label_value() + soft_.teacher.negative_entropy;
    float sum = d.flow_sum();
    if (Divergence::kSumsFlow) {
      for_each_filled_block([&](int64_t, int64_t columns) { sum += sum_flow(d, columns, &value); });
    }
    StandardizationBackward backward{soft_.moments, soft_.coefficient};
    if (options_.standardize_logits && a_.gradient.data != nullptr) {
      for_each_filled_block([&](int64_t first, int64_t columns) {
        flow_block(d, sum, first, columns);
        backward.add(columns, gradient_, standardized_);
      });
    }
    for_each_filled_block([&](int64_t first, int64_t columns) {
      if (Divergence::kSumsFlow && a_.gradient.data == nullptr) return;
      value += flow_block(d, sum, first, columns);
      if (options_.standardize_logits) {
        for_each_whole_vector(columns, [&](int64_t j) {
          store(gradient_ + j, backward.gradient(load(gradient_ + j), load(standardized_ + j)));
        });
      }
      write_block(first, columns);
    });
    return value;
  }

  template <typename Body>
  void for_each_filled_block(Body body) {
    for_each_block(rows_.classes, [&](int64_t first, int64_t columns) {
      soft_.fill(first, columns);
      body(first, columns);
    });
  }

  // Adds a block to D; returns the sum of its flow.
  template <typename Divergence>
  float sum_flow(const Divergence& d, int64_t columns, double* value) const {
    const Entries entries = soft_.entries();
    Sum values = broadcast(0), flow = broadcast(0);
    for_each_whole_vector(columns, [&](int64_t j) {
      const Entry entry = entries.at(j);
      values = values + d.value(entry);
      flow = flow + d.flow(entry);
    });
    *value += static_cast<double>(sum_of_lanes(values));
    return sum_of_lanes(flow);
  }

  // dD/dx of a block, and beside it the student's standardised logits where they are wanted; returns the
  // block's part of D.
  template <typename Divergence>
  double flow_block(const Divergence& d, float sum, int64_t first, int64_t columns) {
    const Entries entries = soft_.entries();
    const Vector total = broadcast(sum);
    float* const gradient = gradient_;
    Sum values = broadcast(0);
    for_each_whole_vector(columns, [&](int64_t j) {
      const Entry entry = entries.at(j);
      if (!Divergence::kSumsFlow) values = values + d.value(entry);
      store(gradient + j, d.flow(entry) - total * entry.q);
      soft_.prefetch_next_row(j);
    });
    if (options_.standardize_logits) {
      const RowSoftmax& student = soft_.student;
      for_each_whole_vector(columns, [&](int64_t j) {
        const Vector scaled = load(student.x + j) * broadcast(options_.temperature);
        store(standardized_ + j, scaled + broadcast(student.largest));
      });
    }
    const int64_t column = label_ - first;
    if (Divergence::kLeavesLabelOut && column >= 0 && column < columns) {
      gradient_[column] = d.label_gradient();
      standardized_[column] = soft_.student.left_out_logit;
    }
    return static_cast<double>(sum_of_lanes(values));
  }

  // The block's gradient of the soft part, times its coefficient, and that of the hard part.
  void write_block(int64_t first, int64_t columns) {
    if (a_.gradient.data == nullptr) return;
    const Vector coefficient = broadcast(coefficient_);
    const float* const gradient = gradient_;
    const int64_t start = row_ * a_.gradient.stride + first;
    if (!has_hard_) {
      store_block(options_.dtype, a_.gradient.data, start, columns,
                  [&](int64_t j) { return load(gradient + j) * coefficient; });
      return;
    }
    hard_.fill(soft_.student, first, columns);
    const HardPart::Gradient hard = hard_.gradient();
    store_block(options_.dtype, a_.gradient.data, start, columns, [&](int64_t j) {
      return multiply_add(load(gradient + j), coefficient, hard.at(j));
    });
    const int64_t column = label_ - first;
    if (column < 0 || column >= columns) return;
    const float at_label = gradient_[column] * coefficient_ + hard_.label_gradient(column);
    store_block(options_.dtype, a_.gradient.data, start + column, 1,
                [&](int64_t) { return broadcast(at_label); });
  }

  void write_hard_gradient() {
    coefficient_ = 0;
    for_each_block(rows_.classes, [&](int64_t first, int64_t columns) {
      for_each_whole_vector(columns, [&](int64_t j) { store(gradient_ + j, broadcast(0)); });
      write_block(first, columns);
    });
  }

  const retort::DistillationLossRows& a_;
  const retort::DistillationRows& rows_;
  const retort_distillation_loss_options& options_;
  DistillationRow soft_;
  HardPart hard_;
  const bool has_hard_ = options_.alpha < 1 || options_.divergence == RETORT_NORMALIZED;
  float* gradient_;      // dD/dx of a block
  float* standardized_;  // the student's z~ of a block
  int64_t row_ = 0;
  int64_t label_ = 0;
  float coefficient_ = 0;
};

__attribute__((noinline)) retort::LossSums divergence_loss(const retort::DistillationLossRows& a,
                                                           int64_t first_row, int64_t end_row) {
  DistillationScratch scratch;
  DistillationLossRow loss_row(a, scratch);
  return sum_row_losses(a, first_row, end_row, loss_row);
}

}  // namespace
