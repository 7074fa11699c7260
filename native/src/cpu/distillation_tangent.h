// How the student's gradient moves with each teacher's logits, along a tangent u on the student's logits.
//
// With x = student / T, y = v / T of the teachers' mean, and b of the divergence (see divergence.h):
//
//   of logits         d<dD/dx, u>/dy   = b - p <1, b>                              (as for the softmax p(y))
//   of probabilities  d<dD/dx, u>/dy_k = r_k b - p_k <r_k, b>,  r_kj = w_k p_kj / p_j: member k's share of p_j
//
// The squared error of a mean of logits knows no p: there it is b itself. The normalised divergence's label
// part, p1_y (<s, u> - u_y), moves by p1_y (onehot(y) - p1).
//
// Bytes: (K + 2) rows read, K written. Each member's row goes back through the scratch once more.
#pragma once

#include "distillation_row.h"
#include "divergence.h"
#include "kernels.h"
#include "softmax.h"
#include "vector.h"

namespace {

class DistillationTangentRow {
 public:
  DistillationTangentRow(const retort::DistillationTangentRows& a, DistillationScratch& scratch)
      : a_(a),
        options_(a.rows.options),
        classes_(a.rows.classes),
        soft_(a.rows, wants_of(options_), scratch),
        scratch_(scratch),
        u_(scratch.tangent.values),
        delta_(scratch.hard.values) {}

  void compute(int64_t row, double weight) {
    row_ = row;
    label_ = label_class(a_.rows, row);
    const double alpha = options_.alpha;
    target_slope_ = 0;
    if (options_.divergence == RETORT_NORMALIZED) {
      target_slope_ =
          alpha * weight * static_cast<double>(options_.target_weight) * label_tangent();
    }
    soft_.measure(row);
    coefficient_ = static_cast<float>(alpha * static_cast<double>(a_.rows.soft_scale) /
                                      static_cast<double>(options_.temperature) * weight);
    if (options_.standardize_logits) measure_standardization();
    if (classes_ <= kBlockColumns) load_seen_tangent(0, classes_);
    measure_means();
    if (has_no_distribution()) coefficient_ = NAN;
    with_divergence_kind(options_.divergence, [&](auto kind) {
      const typename decltype(kind)::Type d(options_, soft_.facts);
      for (int64_t k = 0; k < soft_.teacher.members.count; ++k) member_gradient(d, k);
    });
  }

 private:
  // One member's distribution and what the pull-back through it needs.
  struct Member {
    RowSoftmax softmax;
    Split split;
    float rest = 1;       // mass outside the label where it is left out
    float product = 0;    // <r, b>
    float log_scale = 0;  // log(w_k p_kj) = x_kj + log_scale
    // What the normalised divergence's label part adds: target * (onehot(y) - p1).
    float target = 0;
    float log_all = 0;  // of p1
    // 1 - p1_y, whose terms may be as large as the distance of two logits: never in f32.
    float rest_at_one = 0;
  };

  void load_tangent(int64_t first, int64_t columns) {
    load_block(options_.dtype, a_.tangent.data, row_ * a_.tangent.stride + first, columns, 0, u_);
  }

  // The tangent on what the soft part sees: through the student's standardisation, whose derivative is
  // symmetric, so that forward it is what it is backward.
  void load_seen_tangent(int64_t first, int64_t columns) {
    load_tangent(first, columns);
    if (!options_.standardize_logits) return;
    const float* z = load_student_logits(first, columns);
    for_each_whole_vector(columns, [&](int64_t j) {
      store(u_ + j, student_standardization_.gradient(load(u_ + j), load(z + j)));
    });
  }

  const float* load_student_logits(int64_t first, int64_t columns) {
    float* z = scratch_.standardized.values;
    soft_.student.logits.load(first, columns, z);
    return z;
  }

  void measure_standardization() {
    student_standardization_ = {soft_.moments, soft_.coefficient};
    for_each_block(classes_, [&](int64_t first, int64_t columns) {
      load_tangent(first, columns);
      student_standardization_.add(columns, u_, load_student_logits(first, columns));
    });
  }

