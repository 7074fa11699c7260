// The distillation loss against soft targets (the forward KL) and labels, which nearly every run asks for:
// what soft_target_batch.h and soft_target_long_rows.h compute. retort.h has the formulas. With
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
// over memory. The sweeps below therefore run over a scratch in the cache, exponentiate no row twice that
// fits, leave one multiply-add to every sum and term, and ask for the operands of the next rows meanwhile.
//
// A lane is a row of its own in soft_target_tile.h and a class of one row elsewhere; the sweeps are the same.
#pragma once

#include "distillation_row.h"
#include "kernels.h"
#include "soft_target_lanes.h"
#include "upcoming.h"
#include "vector.h"
#include "weighted_sum.h"

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
  Vector measure(float*, Vector, Vector) const { return broadcast(0); }
  Vector at(const float*, Vector) const { return broadcast(0); }
};

struct OwnExponential {
  static constexpr bool kHasValues = true;

  Vector measure(float* value, Vector, Vector centred) const {
    const Vector h = exp2_nonpositive(centred * broadcast(kLog2E));
    store(value, h);
    return h;
  }
  Vector at(const float* value, Vector) const { return load(value); }
};

// f^T, for the temperatures at which it takes two multiplications at most: T times the error of an
// exponent's rounding, which is that of the larger exponent itself, and two roundings more.
template <int kTemperature>
struct Power {
  static constexpr bool kHasValues = false;
  Vector measure(float*, Vector f, Vector) const { return of(f); }
  Vector at(const float*, Vector f) const { return of(f); }

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
  float* teacher;    // v or p, then e
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
struct SoftTargetExponentials {
  Vector scale;
  Vector kept;  // 1 where the value counts the teachers' own logarithms
  int64_t fetched_lines;

  // Leaves e and f in the block.
  SoftTargetSums of(SoftTargetBlock block, SoftTargetPeaks peaks,
                    UpcomingOperands* upcoming) const {
    const Teacher teacher;
    const Hard hard;
    UpcomingOperands own = *upcoming;
    Sum students = broadcast(0), teachers = students, hards = students, divergence = students;
    for (int64_t i = 0; i < block.elements; i += kLanes) {
      const Vector centred = load(block.student + i) - peaks.student;
      const Vector exponent = centred * scale;
      const Vector f = exp2_nonpositive(exponent);
      const Exponential e = teacher.at(load(block.teacher + i), peaks.teacher, scale);
      store(block.student + i, f);
      store(block.teacher + i, e.value);
      students = students + f;
      teachers = teachers + e.value;
      hards = hards + hard.measure(block.hard + i, f, centred);
      divergence = multiply_add_where_nonzero(
          e.value, multiply_subtract(e.exponent, kept, exponent), divergence);
      own.fetch(fetched_lines);
    }
    *upcoming = own;
    return {vector_of(teachers), vector_of(students), vector_of(hards), vector_of(divergence)};
  }
};

// The gradient but for the label's own term. A class whose p and q and their factors are the same has no
// soft part to the bit: both products round before the subtraction.
template <typename Hard>
struct SoftTargetGradient {
  SoftTargetBlock block;
  SoftTargetFactors factors;

  Vector at(int64_t i) const {
    const Vector f = load(block.student + i), e = load(block.teacher + i);
    const Vector soft = f * factors.student - e * factors.teacher;
    return soft + multiply_subtract(Hard{}.at(block.hard + i, f), factors.hard, factors.uniform);
  }
};

// A lane's factors, for a row of its own.
struct SoftTargetFactorLanes {
  float student[kLanes];
  float teacher[kLanes];
  float hard[kLanes];
  float uniform[kLanes];
  float at_label[kLanes];

