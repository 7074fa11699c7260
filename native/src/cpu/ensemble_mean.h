// The mean of K logit matrices, and the distribution p of a row's teachers that the distillation loss
// shares with it.
//
//   of logits         v_j = sum_k w_k z_kj                    p = softmax(v / T)
//   of probabilities  p_j = sum_k w_k exp((z_kj - m_k) / T) / Z_k
//
// Bytes: K rows read once from memory, one written. A mixture takes the members one after another: each
// is read, made a distribution and added before the next.
#pragma once

#include "kernels.h"
#include "softmax.h"
#include "split.h"
#include "vector.h"

namespace {

constexpr int64_t kMostMembers = 1024;

// Below this a mixture's probability has lost bits, or all of them, and its logarithm is taken apart.
constexpr float kSmallestExactProbability = 0x1p-100f;

Split split_of(const RowSoftmax& softmax) {
  return split_between(softmax.left_out_x(), log(static_cast<double>(softmax.normalizer)));
}

// The class left out against all at temperature 1: exp(x_j * T - log_all) is class j's probability there.
struct AtOne {
  double log_all;
  double log_target;
};

AtOne at_one(RowSoftmax softmax, int64_t classes, float temperature) {
  Sum sum = broadcast(0);
  for_each_block(classes, [&](int64_t first, int64_t columns) {
    softmax.fill(first, columns);
    for_each_whole_vector(columns, [&](int64_t j) {
      sum = sum + exp_nonpositive(load(softmax.x + j) * broadcast(temperature));
    });
  });
  const double target = softmax.left_out_x() * static_cast<double>(temperature);
  const double all = log_add(target, log(static_cast<double>(sum_of_lanes(sum))));
  return {all, target - all};
}

// Mean and deviation over the classes of a row that are not masked.
struct Moments {
  float mean = 0;
  float deviation = 0;
  float count = 0;
};

Moments moments_of(const LogitRow& logits, int64_t classes, float* scratch) {
  const auto sum_over_row = [&](auto term) {
    Sum sum = broadcast(0);
    for_each_block(classes, [&](int64_t first, int64_t columns) {
      logits.load(first, columns, scratch);
      for_each_whole_vector(columns, [&](int64_t j) {
        const Vector z = load(scratch + j);
        sum = sum + where_masked(z, broadcast(0), term(z));
      });
    });
    return sum_of_lanes(sum);
  };
  Moments moments;
  moments.count = sum_over_row([](Vector) { return broadcast(1); });
  moments.mean = sum_over_row([](Vector z) { return z; }) / moments.count;
  const Vector mean = broadcast(moments.mean);
  const float squares = sum_over_row([&](Vector z) { return (z - mean) * (z - mean); });
  moments.deviation = moments.count > 1 ? sqrtf(squares / (moments.count - 1)) : 0 * squares;
  return moments;
}

// sum_j e_j x_j with 0 for a class without mass.
float sum_of_products(int64_t columns, const float* e, const float* x) {
  Sum sum = broadcast(0);
  for_each_whole_vector(columns, [&](int64_t j) {
    const Vector mass = load(e + j);
    sum = sum + zero_where_zero(mass, mass * load(x + j));
  });
  return sum_of_lanes(sum);
}

// The ensemble's distribution, row after row: p and log p of the block that fill() was last called for.
class EnsembleRow {
 public:
  struct Wants {
    bool log_p = true;
    bool mixture_logits = false;    // v / T = log p + log_partition, of a mixture of one too
    bool negative_entropy = false;  // sum_k w_k sum_j p_kj log p_kj, of a mixture
    bool target_at_one = false;     // the probability of the class left out at temperature 1
    bool standardized = false;
    float epsilon = 0;
  };

  // `member_x` and `member_e` are free again after each call.
  EnsembleRow(const retort::MemberLogits& members, retort_mean mean, float temperature,
              int64_t classes, Wants wants, Block& x, Block& e, Block& member_x, Block& member_e)
      : members(members),
        of_logits(mean == RETORT_MEAN_OF_LOGITS || (members.count == 1 && !wants.mixture_logits)),
        wants_(wants),
        temperature_(temperature),
        classes_(classes),
        x_(x.values),
        e_(e.values),
        member_x_(member_x.values),
        member_e_(member_e.values) {
    for (int64_t k = 0; k < members.count; ++k) {
      coefficients[k] = members.scales[k] * (of_logits ? members.weights[k] : 1);
    }
  }

  // Reads the row; `left_out` is a class that p leaves out, or -1.
  void measure(int64_t row, int64_t left_out) {
    offset_ = row * members.stride;
    left_out_ = left_out;
    if (wants_.standardized) standardize();
    if (of_logits) {
      measure_mean_of_logits();
    } else {
      measure_mixture();
    }
  }

  void fill(int64_t first, int64_t columns) {
    if (of_logits) {
      mean_.fill(first, columns);
    } else if (classes_ > kBlockColumns) {
      fill_mixture(first, columns);
    }
  }