  // <s, u> - u_y
  double label_tangent() {
    RowSoftmax hard{soft_.logits(row_), classes_, 1, delta_, delta_};
    hard.measure();
    double mean = 0, at_label = 0;
    for_each_block(classes_, [&](int64_t first, int64_t columns) {
      hard.fill(first, columns);
      load_tangent(first, columns);
      const Distribution p = hard.distribution();
      Sum sum = broadcast(0);
      for_each_whole_vector(columns,
                            [&](int64_t j) { sum = multiply_add(p.p(j), load(u_ + j), sum); });
      mean += static_cast<double>(sum_of_lanes(sum));
      if (label_ >= first && label_ < first + columns)
        at_label = static_cast<double>(u_[label_ - first]);
    });
    return mean - at_label;
  }

  // A NaN in either side, or a side that is masked throughout, makes the row NaN, whatever of it the
  // divergence's slope takes.
  bool has_no_distribution() const {
    const Split &p = soft_.facts.teacher, &q = soft_.facts.student;
    const double logarithms = p.log_target + p.log_rest + q.log_target + q.log_rest;
    const double sum = static_cast<double>(means_.p) + static_cast<double>(means_.q) + logarithms;
    return sum != sum;
  }

  template <typename Body>
  void for_each_filled_block(Body body) {
    for_each_block(classes_, [&](int64_t first, int64_t columns) {
      if (classes_ > kBlockColumns) {
        soft_.fill(first, columns);
        load_seen_tangent(first, columns);
      }
      body(first, columns);
    });
  }

  void measure_means() {
    Sum p = broadcast(0), q = broadcast(0);
    label_u_ = 0;
    for_each_filled_block([&](int64_t first, int64_t columns) {
      const Distribution teacher = soft_.teacher.distribution(),
                         student = soft_.student.distribution();
      for_each_whole_vector(columns, [&](int64_t j) {
        p = multiply_add(teacher.p(j), load(u_ + j), p);
        q = multiply_add(student.p(j), load(u_ + j), q);
      });
      if (label_ >= first && label_ < first + columns) label_u_ = u_[label_ - first];
    });
    means_ = {sum_of_lanes(p), sum_of_lanes(q)};
  }

  Member measure_member(int64_t k) {
    EnsembleRow& teacher = soft_.teacher;
    Member member;
    double weight = 1;
    if (teacher.of_logits) {
      member.softmax = teacher.mean();
      member.split = teacher.split;
    } else {
      member.softmax = teacher.member(k);
      member.softmax.measure();
      member.split = teacher.member_split[k];
      member.log_scale = static_cast<float>(teacher.log_scale(k));
      weight = static_cast<double>(teacher.members.weights[k]);
    }
    if (!leaves_label_out(options_)) return member;
    if (member.softmax.normalizer == 0) member.softmax.inverse_normalizer = 0;
    member.rest = static_cast<float>(exp(member.split.log_rest));
    if (target_slope_ != 0) {
      const AtOne one = at_one(member.softmax, classes_, options_.temperature);
      member.log_all = static_cast<float>(one.log_all);
      const double slope = target_slope_ * static_cast<double>(options_.temperature) * weight;
      member.target = static_cast<float>(slope * exp(one.log_target));
      member.rest_at_one = static_cast<float>(-expm1(one.log_target));
    }
    return member;
  }

  // r_j * b_j
  template <typename Divergence>
  Vector share(const Divergence& d, const Member& member, int64_t j) const {
    const EnsembleRow& teacher = soft_.teacher;
    const Entry entry = soft_.entries().at(j);
    const Vector b = d.tangent_flow(entry, load(u_ + j), means_);
    if (teacher.of_logits) return b;
    const Vector x = load(member.softmax.x + j);
    const Vector log_r = x + broadcast(member.log_scale) - entry.log_p;
    return where_masked(x, broadcast(0), b * exp_nonpositive(minimum(log_r, broadcast(0))));
  }

  template <typename Divergence>
  float label_share(const Divergence& d, int64_t k, const Member& member) const {
    const EnsembleRow& teacher = soft_.teacher;
    const float b = d.label_tangent_flow(label_u_, means_);
    if (teacher.of_logits || b == 0) return b;
    const double log_weight = log(static_cast<double>(teacher.members.weights[k]));
    return b *
           static_cast<float>(exp(log_weight + member.split.log_target - teacher.split.log_target));
  }

