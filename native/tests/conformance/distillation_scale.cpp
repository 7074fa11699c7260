#include "distillation_scale.h"

#include <algorithm>
#include <limits>

namespace retort::conformance {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
// Below this a probability is 0 in an f32.
constexpr double kLeastLogarithm = -104;
// The kernels raise exp(z / T) to the power T where that is a small integer.
constexpr double kHighestPower = 8;

double probability(double logarithm) { return magnitude(std::exp(logarithm)); }

// The largest of the terms of a class that has any mass.
double largest_with_mass(const Row& terms, const Row& log_p) {
  double largest = 0;
  for (size_t j = 0; j < terms.size(); ++j) {
    if (log_p[j] > kLeastLogarithm) largest = std::fmax(largest, magnitude(terms[j]));
  }
  return largest;
}

// Where p_j and q_j are the same but for their roundings, the total variation's slope may be any in [-1, 1].
double ambiguous_mass(const ScaledSides& s) {
  double mass = 0;
  for (size_t j = 0; j < s.p.size(); ++j) {
    const double p = probability(s.log_p[j]), q = probability(s.log_q[j]);
    if (std::fabs(p - q) <= 4 * kEpsilon * (s.p[j] + s.q[j])) mass += q;
  }
  return mass;
}

// The distribution without the label.
Row without(Row log_p, size_t label) {
  log_p[label] = -HUGE_VAL;
  double rest = 0;
  const double largest = *std::max_element(log_p.begin(), log_p.end());
  for (const double x : log_p) rest += std::exp(x - largest);
  for (double& x : log_p) x -= largest + std::log(rest);
  return log_p;
}

// P and Q of what is left without the label.
Row scale_without(const Row& log_p, size_t label, double further) {
  return exponential_scale(without(log_p, label), further + lost_without(log_p, label));
}

// In dD/dx.
Row gradient_scale(const DistillationArguments& a, const ScaledSides& s, size_t label) {
  const size_t classes = s.p.size();
  const double further = s.further_p + s.further_q;
  const auto logarithms = [&](size_t j) {
    return 1 + magnitude(s.log_p[j]) + magnitude(s.log_q[j]) + further;
  };
  Row scale(classes);
  switch (a.options.divergence) {
    case RETORT_REVERSE_KL:
    case RETORT_JENSEN_SHANNON: {
      double mean = 0;
      for (size_t j = 0; j < classes; ++j) mean += probability(s.log_q[j]) * logarithms(j);
      for (size_t j = 0; j < classes; ++j)
        scale[j] = s.q[j] * (logarithms(j) + mean) + s.p[j] + mean * probability(s.log_q[j]);
      return scale;
    }
    case RETORT_TOTAL_VARIATION: {
      const double ambiguous = ambiguous_mass(s) / kEpsilon;
      double mass = 0;
      for (const double q : s.q) mass += q;
      for (size_t j = 0; j < classes; ++j)
        scale[j] = s.q[j] + probability(s.log_q[j]) * (mass + ambiguous);
      // A tie's own slope.
      for (size_t j = 0; j < classes; ++j) {
        const double p = probability(s.log_p[j]), q = probability(s.log_q[j]);
        if (std::fabs(p - q) <= 4 * kEpsilon * (s.p[j] + s.q[j])) scale[j] += q / kEpsilon;
      }
      return scale;
    }
    case RETORT_SQUARED_ERROR:
      for (size_t j = 0; j < classes; ++j) {
        // x_j - y_j is computed from the logarithms, with the logarithms of the normalisers.
        scale[j] = 4 * (logarithms(j) + magnitude(s.x[j]) + magnitude(s.y[j])) /
                   static_cast<double>(classes);
      }
      return scale;
    case RETORT_DECOUPLED:
    case RETORT_NORMALIZED: {
      const Row p = scale_without(s.log_p, label, s.further_rest);
      const Row q = scale_without(s.log_q, label, s.further_q);
      const double target = a.options.divergence == RETORT_DECOUPLED
                                ? a.options.target_weight * (s.p[label] + s.q[label])
                                : 0;
      for (size_t j = 0; j < classes; ++j)
        scale[j] = a.options.non_target_weight * (p[j] + q[j]) + target * q[j];
      scale[label] = target;
      return scale;
    }
    default:
      for (size_t j = 0; j < classes; ++j) scale[j] = s.p[j] + s.q[j];
      return scale;
  }
}

// sum_j a_j (log a_j - log b_j), of a with the scale A.
double kl_scale(const Row& scale, const Row& log_a, const Row& log_b, double further) {
  double sum = 0;
  for (size_t j = 0; j < log_a.size(); ++j) {
    const double logarithms = magnitude(log_a[j]) + magnitude(log_b[j]);
    const double ratio = magnitude(log_a[j] - log_b[j]);
    sum += scale[j] * (1 + ratio) + probability(log_a[j]) * (logarithms + further);
  }
  return sum;
}

// In D.
double value_scale(const DistillationArguments& a, const ScaledSides& s, size_t label) {
  const double further = s.further_p + s.further_q;
  switch (a.options.divergence) {
    case RETORT_REVERSE_KL:
      return kl_scale(s.q, s.log_q, s.log_p, further);
    case RETORT_JENSEN_SHANNON: {
      // log m lies between log p + log beta and log q + log(1 - beta).
      const double logarithms = 1 / std::fmax(1e-30, std::fmin(a.options.beta, 1 - a.options.beta));
      if (a.options.beta == 0) return kl_scale(s.p, s.log_p, s.log_q, further);
      if (a.options.beta == 1) return kl_scale(s.q, s.log_q, s.log_p, further);
      return (kl_scale(s.p, s.log_p, s.log_p, further) + kl_scale(s.q, s.log_q, s.log_q, further)) *
             (1 + std::log(logarithms));
    }
    case RETORT_TOTAL_VARIATION: {
      double sum = 0;
      for (size_t j = 0; j < s.p.size(); ++j) sum += s.p[j] + s.q[j];
      return sum;
    }
    case RETORT_SQUARED_ERROR: {
      double sum = 0;
      for (size_t j = 0; j < s.p.size(); ++j) {
        const double terms = 1 + magnitude(s.log_p[j]) + magnitude(s.log_q[j]) + magnitude(s.x[j]) +
                             magnitude(s.y[j]) + further;
        // (d + epsilon t)^2 - d^2: of logits that cancel the rounding is all there is.
        sum += terms * (2 + 2 * magnitude(s.x[j] - s.y[j]) + kEpsilon * terms);
      }
      return sum / static_cast<double>(s.p.size());
    }
    case RETORT_DECOUPLED:
    case RETORT_NORMALIZED: {
      const Row p = without(s.log_p, label), q = without(s.log_q, label);
      const double rest = kl_scale(scale_without(s.log_p, label, s.further_rest), p, q,
                                   s.further_rest + s.further_q + lost_without(s.log_q, label));
      const double both = kl_scale(s.p, s.log_p, s.log_q, further);
      return a.options.non_target_weight * rest + (a.options.divergence == RETORT_DECOUPLED
                                                       ? a.options.target_weight * (both + rest)
                                                       : 0);
    }
    default: {
      const double kl = kl_scale(s.p, s.log_p, s.log_q, further);
      if (a.options.soft_value != RETORT_MEAN_OF_KL) return kl;
      // The teachers' own entropies beside the mixture's.
      double sum = kl;
      const Row weights = a.shares();
      for (size_t k = 0; k < s.teachers.size(); ++k) {
        if (weights[k] == 0) continue;
        const Row own = reference::log_softmax(s.teachers[k].logits, a.options.temperature);
        sum += kl_scale(exponential_scale(own, s.further_p), own, s.log_q, further);
      }
      return sum;
    }
  }
}

// Adds the part of the label at temperature 1, weighted like the hard part: of the normalised divergence.
void add_normalized_target(const DistillationArguments& a, const ScaledSides& s, const Row& student,
                           size_t label, DistillationScale* scale) {
  const double temperature = a.options.temperature;
  const Row log_s = reference::log_softmax(student, 1);
  const Row at_one = exponential_scale(log_s, 1);
  std::vector<Row> teachers;
  for (const Seen& teacher : s.teachers) teachers.push_back(teacher.logits);
  const Row log_p =
      reference::ensemble_log_probabilities(teachers, a.shares(), a.meaning().mean, 1);
  const double target = a.options.target_weight * probability(log_p[label]) *
                        (2 + magnitude(log_p[label]) + s.further_p * temperature +
                         std::fmin(temperature, kHighestPower));
  for (size_t j = 0; j < at_one.size(); ++j)
    scale->gradient[j] += a.options.alpha * target * (at_one[j] + (j == label ? 1 : 0));
  scale->soft += target * (1 + magnitude(log_s[label]));
}

void add_soft(const DistillationArguments& a, int64_t row, DistillationScale* scale) {
  const ScaledSides s = sides_of(a, row);
  const auto label = static_cast<size_t>(a.label(row));
  Row gradient = through_standardization(s.student, gradient_scale(a, s, label));
  const double soft = a.soft_scale() / a.options.temperature;
  for (size_t j = 0; j < gradient.size(); ++j)
    scale->gradient[j] += a.options.alpha * soft * gradient[j];
  // A sum of n terms, one after another, rounds by about the root of n.
  const double sum = 1 + std::sqrt(static_cast<double>(a.shape.classes)) / 8;
  scale->soft = a.soft_scale() * value_scale(a, s, label) * sum;
  if (a.options.divergence == RETORT_NORMALIZED)
    add_normalized_target(a, s, a.student.row(row), label, scale);
  scale->total += a.options.alpha * scale->soft;
  const double inverse = std::fmax(1, 1 / a.options.temperature);
  scale->intermediate = s.student.intermediate * inverse;
  for (const Seen& teacher : s.teachers)
    scale->intermediate = std::fmax(scale->intermediate, teacher.intermediate * inverse);
}

void add_hard(const DistillationArguments& a, int64_t row, DistillationScale* scale) {
  const Row log_s = reference::log_softmax(a.student.row(row), 1);
  const double powers = std::fmin(a.options.temperature, kHighestPower);
  const Row s = exponential_scale(log_s, powers);
  const double hard = 1.0 - a.options.alpha, smoothing = a.options.label_smoothing;
  const auto classes = static_cast<double>(log_s.size());
  double largest = 0;
  for (size_t j = 0; j < s.size(); ++j) {
    const double target =
        smoothing / classes + (static_cast<int64_t>(j) == a.label(row) ? 1 - smoothing : 0);
    scale->gradient[j] += hard * (s[j] + target);
    if (target > 0) scale->hard += target * magnitude(log_s[j]);
    if (target > 0) largest = std::fmax(largest, magnitude(log_s[j]));
  }
  scale->hard += 1 + powers + magnitude(*std::max_element(log_s.begin(), log_s.end()));
  scale->total += hard * scale->hard;
  scale->intermediate = std::fmax(scale->intermediate, largest * classes);
}

}  // namespace