  Distribution distribution() const {
    return {e_, x_, broadcast(inverse_normalizer_), broadcast(log_normalizer_)};
  }

  // softmax of one member at the temperature, in the scratch of the members.
  RowSoftmax member(int64_t k) const { return softmax_of(logits(k, 1), member_x_, member_e_); }

  // The weighted sum of `count` members from member k on.
  LogitRow logits(int64_t k, int64_t count) const {
    return {members.dtype,
            members.form,
            members.logits + k,
            coefficients + k,
            wants_.standardized ? centres_ + k : nullptr,
            count,
            offset_};
  }

  // Of a mixture: log(w_k p_kj) = x_kj + log_scale(k), with the weights of what is not left out.
  double log_scale(int64_t k) const {
    const double weight = log(static_cast<double>(members.weights[k]));
    const double share = left_out_ < 0 ? 0 : member_split[k].log_rest - split.log_rest;
    return weight + share - log(static_cast<double>(normalizer_[k]));
  }

  // One member's standardised logits; `coefficient` is 1 / (epsilon + its deviation).
  LogitRow standardized(int64_t k, const float* coefficient) const {
    return {members.dtype, members.form, members.logits + k, coefficient, centres_ + k, 1, offset_};
  }

  // softmax of the mean of logits, in the scratch.
  const RowSoftmax& mean() const { return mean_; }

  const retort::MemberLogits members;
  const bool of_logits;
  // What member k's logits are multiplied by, its weight included in a mean of logits.
  float coefficients[kMostMembers];
  Moments moments[kMostMembers];
  Split member_split[kMostMembers];
  Split split;
  // v / T = log p + log_partition; a mixture's logits are T log p.
  double log_partition = 0;
  double negative_entropy = 0;
  double target_at_one = 0;

 private:
  RowSoftmax softmax_of(const LogitRow& row, float* x, float* e) const {
    return {row, classes_, 1 / temperature_, x, e, left_out_};
  }

  void standardize() {
    const float one = 1;
    for (int64_t k = 0; k < members.count; ++k) {
      const LogitRow row{members.dtype, members.form, members.logits + k, &one, nullptr, 1,
                         offset_};
      moments[k] = moments_of(row, classes_, member_x_);
      centres_[k] = moments[k].mean;
      coefficients[k] = members.scales[k] * (of_logits ? members.weights[k] : 1) /
                        (wants_.epsilon + moments[k].deviation);
    }
  }

  void measure_mean_of_logits() {
    mean_ = softmax_of(logits(0, members.count), x_, e_);
    mean_.measure();
    inverse_normalizer_ = mean_.inverse_normalizer;
    log_normalizer_ = mean_.log_normalizer;
    log_partition = static_cast<double>(mean_.log_normalizer) +
                    static_cast<double>(mean_.largest) / static_cast<double>(temperature_);
    if (left_out_ < 0) return;
    split = split_of(mean_);
    if (mean_.normalizer == 0) inverse_normalizer_ = log_normalizer_ = 0;
    if (wants_.target_at_one) target_at_one = exp(at_one(mean_, classes_, temperature_).log_target);
  }

  void measure_mixture() {
    inverse_normalizer_ = 1;
    log_normalizer_ = 0;
    log_partition = 0;
    negative_entropy = 0;
    target_at_one = 0;
    split = {};
    const bool one_sweep = classes_ <= kBlockColumns && left_out_ < 0;
    for (int64_t k = 0; k < members.count; ++k) {
      RowSoftmax softmax = member(k);
      softmax.measure();
      measure_member(k, softmax);
      if (one_sweep) add_member(k, classes_);
    }
    if (left_out_ >= 0) weigh_what_is_left();
    if (one_sweep) {
      take_logarithms(0, classes_);
    } else if (classes_ <= kBlockColumns) {
      fill_mixture(0, classes_);
    }
  }

  void measure_member(int64_t k, RowSoftmax& softmax) {
    const double weight = members.weights[k];
    largest_[k] = softmax.largest;
    scale_[k] = members.weights[k] * softmax.inverse_normalizer;
    normalizer_[k] = softmax.normalizer;
    // 0, but NaN where the member has no distribution: a masked class of the mixture shows no more of it.
    log_partition += 0 * static_cast<double>(softmax.log_normalizer);
    if (wants_.negative_entropy) {
      double sum = 0;
      for_each_block(classes_, [&](int64_t first, int64_t columns) {
        softmax.fill(first, columns);
        sum += sum_of_products(columns, softmax.e, softmax.x);
      });
      negative_entropy += weight * (sum / softmax.normalizer - softmax.log_normalizer);
    }
    if (left_out_ < 0) return;
    member_split[k] = split_of(softmax);
    split.log_target = log_add(split.log_target, log(weight) + member_split[k].log_target);
    split.log_rest = log_add(split.log_rest, log(weight) + member_split[k].log_rest);
    if (wants_.target_at_one)
      target_at_one += weight * exp(at_one(softmax, classes_, temperature_).log_target);
  }

