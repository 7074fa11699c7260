// The distillation tangent. The scale of a teacher's gradient is that of the terms of its formula:
//
//   alpha scale / T^2 * (R_kj B_j + P_kj <r_k, B>)      B_j: that of the divergence's slope, with |u~|
//
// through the teacher's standardisation; P, Q and R as in distillation_scale.h.
#include <algorithm>

#include "distillation.h"
#include "distillation_scale.h"
#include "tangent_formulas.h"

namespace retort::conformance {
namespace {

struct TangentArguments : DistillationArguments {
  explicit TangentArguments(DistillationArguments shared)
      : DistillationArguments(std::move(shared)) {}

  Matrix tangent;
  std::vector<Matrix> gradients;  // of one stride

  retort_status call(const retort_executor* executor) {
    const std::vector<const void*> pointers = teacher_pointers();
    std::vector<void*> outputs;
    for (const Matrix& gradient : gradients) outputs.push_back(gradient.data());
    return implementation().distillation_tangent(
        call_options(), shape.rows, shape.classes, student.data(), student.stride, pointers.data(),
        static_cast<int64_t>(pointers.size()), teacher_stride(), weights_or_null(), labels.data(),
        static_cast<const float*>(row_weights.data()), tangent.data(), tangent.stride,
        outputs.data(), gradients[0].stride, executor);
  }
};

TangentArguments draw(Trial& trial) {
  Random& random = trial.random;
  TangentArguments a(draw_distillation(trial, true));
  a.tangent = draw_matrix(trial.memory, random, a.options.dtype, a.shape);
  fill(random, pick(random, {Values::kNormal, Values::kNormal, Values::kAllEqual, Values::kTies}),
       a.tangent);
  if (a.teachers.size() == 1 && one_in(random, 3)) {
    a.gradients.push_back(a.tangent);
    return a;
  }
  const int64_t stride = draw_stride(random, a.shape.classes);
  for (size_t k = 0; k < a.teachers.size(); ++k)
    a.gradients.push_back(draw_matrix(trial.memory, random, a.options.dtype, a.shape, stride));
  return a;
}

// |u~|, with the rounding of the standardisation in it.
Row tangent_size(const TangentArguments& a, const ScaledSides& s, int64_t row) {
  Row size = a.tangent.row(row);
  for (double& u : size) u = std::fabs(u);
  return through_standardization(s.student, size);
}

// B: of the slope b that the divergence has in p, times p.
Row slope_scale(const TangentArguments& a, const ScaledSides& s, const Row& u, size_t label) {
  const double largest = largest_magnitude(u);
  const auto classes = static_cast<double>(u.size());
  // Without a share of p in the mean the Jensen-Shannon divergence is the forward KL.
  const retort_divergence divergence =
      a.options.divergence == RETORT_JENSEN_SHANNON && a.options.beta == 0 ? RETORT_FORWARD_KL
                                                                           : a.options.divergence;
  Row scale;
  for (size_t j = 0; j < u.size(); ++j) {
    switch (divergence) {
      case RETORT_REVERSE_KL:
      case RETORT_JENSEN_SHANNON: {
        // The share beta p / m is a ratio of two rounded exponentials.
        const double share = 1 + magnitude(s.log_p[j]) + magnitude(s.log_q[j]) + s.further_p;
        scale.push_back((s.q[j] * 2 + magnitude(std::exp(s.log_q[j])) * share) * (u[j] + largest));
        break;
      }
      case RETORT_TOTAL_VARIATION:
        scale.push_back(0);
        break;
      case RETORT_SQUARED_ERROR:
        scale.push_back(2 * u[j] / classes);
        break;
      default:
        scale.push_back(s.p[j] * (u[j] + largest));
    }
  }
  if (a.options.divergence != RETORT_DECOUPLED && a.options.divergence != RETORT_NORMALIZED)
    return scale;
  // The label's slope has the mean of u over the student's other classes in it.
  if (a.options.divergence == RETORT_DECOUPLED) scale[label] *= 1 + lost_without(s.log_q, label);
  const double rest = std::fmax(1e-20, 1 - magnitude(std::exp(s.log_p[label])));
  for (size_t j = 0; j < u.size(); ++j) {
    scale[j] *= j == label ? static_cast<double>(a.options.target_weight)
                           : a.options.non_target_weight / rest * (1 + 1 / rest);
  }
  return scale;
}

std::vector<Row> scale_of(const TangentArguments& a, int64_t row) {
  const double temperature = a.options.temperature;
  const ScaledSides s = sides_of(a, row);
  const auto label = static_cast<size_t>(a.label(row));
  const Row u = tangent_size(a, s, row), b = slope_scale(a, s, u, label), weights = a.shares();
  const double scale = a.options.alpha * a.soft_scale() / (temperature * temperature);
  double total = 0;
  for (const double w : weights) total += w;
  std::vector<Row> scales;
  for (size_t k = 0; k < a.teachers.size(); ++k) {
    const double share = weights[k] / total;
    const Row own = a.options.mean == RETORT_MEAN_OF_LOGITS
                        ? s.log_p
                        : reference::log_softmax(s.teachers[k].logits, temperature);
    const Row mass = exponential_scale(own, s.further_p);
    Row r(b.size());
    double product = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const bool mixture = a.options.mean == RETORT_MEAN_OF_PROBABILITIES;
      // A member's share of p_j is a ratio of exponentials, at most 1.
      const double ratio = mixture ? std::fmin(1, share * std::exp(magnitude(own[j] - s.log_p[j]) *
                                                                   (own[j] > s.log_p[j] ? 1 : -1)))
                                   : share;
      r[j] = ratio * (1 + magnitude(own[j]) + magnitude(s.log_p[j]) + s.further_p);
      product += r[j] * b[j];
    }
    const double factor =
        a.teacher_temperatures.empty() ? 1 : temperature / a.teacher_temperatures[k];
    Row g(b.size());
    const double largest = largest_magnitude(u);
    const double logit = largest_magnitude(s.teachers[k].logits);
    for (size_t j = 0; j < b.size(); ++j) {
      g[j] = scale * (r[j] * b[j] + mass[j] * product);
      // Before a temperature below 1 divides it a product may be one of the smallest numbers.
      g[j] += std::fmax(scale, 1 / temperature) * 0x1p-126;
      if (a.options.divergence == RETORT_NORMALIZED) {
        // The kernels round the label's logarithm at temperature 1 where it is as large as the logits.
        const double size = 1 + magnitude(own[j]) * temperature + s.further_p * temperature + logit;
        g[j] += share * a.options.alpha * a.options.target_weight * (largest * 2) * size * 2;
      }
      g[j] *= factor;
    }
    g = through_standardization(s.teachers[k], g);
    for (double& x : g) x = weights[k] > 0 ? magnitude(x) * a.share(row) : 0;
    scales.push_back(g);
  }
  return scales;
}

std::vector<Row> zeros(const TangentArguments& a) {
  return {a.teachers.size(), Row(static_cast<size_t>(a.shape.classes), 0.0)};
}

void judge_row(Trial& trial, const TangentArguments& a, int64_t row) {
  const bool counts = a.weight(row) > 0 && a.options.alpha > 0;
  const Row student = a.student.row(row), u = a.tangent.row(row);
  const std::vector<Row> teachers = a.teacher_rows(row);
  const std::vector<Row> expected =
      counts ? TangentFormulas<double>::gradients(a.meaning(), student, teachers, a.shares(),
                                                  a.label(row), u)
             : zeros(a);
  std::vector<Row> naive = zeros(a);
  if (counts) {
    const auto narrow_gradients =
        TangentFormulas<float>::gradients(a.naive_meaning(), narrow(student), narrow(teachers),
                                          narrow(a.shares()), a.label(row), narrow(u));
    for (size_t k = 0; k < naive.size(); ++k) naive[k] = widen(narrow_gradients[k]);
  }
  const std::vector<Row> scales = counts ? scale_of(a, row) : zeros(a);
  const DistillationScale whole =
      counts ? scale_of(static_cast<const DistillationArguments&>(a), row) : DistillationScale{};
  for (size_t k = 0; k < a.gradients.size(); ++k) {
    Outcome o{a.gradients[k].result(row), expected[k], naive[k], scales[k], whole.intermediate};
    for (double& x : o.expected) x *= a.share(row);
    for (double& x : o.naive) x *= a.share(row);
    trial.judge("teacher_gradients", row, a.options.dtype, o);
  }
}

void run(Trial& trial) {
  TangentArguments a = draw(trial);
  describe(trial, a);
  if (!trial.call(a.gradients, [&](const retort_executor* e) { return a.call(e); })) return;
  for (int64_t i = 0; i < a.shape.rows; ++i) judge_row(trial, a, i);
}

const Operation kDistillationTangent("distillation_tangent", run);

}  // namespace
}  // namespace retort::conformance
