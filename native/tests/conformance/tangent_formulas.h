// The gradient of <G, u> on every teacher's logits, from formulas, in any arithmetic: in float it is the naive
// computation, in double it stands in for the reference, whose differences are too slow for many classes and
// do not see through a masked one. A test holds the two against each other.
//
//   <G, u> = scale / T * phi(p, q, u~)      u~: the tangent through the student's standardisation
//
// With b_j = p_j dphi/dp_j and r_kj = w_k p_kj / p_j, member k's share of p_j (see distillation_tangent.h):
//
//   of logits         w_k (b_j - p_j <1, b>)         on y_k = z_k / T
//   of probabilities  r_kj b_j - p_kj <r_k, b>
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "naive.h"
#include "retort/retort.h"

namespace retort::conformance {

template <typename Real>
class TangentFormulas {
 public:
  using Row = std::vector<Real>;
  // As reference::DistillationOptions or naive::DistillationOptions.
  template <typename Options>
  static std::vector<Row> gradients(const Options& options, const Row& student,
                                    const std::vector<Row>& teachers, const Row& weights,
                                    int64_t label, const Row& tangent) {
    TangentFormulas f;
    f.mean_of_logits_ = static_cast<int>(options.mean) == RETORT_MEAN_OF_LOGITS;
    f.divergence_ = static_cast<retort_divergence>(static_cast<int>(options.divergence));
    f.beta_ = options.beta;
    f.target_ = options.target_weight;
    f.non_target_ = options.non_target_weight;
    f.label_ = static_cast<size_t>(std::max<int64_t>(label, 0));
    f.set_weights(weights);
    f.set_sides(options, student, teachers, tangent);
    const Real scale =
        options.alpha *
        (options.scale_by_temperature_squared ? options.temperature : 1 / options.temperature);
    return f.pulled_back(options, teachers, scale, student, tangent);
  }

 private:
  static Real times(Real probability, Real x) { return probability == 0 ? 0 : probability * x; }
  static Real dot(const Row& a, const Row& b) {
    Real sum = 0;
    for (size_t j = 0; j < a.size(); ++j) sum += times(a[j], b[j]);
    return sum;
  }
  static Row scaled(Row row, Real factor) {
    for (Real& x : row) x *= factor;
    return row;
  }

  void set_weights(const Row& weights) {
    Real sum = 0;
    for (const Real w : weights) sum += w;
    weights_ = scaled(weights, 1 / sum);
  }

  template <typename Options>
  void set_sides(const Options& options, const Row& student, const std::vector<Row>& teachers,
                 const Row& tangent) {
    using naive::log_softmax;
    using naive::softmax;
    using naive::standardized;
    using naive::standardized_backward;
    using reference::log_softmax;
    using reference::softmax;
    using reference::standardized;
    using reference::standardized_backward;
    const bool standardize = options.standardize_logits;
    const Real epsilon = options.standardize_epsilon;
    u_ = standardize ? standardized_backward(student, epsilon, tangent) : tangent;
    const Row x = standardize ? standardized(student, epsilon) : student;
    q_ = softmax(x, options.temperature);
    log_q_ = log_softmax(x, options.temperature);
    mean_.assign(x.size(), 0);
    p_.assign(x.size(), 0);
    for (size_t k = 0; k < teachers.size(); ++k) {
      const Row z = standardize ? standardized(teachers[k], epsilon) : teachers[k];
      factors_.push_back(options.teacher_temperatures.empty()
                             ? 1
                             : options.temperature / options.teacher_temperatures[k]);
      seen_.push_back(scaled(z, factors_[k]));
      log_members_.push_back(log_softmax(seen_[k], options.temperature));
      members_.push_back(softmax(seen_[k], options.temperature));
      for (size_t j = 0; j < x.size() && weights_[k] > 0; ++j) {
        mean_[j] += weights_[k] * seen_[k][j];
        p_[j] += weights_[k] * members_[k][j];
      }
    }
    log_p_ = mean_of_logits_ ? log_softmax(mean_, options.temperature) : log_of_mixture();
    if (mean_of_logits_) p_ = softmax(mean_, options.temperature);
  }

  // Of what is too small to be a number itself, too.
  Row log_of_mixture() const {
    Row log_p;
    for (size_t j = 0; j < p_.size(); ++j) {
      Real largest = -HUGE_VAL, sum = 0;
      for (size_t k = 0; k < weights_.size(); ++k) {
        if (weights_[k] > 0) largest = std::max(largest, log_members_[k][j]);
      }
      for (size_t k = 0; k < weights_.size(); ++k) {
        if (weights_[k] > 0) sum += weights_[k] * std::exp(log_members_[k][j] - largest);
      }
      log_p.push_back(largest == -HUGE_VAL && !std::isnan(p_[j]) ? largest
                                                                 : largest + std::log(sum));
    }
    return log_p;
  }

