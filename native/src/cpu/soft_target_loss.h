// The distillation loss against soft targets (the forward KL) and labels, which nearly every run asks for:
// what its two kernels, soft_target_tile.h and soft_target_row.h, compute. retort.h has the formulas. With
// c = log2(e) / T, v a teacher's or the teachers' mean logit, s the student's, m = max v, n = max s:
//
//   t_j = (v_j - m) c     e_j = 2^t_j     Z = sum_j e_j      p_j = e_j / Z
//   u_j = (s_j - n) c     f_j = 2^u_j     Y = sum_j f_j      q_j = f_j / Y
//                         h_j = f_j^T     H = sum_j h_j      softmax(s)_j = h_j / H
//
//   soft = T^2 (ln 2 * sum_j e_j (t_j - u_j) / Z + log Y - log Z)
//   hard = log H - (1 - smoothing) (s_y - n) - smoothing * mean_j (s_j - n)
//   gradient_j = f_j a / Y - e_j a / Z + h_j b / H - b * smoothing / classes - [j = y] b (1 - smoothing)
//
// where a = alpha * T * weight / denominator and b = (1 - alpha) * weight / denominator. A mixture of
// several teachers has e_j = p_j and Z = 1.
//
// Bytes: (K + 1) * classes read from memory, classes written. So a class has the time that K + 2 numbers
// take to pass, some 1 ns a core for four teachers: enough for two exponentials, not for three sweeps
// over memory. The sweeps below therefore run over a scratch in the cache, exponentiate nothing twice,
// leave one multiply-add to every sum and term, and ask for the operands of the next rows meanwhile.
//
// A lane is a row of its own in soft_target_tile.h and a class of one row in soft_target_row.h; the sweeps
// are the same.
#pragma once

#include "distillation_row.h"
#include "kernels.h"
#include "upcoming.h"
#include "vector.h"

namespace {

constexpr float kLog2E = 1.44269504f;
constexpr float kLn2 = 0.693147181f;
constexpr int64_t kGap = 21 * 16;

// Whether the loss is one that this file computes: not standardised, its teachers not given as
// probabilities, and either the forward KL or no soft part at all.
bool has_soft_targets(const retort_distillation_loss_options& options) {
  if (options.alpha == 0) return true;
  return options.divergence == RETORT_FORWARD_KL && !options.standardize_logits &&
         options.teacher_form != RETORT_PROBABILITIES;
}

// ---- what a class's teachers are: t and e of what load() left in the scratch ----

struct Exponential {
  Vector exponent;
  Vector value;
};

struct MeanOfLogits {
  Exponential at(Vector logit, Vector peak, Vector scale) const {
    const Vector exponent = (logit - peak) * scale;
    return {exponent, exp2_nonpositive(exponent)};
  }
};

struct Mixture {
  Exponential at(Vector p, Vector, Vector) const { return {log_of(p) * broadcast(kLog2E), p}; }
};

// Where nobody asks for the KL of the mixture itself, its logarithm is not taken.
struct MixtureWithoutLogarithm {
  Exponential at(Vector p, Vector, Vector) const { return {broadcast(0), p}; }
};

struct NoTeachers {
  Exponential at(Vector, Vector, Vector) const { return {broadcast(0), broadcast(0)}; }
};

// ---- the student at temperature 1: h of a class ----

struct NoHardPart {
  static constexpr bool kHasValues = false;
  Vector measure(int64_t, Vector, Vector) const { return broadcast(0); }
  Vector at(int64_t, Vector) const { return broadcast(0); }
};

struct OwnExponential {
  static constexpr bool kHasValues = true;
  float* values;

  Vector measure(int64_t i, Vector, Vector centred) const {
    const Vector h = exp2_nonpositive(centred * broadcast(kLog2E));
    store(values + i, h);
    return h;
  }
  Vector at(int64_t i, Vector) const { return load(values + i); }
};

// f^T, for the temperatures at which it takes two multiplications at most: T times the error of an
// exponent's rounding, which is that of the larger exponent itself, and two roundings more.
template <int kTemperature>
struct Power {
  static constexpr bool kHasValues = false;
  Vector measure(int64_t, Vector f, Vector) const { return of(f); }
  Vector at(int64_t, Vector f) const { return of(f); }