  explicit SoftTargetFactorLanes(const SoftTargetFactors& factors) {
    store(student, factors.student);
    store(teacher, factors.teacher);
    store(hard, factors.hard);
    store(uniform, factors.uniform);
    store(at_label, factors.at_label);
  }
  SoftTargetFactors at(int64_t lane) const {
    return {broadcast(student[lane]), broadcast(teacher[lane]), broadcast(hard[lane]),
            broadcast(uniform[lane]), broadcast(at_label[lane])};
  }
};

// Writes the gradient of a block of one row, the label's term at its column if that is one of the block's.
template <typename Gradient, typename Element>
inline __attribute__((always_inline)) void store_gradient(const Gradient& gradient, int64_t columns,
                                                          int64_t label, UpcomingOperands* upcoming,
                                                          Element* output) {
  UpcomingOperands own = *upcoming;
  for_each_vector(columns, [&](int64_t j, auto lanes) {
    lanes.store(output + j, gradient.at(j));
    own.fetch(1);
  });
  *upcoming = own;
  if (label < 0 || label >= columns) return;
  const int64_t lane = label % kLanes;
  float exact[kLanes];
  store(exact, gradient.at(label - lane));
  exact[lane] -= first_lane(gradient.factors.at_label);
  Element narrow[kLanes];
  store(narrow, load(exact));
  output[label] = narrow[lane];
}

template <typename Element>
void store_zeros(Element* output, int64_t columns) {
  for_each_vector(columns, [&](int64_t j, auto lanes) { lanes.store(output + j, broadcast(0)); });
}

// One teacher of a mixture: e of its logits in place.
struct MemberSums {
  Vector normalizer = broadcast(0);
  Vector negative_entropy = broadcast(0);  // sum_j e_j t_j
};

MemberSums exponentiate_member(int64_t elements, float* logits, Vector peak, Vector scale,
                               UpcomingOperands* upcoming) {
  UpcomingOperands own = *upcoming;
  Sum normalizer = broadcast(0), negative_entropy = broadcast(0);
  for (int64_t i = 0; i < elements; i += kLanes) {
    const Vector exponent = (load(logits + i) - peak) * scale;
    const Vector e = exp2_nonpositive(exponent);
    store(logits + i, e);
    normalizer = normalizer + e;
    negative_entropy = multiply_add_where_nonzero(e, exponent, negative_entropy);
    own.fetch(1);
  }
  *upcoming = own;
  return {vector_of(normalizer), vector_of(negative_entropy)};
}

void add_member(int64_t elements, const float* e, Vector share, bool first, float* mixture) {
  for (int64_t i = 0; i < elements; i += kLanes) {
    const Vector p = load(e + i) * share;
    store(mixture + i, first ? p : p + load(mixture + i));
  }
}

// ---- the call ----

class SoftTargetLoss {
  template <typename Body>
  void with_teacher(bool wanted, Body body) const {
    if (!has_soft_ || !wanted) return body(NoTeachers{});
    if (!mixture_) return body(MeanOfLogits{});
    if (told_ && options_.soft_value == RETORT_KL_OF_MEAN) return body(Mixture{});
    body(MixtureWithoutLogarithm{});
  }

  template <typename Body>
  auto with_hard(Body body) const {
    if (!has_hard_) return body(NoHardPart{});
    const float temperature = has_soft_ ? options_.temperature : 1;
    if (temperature == 1) return body(Power<1>{});
    if (temperature == 2) return body(Power<2>{});
    if (temperature == 3) return body(Power<3>{});
    if (temperature == 4) return body(Power<4>{});
    return body(OwnExponential{});
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
      weights_[k] = teachers.weights[k] * teachers.scales[k];
    }
  }

  bool mixture() const { return mixture_; }
  // Whether anybody asks for the loss besides its gradient.
  bool told() const { return told_; }
  // Whether the hard part has exponentials of its own to keep beside e and f.
  bool keeps_hard_exponentials() const {
    return with_hard([](auto hard) { return hard.kHasValues; });
  }
  bool smooths_labels() const { return has_hard_ && options_.label_smoothing > 0; }
  bool wants_entropies() const { return told_ && options_.soft_value == RETORT_MEAN_OF_KL; }
  int64_t teacher_count() const { return has_soft_ ? a_.rows.teachers.count : 0; }
  // The teachers of a mean of logits; of a mixture each is one by one.
  WeightedMatrices teachers() const {
    const retort::MemberLogits& teachers = a_.rows.teachers;
    return {teachers.logits, weights_, teachers.count, teachers.stride};
  }
  WeightedMatrices member(int64_t k) const {
    return {a_.rows.teachers.logits + k, &kOne, 1, a_.rows.teachers.stride};
  }
  WeightedMatrices student() const {
    return {&a_.rows.student.data, &kOne, 1, a_.rows.student.stride};
  }
  // log2(e) / T; without a soft part the student at T is the student at 1.
  float scale() const { return has_soft_ ? kLog2E / options_.temperature : kLog2E; }