double lost_without(const Row& log_p, size_t label) {
  double largest = 0;
  for (size_t j = 0; j < log_p.size(); ++j) {
    if (j != label) largest = std::fmax(largest, magnitude(log_p[j]));
  }
  return largest * std::numeric_limits<double>::epsilon() / kEpsilon;
}

Seen seen(const DistillationArguments& a, const Row& given, bool teacher, double factor) {
  Seen seen;
  seen.logits = given;
  const bool probabilities = teacher && a.options.teacher_form == RETORT_PROBABILITIES;
  for (double& z : seen.logits) z = probabilities ? std::log(z) : z;
  const double size = largest_magnitude(seen.logits);
  if (probabilities) seen.rounding = size;
  if (a.options.standardize_logits) {
    const Row standardized = reference::standardized(seen.logits, a.options.standardize_epsilon);
    // z~ = (z - mean) * coefficient, from any two classes that differ; a constant row has epsilon alone.
    const auto [least, most] = std::minmax_element(
        seen.logits.begin(), seen.logits.end(),
        [](double x, double y) { return (std::isfinite(x) ? x : 0) < (std::isfinite(y) ? y : 0); });
    const double from = magnitude(*least - *most);
    const double to = magnitude(standardized[static_cast<size_t>(least - seen.logits.begin())] -
                                standardized[static_cast<size_t>(most - seen.logits.begin())]);
    seen.coefficient =
        from > 0 && to > 0
            ? to / from
            : 1 / std::fmax(1e-30, static_cast<double>(a.options.standardize_epsilon));
    seen.logits = standardized;
    // The mean's rounding, and that of the deviation.
    seen.rounding += 2 * size * seen.coefficient + largest_magnitude(standardized);
  }
  for (double& z : seen.logits) z *= factor;
  seen.rounding *= factor;
  if (factor != 1) seen.rounding += largest_magnitude(seen.logits);
  // Differences of two logits; the deviation sums their squares.
  const double difference = 2 * std::fmax(size, largest_magnitude(seen.logits));
  seen.intermediate = a.options.standardize_logits
                          ? difference * difference * static_cast<double>(given.size())
                          : difference;
  return seen;
}