 private:
  static Vector of(Vector f) {
    if (kTemperature == 1) return f;
    const Vector square = f * f;
    return kTemperature == 2 ? square : square * (kTemperature == 3 ? f : square);
  }
};

// ---- the sweeps ----

// Vectors of one block or tile in the scratch.
struct SoftTargetBlock {
  int64_t elements;  // whole vectors
  float* teacher;    // v or p, then e, then the gradient
  float* student;    // s, then f
  float* hard;       // h where it has exponentials of its own
};

struct SoftTargetPeaks {
  Vector teacher;
  Vector student;
};

struct SoftTargetSums {
  Vector teacher = broadcast(0);     // Z
  Vector student = broadcast(0);     // Y
  Vector hard = broadcast(0);        // H
  Vector divergence = broadcast(0);  // sum_j e_j (t_j - u_j)
};

// The factors of the gradient's terms, a / Y, a / Z, b / H, and b * smoothing / classes.
struct SoftTargetFactors {
  Vector student;
  Vector teacher;
  Vector hard;
  Vector uniform;
  Vector at_label;  // b (1 - smoothing)
};

template <typename Teacher, typename Hard>
__attribute__((noinline)) SoftTargetSums exponentiate(Teacher teacher, Hard hard,
                                                      SoftTargetBlock block, SoftTargetPeaks peaks,
                                                      Vector scale, Vector kept,
                                                      UpcomingOperands* upcoming, int64_t lines) {
  UpcomingOperands next = *upcoming;
  Sum student = broadcast(0), teachers = student, hard_sum = student, divergence = student;
  for (int64_t i = 0; i < block.elements; i += kLanes) {
    const Vector centred = load(block.student + i) - peaks.student;
    const Vector exponent = centred * scale;
    const Vector f = exp2_nonpositive(exponent);
    const Exponential e = teacher.at(load(block.teacher + i), peaks.teacher, scale);
    store(block.student + i, f);
    store(block.teacher + i, e.value);
    student = student + f;
    teachers = teachers + e.value;
    hard_sum = hard_sum + hard.measure(i, f, centred);
    divergence = multiply_add_where_nonzero(e.value, multiply_subtract(e.exponent, kept, exponent),
                                            divergence);
    next.fetch(lines);
  }
  *upcoming = next;
  return {vector_of(teachers), vector_of(student), vector_of(hard_sum), vector_of(divergence)};
}

// A class whose p and q and their factors are the same has no soft part to the bit: both products round
// before the subtraction.
template <typename Hard>
__attribute__((noinline)) void write_gradient(Hard hard, SoftTargetBlock block,
                                              SoftTargetFactors factors,
                                              UpcomingOperands* upcoming) {
  UpcomingOperands next = *upcoming;
  for (int64_t i = 0; i < block.elements; i += kLanes) {
    const Vector f = load(block.student + i), e = load(block.teacher + i);
    const Vector soft = f * factors.student - e * factors.teacher;
    const Vector labels = multiply_subtract(hard.at(i, f), factors.hard, factors.uniform);
    store(block.teacher + i, soft + labels);
    next.fetch(1);
  }
  *upcoming = next;
}

// One teacher of a mixture: e of its logits in place.
struct MemberSums {
  Vector normalizer = broadcast(0);
  Vector negative_entropy = broadcast(0);  // sum_j e_j t_j
};

MemberSums exponentiate_member(int64_t elements, float* logits, Vector peak, Vector scale) {
  Sum normalizer = broadcast(0), negative_entropy = broadcast(0);
  for (int64_t i = 0; i < elements; i += kLanes) {
    const Vector exponent = (load(logits + i) - peak) * scale;
    const Vector e = exp2_nonpositive(exponent);
    store(logits + i, e);
    normalizer = normalizer + e;
    negative_entropy = multiply_add_where_nonzero(e, exponent, negative_entropy);
  }
  return {vector_of(normalizer), vector_of(negative_entropy)};
}

void add_member(int64_t elements, const float* e, Vector share, bool first, float* mixture) {
  for (int64_t i = 0; i < elements; i += kLanes) {
    const Vector p = load(e + i) * share;
    store(mixture + i, first ? p : p + load(mixture + i));
  }
}

// A row without a class to count has the peak 0, so that its exponentials are 0, not NaN.
Vector finite_peak(Vector peak) { return where_masked(peak, broadcast(0), peak); }

// ---- the call ----

// What up to as many rows as a vector has lanes take from their weights, labels and logits; a lane each.
struct SoftTargetLanes {
  double weight[kLanes];  // 0: the row is ignored
  int64_t label[kLanes];
  float soft_weight[kLanes] = {};       // a
  float hard_weight[kLanes] = {};       // b
  float label_logit[kLanes] = {};       // s_y - n
  float logit_sum[kLanes] = {};         // sum_j (s_j - n), where labels are smoothed
  float negative_entropy[kLanes] = {};  // sum_k w_k sum_j p_kj log p_kj, where it is told
};

class SoftTargetLoss {
  template <typename Body>
  auto with_teacher(Body body) const {
    if (!has_soft_) return body(NoTeachers{});
    if (!mixture_) return body(MeanOfLogits{});
    if (told_ && options_.soft_value == RETORT_KL_OF_MEAN) return body(Mixture{});
    return body(MixtureWithoutLogarithm{});
  }