  // The gradient on member k's y_k = z_k / T, in delta_.
  template <typename Divergence>
  void member_block(const Divergence& d, int64_t k, const Member& member, int64_t first,
                    int64_t columns) {
    const Vector coefficient = broadcast(coefficient_);
    const Vector mass = broadcast(member.product * member.rest);
    const Distribution p = member.softmax.distribution();
    for_each_whole_vector(columns, [&](int64_t j) {
      const Vector g = (share(d, member, j) - p.p(j) * mass) * coefficient;
      store(delta_ + j, g);
    });
    if (member.target != 0) {
      const Vector temperature = broadcast(options_.temperature),
                   log_all = broadcast(member.log_all);
      for_each_whole_vector(columns, [&](int64_t j) {
        const Vector log_p = load(member.softmax.x + j) * temperature - log_all;
        const Vector p = exp_nonpositive(minimum(log_p, broadcast(0)));
        store(delta_ + j, load(delta_ + j) - p * broadcast(member.target));
      });
    }
    const int64_t column = label_ - first;
    if (!Divergence::kLeavesLabelOut || column < 0 || column >= columns) return;
    const float label_p = static_cast<float>(exp(member.split.log_target));
    delta_[column] = (label_share(d, k, member) - label_p * member.product) * coefficient_;
    if (member.target != 0) delta_[column] += member.target * member.rest_at_one;
  }

  template <typename Divergence>
  void member_gradient(const Divergence& d, int64_t k) {
    EnsembleRow& teacher = soft_.teacher;
    Member member = measure_member(k);
    const auto for_each_member_block = [&](auto body) {
      for_each_filled_block([&](int64_t first, int64_t columns) {
        if (!teacher.of_logits) member.softmax.fill(first, columns);
        body(first, columns);
      });
    };
    if (!(Divergence::kOfLogits && teacher.of_logits)) {
      float product = label_share(d, k, member);
      for_each_member_block([&](int64_t, int64_t columns) {
        Sum sum = broadcast(0);
        for_each_whole_vector(columns, [&](int64_t j) { sum = sum + share(d, member, j); });
        product += sum_of_lanes(sum);
      });
      member.product = product;
    }
    const float slope = teacher.coefficients[k] / options_.temperature;  // dy_k / dz_k
    if (!options_.standardize_logits) {
      for_each_member_block([&](int64_t first, int64_t columns) {
        member_block(d, k, member, first, columns);
        write(k, first, columns, [&](int64_t j) { return load(delta_ + j) * broadcast(slope); });
      });
      return;
    }
    const float coefficient = 1 / (options_.standardize_epsilon + teacher.moments[k].deviation);
    StandardizationBackward backward{teacher.moments[k], coefficient};
    const LogitRow standardized = teacher.standardized(k, &backward.coefficient);
    float* z = scratch_.standardized.values;
    const Vector scale = broadcast(slope / coefficient);
    for_each_member_block([&](int64_t first, int64_t columns) {
      member_block(d, k, member, first, columns);
      standardized.load(first, columns, z);
      backward.add(columns, delta_, z);
    });
    for_each_member_block([&](int64_t first, int64_t columns) {
      member_block(d, k, member, first, columns);
      standardized.load(first, columns, z);
      write(k, first, columns,
            [&](int64_t j) { return backward.gradient(load(delta_ + j), load(z + j)) * scale; });
    });
  }

  template <typename Body>
  void write(int64_t k, int64_t first, int64_t columns, Body body) {
    store_block(options_.dtype, a_.teacher_gradients[k], row_ * a_.teacher_gradient_stride + first,
                columns, body);
  }

  const retort::DistillationTangentRows& a_;
  const retort_distillation_loss_options& options_;
  int64_t classes_;
  DistillationRow soft_;
  DistillationScratch& scratch_;
  float* u_;      // the tangent's block
  float* delta_;  // the gradient's block
  int64_t row_ = 0;
  int64_t label_ = 0;
  float label_u_ = 0;
  float coefficient_ = 0;
  double target_slope_ = 0;
  TangentMeans means_{};
  StandardizationBackward student_standardization_{};
};

void distillation_tangent(const retort::DistillationTangentRows& a, int64_t first_row,
                          int64_t end_row) {
  DistillationScratch scratch;
  DistillationTangentRow tangent_row(a, scratch);
  for (int64_t row = first_row; row < end_row; ++row) {
    const double weight = weight_of(a.rows, row);
    if (weight != 0) {
      tangent_row.compute(row, weight * a.rows.gradient_scale);
      continue;
    }
    for (int64_t k = 0; k < a.rows.teachers.count; ++k) {
      store_block(a.rows.options.dtype, a.teacher_gradients[k], row * a.teacher_gradient_stride,
                  a.rows.classes, [](int64_t) { return broadcast(0); });
    }
  }
}

}  // namespace
