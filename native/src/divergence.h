// The divergences D(p, q) between the teachers' distribution p and the student's q = softmax(x).
//
// A divergence is one structure, which gives for a vector of classes
//
//   value         the summand of D
//   flow          f_j with dD/dx_j = f_j - q_j F: F = sum_j f_j where kSumsFlow, known beforehand otherwise
//   tangent_flow  b_j with p_j d<dD/dx, u>/dp_j = b_j, up to a multiple of p_j
//
// and, where it leaves the label's class out of p and q, what that class adds: its part of D, its entry
// of dD/dx, and its b. kOfLogits: D is a function of logits, not of distributions, and a mean of logits
// has its b with respect to v / T itself.
//
// CPU and CUDA share this file: a Vector is several lanes on the one, and on the other a float.
#pragma once

#include "cpu/kernels.h"
#include "split.h"
#if defined(RETORT_CUDA)
#include "cuda/vector.cuh"
#else
#include "cpu/vector.h"
#endif

namespace {

struct Entry {
  Vector p, log_p, q, log_q;
};

// What a divergence needs of the row besides its entries.
struct RowFacts {
  int64_t classes;
  // x_j - v_j / T = log q_j - log p_j + shift.
  double shift;
  // The label's class against all others; only for a divergence that leaves it out.
  Split teacher;
  Split student;
};

// What a tangent u needs of the row.
struct TangentMeans {
  float p;  // <p, u>
  float q;  // <q, u>
};

RETORT_DEVICE double times_log(double log_p, double logarithm) {
  const double p = exp(log_p);
  return p == 0 ? 0 : p * logarithm;
}

struct WithTheLabel {
  static constexpr bool kLeavesLabelOut = false;
  static constexpr bool kOfLogits = false;
  RETORT_DEVICE double label_value() const { return 0; }
  RETORT_DEVICE float label_gradient() const { return 0; }
  RETORT_DEVICE float label_tangent_flow(float, TangentMeans) const { return 0; }
};

// sum_j p_j (log p_j - log q_j); as a cross-entropy without the first logarithm.
struct ForwardKl : WithTheLabel {
  static constexpr bool kSumsFlow = false;
  bool cross_entropy;

  RETORT_DEVICE ForwardKl(const retort_distillation_loss_options& options, const RowFacts&)
      : cross_entropy(options.soft_value != RETORT_KL_OF_MEAN) {}
  RETORT_DEVICE Vector value(Entry e) const {
    return zero_where_zero(e.p, e.p * ((cross_entropy ? broadcast(0) : e.log_p) - e.log_q));
  }
  RETORT_DEVICE Vector flow(Entry e) const { return broadcast(0) - e.p; }
  RETORT_DEVICE float flow_sum() const { return -1; }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector u, TangentMeans mean) const {
    return e.p * (broadcast(mean.p) - u);
  }
};

// sum_j q_j r_j with r_j = log q_j - log p_j; in the gradient r_j = 0 where p_j = 0.
struct ReverseKl : WithTheLabel {
  static constexpr bool kSumsFlow = true;

  RETORT_DEVICE ReverseKl(const retort_distillation_loss_options&, const RowFacts&) {}
  RETORT_DEVICE Vector value(Entry e) const {
    return zero_where_zero(e.q, e.q * (e.log_q - e.log_p));
  }
  RETORT_DEVICE Vector flow(Entry e) const { return where_masked(e.log_p, broadcast(0), value(e)); }
  RETORT_DEVICE float flow_sum() const { return 0; }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector u, TangentMeans mean) const {
    return where_masked(e.log_p, broadcast(0), e.q * (broadcast(mean.q) - u));
  }
};

// sum_j beta p_j (log p_j - log m_j) + (1 - beta) q_j l_j with m = beta p + (1 - beta) q, l = log q - log m.
struct JensenShannon : WithTheLabel {
  static constexpr bool kSumsFlow = true;
  float beta, log_beta, log_rest;