  template <typename Body>
  auto with_hard(float* values, Body body) const {
    if (!has_hard_) return body(NoHardPart{});
    const float temperature = has_soft_ ? options_.temperature : 1;
    if (temperature == 1) return body(Power<1>{});
    if (temperature == 2) return body(Power<2>{});
    if (temperature == 3) return body(Power<3>{});
    if (temperature == 4) return body(Power<4>{});
    return body(OwnExponential{values});
  }

 public:
  explicit SoftTargetLoss(const retort::DistillationLossRows& a)
      : a_(a),
        options_(a.rows.options),
        has_soft_(options_.alpha > 0),
        has_hard_(options_.alpha < 1),
        mixture_(has_soft_ && options_.mean == RETORT_MEAN_OF_PROBABILITIES &&
                 a.rows.teachers.count > 1),
        told_(a.row_loss != nullptr || a.wants_sums),
        soft_weight_(static_cast<double>(options_.alpha) * a.rows.soft_scale /
                     static_cast<double>(options_.temperature) * a.rows.gradient_scale),
        hard_weight_((1.0 - options_.alpha) * a.rows.gradient_scale) {
    const retort::MemberLogits& teachers = a.rows.teachers;
    for (int64_t k = 0; k < teacher_count(); ++k) {
      weights_[k] = mixture_ ? 1 : teachers.weights[k] * teachers.scales[k];
    }
  }

  bool mixture() const { return mixture_; }
  // Whether there are members, or exponentials of the hard part's own, to keep beside p and q.
  bool needs_third_scratch() const {
    return mixture_ || with_hard(nullptr, [](auto hard) { return hard.kHasValues; });
  }
  bool smooths_labels() const { return has_hard_ && options_.label_smoothing > 0; }
  bool wants_entropies() const { return told_ && options_.soft_value == RETORT_MEAN_OF_KL; }
  int64_t teacher_count() const { return has_soft_ ? a_.rows.teachers.count : 0; }
  // What a teacher's logits are multiplied by in the mean of logits; 1 in a mixture.
  const float* weights() const { return weights_; }
  // log2(e) / T; without a soft part the student at T is the student at 1.
  float scale() const { return has_soft_ ? kLog2E / options_.temperature : kLog2E; }

  // 1 where the value counts the teachers' own logarithms, as a cross-entropy does not.
  float kept() const { return options_.soft_value == RETORT_KL_OF_MEAN ? 1 : 0; }

  SoftTargetSums exponentiate(const SoftTargetBlock& block, const SoftTargetPeaks& peaks,
                              UpcomingOperands* upcoming) const {
    return with_teacher([&](auto teacher) {
      return with_hard(block.hard, [&](auto hard) {
        return ::exponentiate(teacher, hard, block, peaks, broadcast(scale()), broadcast(kept()),
                              upcoming, teacher_count() / 2 + 1);
      });
    });
  }

  void write_gradient(const SoftTargetBlock& block, const SoftTargetFactors& factors,
                      UpcomingOperands* upcoming) const {
    with_hard(block.hard, [&](auto hard) { ::write_gradient(hard, block, factors, upcoming); });
  }