ScaledSides sides_of(const DistillationArguments& a, int64_t row) {
  const double temperature = a.options.temperature;
  const Row weights = a.shares();
  const bool of_logits = a.options.mean == RETORT_MEAN_OF_LOGITS;
  ScaledSides s;
  double total = 0;
  for (const double w : weights) total += w;
  Row sums(static_cast<size_t>(a.shape.classes), 0.0);
  std::vector<Row> teachers, given = a.teacher_rows(row);
  double rounding = 0;
  for (size_t k = 0; k < given.size(); ++k) {
    const double factor =
        a.teacher_temperatures.empty() ? 1 : temperature / a.teacher_temperatures[k];
    s.teachers.push_back(seen(a, given[k], true, factor));
    teachers.push_back(s.teachers[k].logits);
    if (weights[k] == 0) continue;
    rounding = std::fmax(rounding, s.teachers[k].rounding);
    Row terms = a.teacher_terms.empty() ? teachers[k] : a.teacher_terms[k].row(row);
    if (!a.teacher_terms.empty()) {
      for (double& term : terms) term *= factor;
    }
    for (size_t j = 0; j < sums.size(); ++j) sums[j] += weights[k] / total * magnitude(terms[j]);
  }
  s.student = seen(a, a.student.row(row), false, 1);
  s.coefficient = s.student.coefficient;
  s.log_p = reference::ensemble_log_probabilities(teachers, weights, a.meaning().mean, temperature);
  s.log_q = reference::log_softmax(s.student.logits, temperature);
  s.y = of_logits ? reference::mean_of_logits(teachers, weights) : s.log_p;
  for (double& y : s.y) y /= of_logits ? temperature : 1;
  s.x = s.student.logits;
  for (double& x : s.x) x /= temperature;
  const bool sums_round = of_logits && (given.size() > 1 || !a.teacher_terms.empty());
  const auto further = [&](const Row& log_p) {
    return (rounding + (sums_round ? largest_with_mass(sums, log_p) : 0)) / temperature;
  };
  s.further_p = further(s.log_p);
  if (a.options.divergence == RETORT_DECOUPLED || a.options.divergence == RETORT_NORMALIZED)
    s.further_rest = further(without(s.log_p, static_cast<size_t>(a.label(row))));
  s.further_q = s.student.rounding / temperature;
  if (of_logits) {
    s.p = exponential_scale(s.log_p, s.further_p);
  } else {
    s.p.assign(sums.size(), 0.0);
    for (size_t k = 0; k < given.size(); ++k) {
      if (weights[k] == 0) continue;
      const Row own =
          exponential_scale(reference::log_softmax(teachers[k], temperature), s.further_p);
      for (size_t j = 0; j < own.size(); ++j) s.p[j] += weights[k] / total * own[j];
    }
  }
  s.q = exponential_scale(s.log_q, s.further_q);
  return s;
}

Row through_standardization(const Seen& seen, const Row& scale) {
  if (seen.coefficient == 1 && seen.rounding == 0) return scale;
  double sum = 0, product = 0, count = 0;
  for (size_t j = 0; j < scale.size(); ++j) {
    if (!std::isfinite(seen.logits[j])) continue;
    sum += scale[j];
    product += scale[j] * std::fabs(seen.logits[j]);
    ++count;
  }
  const double rest = std::fmax(1, count - 1);
  Row through;
  for (size_t j = 0; j < scale.size(); ++j) {
    const double along = magnitude(seen.logits[j]) * product / rest + sum / count;
    // z~ is itself off by its rounding.
    through.push_back(seen.coefficient * (scale[j] + along) * (1 + seen.rounding));
  }
  return through;
}

DistillationScale scale_of(const DistillationArguments& a, int64_t row) {
  DistillationScale scale;
  scale.gradient.assign(static_cast<size_t>(a.shape.classes), 0.0);
  if (a.options.alpha > 0) add_soft(a, row, &scale);
  if (a.options.alpha < 1) add_hard(a, row, &scale);
  return scale;
}

}  // namespace retort::conformance