  // A member counts among what is left by the mass that it has there.
  void weigh_what_is_left() {
    for (int64_t k = 0; k < members.count; ++k) {
      const double share = members.weights[k] * exp(member_split[k].log_rest - split.log_rest);
      scale_[k] = share > 0 ? static_cast<float>(exp(log_scale(k))) : static_cast<float>(0 * share);
      if (split.log_rest == -HUGE_VAL) scale_[k] = 0;
    }
  }

  void add_member(int64_t k, int64_t columns) {
    const Vector scale = broadcast(scale_[k]);
    const float* const member = member_e_;
    float* const mixture = e_;
    for_each_whole_vector(columns, [&](int64_t j) {
      const Vector e = load(member + j);
      store(mixture + j, k == 0 ? e * scale : multiply_add(e, scale, load(mixture + j)));
    });
  }

  void fill_mixture(int64_t first, int64_t columns) {
    for (int64_t k = 0; k < members.count; ++k) {
      RowSoftmax softmax = member(k);
      softmax.largest = largest_[k];
      softmax.refill(first, columns);
      add_member(k, columns);
    }
    take_logarithms(first, columns);
  }

  void take_logarithms(int64_t first, int64_t columns) {
    if (!wants_.log_p) return;
    for_each_vector(columns, [&](int64_t j, auto lanes) {
      const Vector p = load(e_ + j);
      const bool inexact = any_less(p, lanes.keep(broadcast(kSmallestExactProbability)));
      const int64_t width = columns - j < kLanes ? columns - j : kLanes;
      store(x_ + j, inexact ? log_of_mixture(first + j, width) : log_of(p));
    });
  }

  Vector log_of_mixture(int64_t first, int64_t columns) const {
    Vector log_p = broadcast(-INFINITY);
    for (int64_t k = 0; k < members.count; ++k) {
      float z[kLanes];
      logits(k, 1).load(first, columns, z);
      if (left_out_ >= first && left_out_ < first + columns) z[left_out_ - first] = -INFINITY;
      const Vector shifted = load(z) - broadcast(largest_[k]);
      const Vector x = shifted * broadcast(1 / temperature_);
      if (scale_[k] > 0) log_p = log_add(log_p, x + broadcast(static_cast<float>(log_scale(k))));
    }
    return log_p;
  }

  Wants wants_;
  float temperature_;
  int64_t classes_;
  int64_t offset_ = 0;
  int64_t left_out_ = -1;
  float* x_;
  float* e_;
  float* member_x_;
  float* member_e_;
  RowSoftmax mean_{};
  float inverse_normalizer_ = 1;
  float log_normalizer_ = 0;
  float centres_[kMostMembers];
  float largest_[kMostMembers];
  float normalizer_[kMostMembers];
  float scale_[kMostMembers];
};

void write_distribution(const retort::EnsembleMeanRows& a, EnsembleRow& ensemble, int64_t row) {
  ensemble.measure(row, -1);
  for_each_block(a.classes, [&](int64_t first, int64_t columns) {
    ensemble.fill(first, columns);
    const Distribution mean = ensemble.distribution();
    store_block(a.members.dtype, a.output.data, row * a.output.stride + first, columns,
                [&](int64_t j) {
                  if (a.output_kind == RETORT_PROBABILITIES) return mean.p(j);
                  const Vector log_p = mean.log_p(j);
                  return a.output_kind == RETORT_LOGITS ? log_p * broadcast(a.temperature) : log_p;
                });
  });
}

void write_mean_logits(const retort::EnsembleMeanRows& a, int64_t row, float* scratch) {
  const LogitRow mean{a.members.dtype, a.members.form,  a.members.logits,      a.members.weights,
                      nullptr,         a.members.count, row * a.members.stride};
  for_each_block(a.classes, [&](int64_t first, int64_t columns) {
    mean.load(first, columns, scratch);
    store_block(a.members.dtype, a.output.data, row * a.output.stride + first, columns,
                [&](int64_t j) { return load(scratch + j); });
  });
}

void ensemble_mean(const retort::EnsembleMeanRows& a, int64_t first_row, int64_t end_row) {
  Block x, e, member_x, member_e;
  EnsembleRow::Wants wants;
  wants.log_p = a.output_kind != RETORT_PROBABILITIES;
  EnsembleRow ensemble(a.members, a.mean, a.temperature, a.classes, wants, x, e, member_x,
                       member_e);
  const bool logits = a.mean == RETORT_MEAN_OF_LOGITS && a.output_kind == RETORT_LOGITS;
  for (int64_t row = first_row; row < end_row; ++row) {
    if (logits) {
      write_mean_logits(a, row, x.values);
    } else {
      write_distribution(a, ensemble, row);
    }
  }
}

}  // namespace