  // Weights and labels of rows.
  void read_rows(int64_t first_row, int64_t count, SoftTargetLanes* rows) const {
    for (int64_t i = 0; i < count; ++i) {
      rows->weight[i] = weight_of(a_.rows, first_row + i);
      rows->label[i] = a_.rows.labels == nullptr ? 0 : label_class(a_.rows, first_row + i);
    }
    for (int64_t i = 0; i < count; ++i) {
      if (rows->weight[i] == 0) rows->label[i] = 0;
      rows->soft_weight[i] = static_cast<float>(soft_weight_ * rows->weight[i]);
      rows->hard_weight[i] = static_cast<float>(hard_weight_ * rows->weight[i]);
    }
  }

  SoftTargetFactors factors(const SoftTargetSums& sums, const SoftTargetLanes& rows) const {
    const Vector soft = load(rows.soft_weight), hard = load(rows.hard_weight);
    const float smoothing = options_.label_smoothing;
    return {soft / sums.student, soft / teacher_normalizer(sums),
            has_hard_ ? hard / sums.hard : broadcast(0),
            hard * broadcast(smoothing / static_cast<float>(a_.rows.classes)),
            hard * broadcast(1 - smoothing)};
  }

  // Adds the rows' losses to the sums, and writes them where they are wanted.
  void add_losses(int64_t first_row, int64_t count, const SoftTargetSums& sums,
                  const SoftTargetLanes& rows, retort::LossSums* all) const {
    if (!told_) return;
    alignas(64) float soft[kLanes], hard[kLanes];
    store(soft, has_soft_ ? soft_loss(sums, rows) : broadcast(0));
    store(hard, has_hard_ ? hard_loss(sums, rows) : broadcast(0));
    for (int64_t i = 0; i < count; ++i) {
      const double weight = rows.weight[i];
      const bool counts = weight != 0;
      const double weighted_soft = counts ? weight * soft[i] : 0;
      const double weighted_hard = counts ? weight * hard[i] : 0;
      all->soft += weighted_soft;
      all->hard += weighted_hard;
      if (a_.row_loss == nullptr) continue;
      // A part that does not count is 0 already, and its weight may be anything but that.
      a_.row_loss[first_row + i] =
          static_cast<float>(static_cast<double>(options_.alpha) * weighted_soft +
                             (1.0 - options_.alpha) * weighted_hard);
    }
  }

 private:
  Vector soft_loss(const SoftTargetSums& sums, const SoftTargetLanes& rows) const {
    const Vector normalizer = teacher_normalizer(sums);
    const Vector ratio = log_of(sums.student) - (mixture_ ? broadcast(0) : partition(normalizer));
    const Vector divergence = sums.divergence / normalizer * broadcast(kLn2) + ratio;
    return (divergence + load(rows.negative_entropy)) * broadcast(a_.rows.soft_scale);
  }

  Vector hard_loss(const SoftTargetSums& sums, const SoftTargetLanes& rows) const {
    const float smoothing = options_.label_smoothing;
    Vector loss = log_of(sums.hard);
    if (smoothing < 1) loss = loss - load(rows.label_logit) * broadcast(1 - smoothing);
    if (smoothing > 0) {
      const float share = smoothing / static_cast<float>(a_.rows.classes);
      loss = loss - load(rows.logit_sum) * broadcast(share);
    }
    return loss;
  }

  // As a cross-entropy the value has no term of the teachers alone.
  Vector partition(Vector normalizer) const {
    return options_.soft_value == RETORT_KL_OF_MEAN ? log_of(normalizer) : broadcast(0);
  }
  Vector teacher_normalizer(const SoftTargetSums& sums) const {
    return mixture_ || !has_soft_ ? broadcast(1) : sums.teacher;
  }

  const retort::DistillationLossRows& a_;
  const retort_distillation_loss_options& options_;
  const bool has_soft_;
  const bool has_hard_;
  const bool mixture_;
  const bool told_;           // whether anybody asks for the loss besides its gradient
  const double soft_weight_;  // a of a row of weight 1
  const double hard_weight_;  // b
  float weights_[kMostMembers];
};

}  // namespace