  RETORT_DEVICE JensenShannon(const retort_distillation_loss_options& options, const RowFacts&)
      : beta(options.beta), log_beta(logf(beta)), log_rest(log1pf(-beta)) {}
  RETORT_DEVICE Vector log_m(Entry e) const {
    return log_add(e.log_p + broadcast(log_beta), e.log_q + broadcast(log_rest));
  }
  RETORT_DEVICE Vector value(Entry e) const {
    const Vector teacher = zero_where_zero(e.p, e.p * (e.log_p - log_m(e))) * broadcast(beta);
    return teacher + flow(e);
  }
  RETORT_DEVICE Vector flow(Entry e) const {
    return zero_where_zero(e.q, e.q * (e.log_q - log_m(e))) * broadcast(1 - beta);
  }
  RETORT_DEVICE float flow_sum() const { return 0; }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector u, TangentMeans mean) const {
    // beta p_j / m_j, at most 1.
    const Vector share =
        exp_nonpositive(minimum(e.log_p + broadcast(log_beta) - log_m(e), broadcast(0)));
    const Vector moved = e.q * (broadcast(mean.q) - u) * broadcast(1 - beta);
    return zero_where_zero(moved, moved * share);
  }
};

// sum_j |q_j - p_j| / 2; the slope of a tie is 0. Where it has a slope, that does not move with p.
struct TotalVariation : WithTheLabel {
  static constexpr bool kSumsFlow = true;

  RETORT_DEVICE TotalVariation(const retort_distillation_loss_options&, const RowFacts&) {}
  RETORT_DEVICE Vector value(Entry e) const {
    const Vector d = e.q - e.p;
    return where_less(d, broadcast(0), broadcast(0) - d, d) * broadcast(0.5f);
  }
  RETORT_DEVICE Vector flow(Entry e) const {
    const Vector d = e.q - e.p;  // is the sign itself where it is 0 or NaN
    const Vector sign = where_less(broadcast(0), d, broadcast(0.5f),
                                   where_less(d, broadcast(0), broadcast(-0.5f), d));
    return e.q * sign;
  }
  RETORT_DEVICE float flow_sum() const { return 0; }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector, TangentMeans) const {
    return (e.p - e.p) + (e.q - e.q);
  }
};

// sum_j (x_j - v_j / T)^2 / classes; a class that either side masks counts as equal.
struct SquaredError : WithTheLabel {
  static constexpr bool kOfLogits = true;
  static constexpr bool kSumsFlow = false;
  float shift, share;
  float masked;  // of a masked class: 0, but NaN where a side has no distribution

  RETORT_DEVICE SquaredError(const retort_distillation_loss_options&, const RowFacts& row)
      : shift(static_cast<float>(row.shift)),
        share(1 / static_cast<float>(row.classes)),
        masked(static_cast<float>(row.shift - row.shift)) {}
  RETORT_DEVICE static Vector where_either_masked(Entry e, Vector masked, Vector otherwise) {
    return where_masked(e.log_p, masked, where_masked(e.log_q, masked, otherwise));
  }
  RETORT_DEVICE Vector difference(Entry e) const {
    return where_either_masked(e, broadcast(masked), e.log_q - e.log_p + broadcast(shift));
  }
  RETORT_DEVICE Vector value(Entry e) const {
    return difference(e) * difference(e) * broadcast(share);
  }
  RETORT_DEVICE Vector flow(Entry e) const { return difference(e) * broadcast(2 * share); }
  RETORT_DEVICE float flow_sum() const { return 0; }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector u, TangentMeans) const {
    return where_either_masked(e, broadcast(masked), u * broadcast(-2 * share));
  }
};

// a KL((p_y, 1 - p_y) || (q_y, 1 - q_y)) + b KL(p' || q'); the entries are p' and q'.
struct Decoupled {
  static constexpr bool kLeavesLabelOut = true;
  static constexpr bool kOfLogits = false;
  static constexpr bool kSumsFlow = false;
  double target;      // a
  float non_target;   // b; 0 where a side has no mass outside the label
  double difference;  // q_y - p_y
  Split p, q;