  // 1 where the value counts the teachers' own logarithms, as a cross-entropy does not.
  float kept() const { return options_.soft_value == RETORT_KL_OF_MEAN ? 1 : 0; }

  // body(the exponentials), for these options; without teachers, the student's alone.
  template <typename Body>
  void with_exponentials(bool wants_teachers, Body body) const {
    with_teacher(wants_teachers, [&](auto teacher) {
      with_hard([&](auto hard) {
        body(SoftTargetExponentials<decltype(teacher), decltype(hard)>{
            broadcast(scale()), broadcast(kept()), fetched_lines()});
      });
    });
  }

  // body(gradient, elements): the gradient of a block, for these options, and the elements it is written in.
  template <typename Body>
  void with_gradient(Body body) const {
    with_hard([&](auto hard) {
      with_elements(options_.dtype, [&](auto elements) {
        body(
            [](const SoftTargetBlock& block, const SoftTargetFactors& factors) {
              return SoftTargetGradient<decltype(hard)>{block, factors};
            },
            elements);
      });
    });
  }

  void read_rows(int64_t first_row, int64_t count, SoftTargetLanes* rows) const {
    rows->read(a_.rows, first_row, count);
    for_each_lane(count, [&](int64_t i) {
      rows->soft_weight[i] = static_cast<float>(soft_weight_ * rows->weight[i]);
      rows->hard_weight[i] = static_cast<float>(hard_weight_ * rows->weight[i]);
    });
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
                  const SoftTargetLanes& rows, LossLanes* all) const {
    if (!told_) return;
    alignas(64) float soft[kLanes], hard[kLanes];
    store(soft, has_soft_ ? soft_loss(sums, rows) : broadcast(0));
    store(hard, has_hard_ ? hard_loss(sums, rows) : broadcast(0));
    double weighted_soft[kLanes], weighted_hard[kLanes];
    rows.weigh(count, soft, weighted_soft);
    rows.weigh(count, hard, weighted_hard);
    for (int64_t i = 0; a_.row_loss != nullptr && i < count; ++i) {
      // A part that does not count is 0 already, and its weight may be anything but that.
      a_.row_loss[first_row + i] =
          static_cast<float>(static_cast<double>(options_.alpha) * weighted_soft[i] +
                             (1.0 - options_.alpha) * weighted_hard[i]);
    }
    all->add(count, weighted_soft, weighted_hard);
  }

 private:
  // What the other sweeps leave over of a vector's share of the operands.
  int64_t fetched_lines() const {
    const int64_t teachers = teacher_count();
    const int64_t lines = options_.dtype == RETORT_F32 ? teachers + 1 : teachers / 2 + 1;
    const int64_t fetched = mixture_ ? teachers : teachers / 4 * fetched_of_sum(4);
    return lines > fetched ? lines - fetched : 1;
  }

  Vector soft_loss(const SoftTargetSums& sums, const SoftTargetLanes& rows) const {
    const Vector normalizer = teacher_normalizer(sums);
    const Vector divergence = sums.divergence / normalizer * broadcast(kLn2) +
                              log_of(sums.student / partition(normalizer));
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
    return options_.soft_value == RETORT_KL_OF_MEAN ? normalizer : broadcast(1);
  }
  Vector teacher_normalizer(const SoftTargetSums& sums) const {
    return mixture_ || !has_soft_ ? broadcast(1) : sums.teacher;
  }

  const retort::DistillationLossRows& a_;
  const retort_distillation_loss_options& options_;
  const bool has_soft_;
  const bool has_hard_;
  const bool mixture_;
  const bool told_;
  const double soft_weight_;  // a of a row of weight 1
  const double hard_weight_;  // b
  static constexpr float kOne = 1;
  float weights_[kMostMembers];  // what a teacher's logits are multiplied by in their mean
};

}  // namespace