  // b
  Row slope() const {
    const size_t classes = p_.size();
    Row b(classes, 0);
    const Real mean_p = dot(p_, u_), mean_q = dot(q_, u_);
    switch (divergence_) {
      case RETORT_REVERSE_KL:
        return reverse(1, 1);
      case RETORT_JENSEN_SHANNON:
        if (beta_ == 0) break;
        return beta_ == 1 ? reverse(1, 1) : reverse(1 - beta_, beta_);
      case RETORT_TOTAL_VARIATION:
        for (size_t j = 0; j < classes; ++j) b[j] = 0 * (p_[j] + q_[j]);
        return b;
      case RETORT_SQUARED_ERROR:
        for (size_t j = 0; j < classes; ++j) {
          const bool masked = std::isinf(log_q_[j]) || std::isinf(log_p_[j]);
          b[j] = masked ? 0 : -2 * u_[j] / static_cast<Real>(classes) + 0 * (p_[j] + q_[j]);
        }
        return b;
      case RETORT_DECOUPLED:
      case RETORT_NORMALIZED:
        return without_label();
      default:
        break;
    }
    for (size_t j = 0; j < classes; ++j) b[j] = -times(p_[j], u_[j] - mean_p) + 0 * mean_q;
    return b;
  }

  // -factor q_j (u_j - <q, u>) share_j, the share 1 or beta p_j / m_j; nothing where p_j is 0.
  Row reverse(Real factor, Real beta) const {
    const Real mean = dot(q_, u_);
    Row b;
    for (size_t j = 0; j < p_.size(); ++j) {
      // p / m, at most 1 / beta, from the logarithm of q / p.
      const Real share =
          beta == 1 ? 1 : beta / (beta + (1 - beta) * std::exp(log_q_[j] - log_p_[j]));
      const Real moved = -factor * times(q_[j], u_[j] - mean);
      b.push_back((std::isinf(log_p_[j]) || moved == 0 ? 0 : share * moved) + 0 * mean);
    }
    return b;
  }

  // The distribution without the label, beside which it may be too small to be a number itself; empty where
  // there is nothing else.
  Row left_of(const Row& log_p) const {
    Real largest = -HUGE_VAL, sum = 0;
    for (size_t j = 0; j < log_p.size(); ++j) {
      if (j != label_ && !(log_p[j] <= largest)) largest = log_p[j];
    }
    if (largest == -HUGE_VAL) return {};
    Row left;
    for (size_t j = 0; j < log_p.size(); ++j) {
      left.push_back(j == label_ ? 0 : std::exp(log_p[j] - largest));
      sum += left[j];
    }
    return scaled(left, 1 / sum);
  }

  Row without_label() const {
    const Row p = left_of(log_p_), q = left_of(log_q_);
    const bool nothing = p.empty() || q.empty();
    const Real mean_p = p.empty() ? 0 : dot(p, u_), mean_q = q.empty() ? 0 : dot(q, u_);
    Row b;
    for (size_t j = 0; j < p_.size(); ++j)
      b.push_back(nothing ? 0 : -non_target_ * times(p[j], u_[j] - mean_p) + 0 * mean_q);
    b[label_] =
        divergence_ == RETORT_DECOUPLED ? -target_ * times(p_[label_], u_[label_] - mean_q) : 0;
    return b;
  }

  // The normalised divergence's label part, p1_y (<s, u> - u_y) at temperature 1, on member k.
  Row label_part(size_t k, const Row& student, const Row& tangent) const {
    using naive::softmax;
    using reference::softmax;
    const Row s = softmax(student, Real{1});
    const Real slope = target_ * (dot(s, tangent) - tangent[label_]);
    const Row p = softmax(mean_of_logits_ ? mean_ : seen_[k], Real{1});
    Row part;
    for (size_t j = 0; j < p.size(); ++j)
      part.push_back(weights_[k] * slope * times(p[label_], (j == label_ ? 1 : 0) - p[j]));
    return part;
  }

  template <typename Options>
  std::vector<Row> pulled_back(const Options& options, const std::vector<Row>& teachers, Real scale,
                               const Row& student, const Row& tangent) const {
    using naive::standardized_backward;
    using reference::standardized_backward;
    const Row b = slope();
    const bool of_logits = divergence_ == RETORT_SQUARED_ERROR && mean_of_logits_;
    // NaN where a side has no distribution, 0 otherwise.
    const Real doubt = 0 * (p_[0] + q_[0]);
    std::vector<Row> gradients;
    for (size_t k = 0; k < teachers.size(); ++k) {
      Row r(p_.size());
      for (size_t j = 0; j < p_.size(); ++j)
        r[j] = mean_of_logits_         ? weights_[k]
               : std::isinf(log_p_[j]) ? 0
                                       : weights_[k] * std::exp(log_members_[k][j] - log_p_[j]);
      const Real product = of_logits ? 0 : dot(b, r);
      Row g(p_.size(), 0);
      for (size_t j = 0; j < p_.size() && weights_[k] > 0; ++j) {
        const Real mass = mean_of_logits_ ? p_[j] : members_[k][j];
        g[j] = (r[j] * b[j] - mass * product) * scale / options.temperature + doubt;
      }
      if (divergence_ == RETORT_NORMALIZED && weights_[k] > 0) {
        const Row part = label_part(k, student, tangent);
        for (size_t j = 0; j < g.size(); ++j) g[j] += options.alpha * part[j];
      }
      g = scaled(g, factors_[k]);
      if (options.standardize_logits && weights_[k] > 0)
        g = standardized_backward(teachers[k], options.standardize_epsilon, g);
      gradients.push_back(g);
    }
    return gradients;
  }

  bool mean_of_logits_ = true;
  retort_divergence divergence_ = RETORT_FORWARD_KL;
  Real beta_ = 0, target_ = 0, non_target_ = 0;
  size_t label_ = 0;
  Row weights_, factors_;
  Row u_, q_, log_q_, p_, log_p_, mean_;
  std::vector<Row> seen_, members_, log_members_;
};

}  // namespace retort::conformance