  RETORT_DEVICE Decoupled(const retort_distillation_loss_options& options, const RowFacts& row)
      : target(options.target_weight),
        non_target(options.non_target_weight),
        p(row.teacher),
        q(row.student) {
    if (p.log_rest == -HUGE_VAL || q.log_rest == -HUGE_VAL) non_target = 0;
    // Of the two equal differences the one whose terms are smaller.
    difference = p.log_target + q.log_target > p.log_rest + q.log_rest
                     ? exp(p.log_rest) - exp(q.log_rest)
                     : exp(q.log_target) - exp(p.log_target);
  }
  RETORT_DEVICE Vector value(Entry e) const {
    if (non_target == 0) return broadcast(0);
    return zero_where_zero(e.p, e.p * (e.log_p - e.log_q)) * broadcast(non_target);
  }
  RETORT_DEVICE Vector flow(Entry e) const { return e.p * broadcast(-non_target); }
  RETORT_DEVICE float flow_sum() const {
    return static_cast<float>(target * difference) - non_target;
  }
  RETORT_DEVICE double label_value() const {
    return target * (times_log(p.log_target, p.log_target - q.log_target) +
                     times_log(p.log_rest, p.log_rest - q.log_rest));
  }
  RETORT_DEVICE float label_gradient() const { return static_cast<float>(target * difference); }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector u, TangentMeans mean) const {
    return e.p * (broadcast(mean.p) - u) * broadcast(non_target);
  }
  RETORT_DEVICE float label_tangent_flow(float u, TangentMeans mean) const {
    return static_cast<float>(target * exp(p.log_target) * (static_cast<double>(mean.q) - u));
  }
};

// -b sum_j p'_j log q'_j; the entries are p' and q'. The label's part is a cross-entropy with the label
// at temperature 1 and lies with the hard part.
struct Normalized {
  static constexpr bool kLeavesLabelOut = true;
  static constexpr bool kOfLogits = false;
  static constexpr bool kSumsFlow = false;
  float non_target;  // b; 0 where a side has no mass outside the label

  RETORT_DEVICE Normalized(const retort_distillation_loss_options& options, const RowFacts& row)
      : non_target(options.non_target_weight) {
    // NaN where a side has no distribution at all.
    const double rest = row.teacher.log_rest + row.student.log_rest;
    if (rest == -HUGE_VAL) non_target = 0;
    if (rest != rest) non_target = NAN;
  }
  RETORT_DEVICE Vector value(Entry e) const {
    if (non_target == 0) return broadcast(0);
    return zero_where_zero(e.p, e.p * e.log_q) * broadcast(-non_target);
  }
  RETORT_DEVICE Vector flow(Entry e) const { return e.p * broadcast(-non_target); }
  RETORT_DEVICE float flow_sum() const { return -non_target; }
  RETORT_DEVICE double label_value() const { return 0; }
  RETORT_DEVICE float label_gradient() const { return 0; }
  RETORT_DEVICE Vector tangent_flow(Entry e, Vector u, TangentMeans mean) const {
    return e.p * (broadcast(mean.p) - u) * broadcast(non_target);
  }
  RETORT_DEVICE float label_tangent_flow(float, TangentMeans) const { return 0; }
};

// body(the kind of divergence that the options name); they never name one end of Jensen-Shannon, but that KL.
template <typename Divergence>
struct DivergenceKind {
  using Type = Divergence;
};

template <typename Body>
auto with_divergence_kind(retort_divergence divergence, Body body) {
  switch (divergence) {
    case RETORT_REVERSE_KL:
      return body(DivergenceKind<ReverseKl>{});
    case RETORT_JENSEN_SHANNON:
      return body(DivergenceKind<JensenShannon>{});
    case RETORT_TOTAL_VARIATION:
      return body(DivergenceKind<TotalVariation>{});
    case RETORT_SQUARED_ERROR:
      return body(DivergenceKind<SquaredError>{});
    case RETORT_DECOUPLED:
      return body(DivergenceKind<Decoupled>{});
    case RETORT_NORMALIZED:
      return body(DivergenceKind<Normalized>{});
    default:
      return body(DivergenceKind<ForwardKl>{});
  }
}

}  // namespace
