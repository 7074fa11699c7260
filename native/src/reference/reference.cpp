#include "reference.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace retort::reference {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
  const double larger = std::max(a, b);
  // Two masked classes are masked; a NaN beside one stays a NaN.
  return larger == kMasked ? a + b : larger + std::log(std::exp(a - larger) + std::exp(b - larger));
}

double times(double probability, double logarithm) {
  return probability == 0 ? 0 : probability * logarithm;
}

// sum_j a_j * b_j with 0 * anything = 0.
double expectation(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) sum += times(a[j], b[j]);
  return sum;
}

}  // namespace

Row log_softmax(const Row& logits, double temperature) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  double normalizer = 0;
  for (double z : logits) normalizer += std::exp((z - largest) / temperature);
  Row log_p;
  for (double z : logits) log_p.push_back((z - largest) / temperature - std::log(normalizer));
  return log_p;
}

Row softmax(const Row& logits, double temperature) {
  Row p = log_softmax(logits, temperature);
  for (double& x : p) x = std::exp(x);
  return p;
}

Row softmax_backward(const Row& p, const Row& output_gradient, double temperature) {
  double inner = 0;
  for (size_t j = 0; j < p.size(); ++j) inner += p[j] * output_gradient[j];
  Row gradient;
  for (size_t j = 0; j < p.size(); ++j)
    gradient.push_back(p[j] * (output_gradient[j] - inner) / temperature);
  return gradient;
}

Row log_softmax_backward(const Row& log_p, const Row& output_gradient, double temperature) {
  double sum = 0;
  for (double g : output_gradient) sum += g;
  Row gradient;
  for (size_t j = 0; j < log_p.size(); ++j) {
    gradient.push_back((output_gradient[j] - std::exp(log_p[j]) * sum) / temperature);
  }
  return gradient;
}

Row mean_of_logits(const std::vector<Row>& members, const Row& weights) {
  double sum = 0;
  for (double w : weights) sum += w;
  Row mean(members[0].size(), 0.0);
  for (size_t k = 0; k < members.size(); ++k) {
    if (weights[k] == 0) continue;
    for (size_t j = 0; j < mean.size(); ++j) mean[j] += weights[k] / sum * members[k][j];
  }
  return mean;
}

Row ensemble_probabilities(const std::vector<Row>& members, const Row& weights, Mean mean,
                           double temperature) {
  if (mean == Mean::kLogits) return softmax(mean_of_logits(members, weights), temperature);
  std::vector<Row> distributions;
  for (const Row& member : members) distributions.push_back(softmax(member, temperature));
  return mean_of_logits(distributions, weights);
}

Row ensemble_log_probabilities(const std::vector<Row>& members, const Row& weights, Mean mean,
                               double temperature) {
  if (mean == Mean::kLogits) return log_softmax(mean_of_logits(members, weights), temperature);
  double sum = 0;
  for (double w : weights) sum += w;
  Row log_p(members[0].size(), kMasked);
  for (size_t k = 0; k < members.size(); ++k) {
    if (weights[k] == 0) continue;
    const Row member = log_softmax(members[k], temperature);
    for (size_t j = 0; j < log_p.size(); ++j)
      log_p[j] = log_add(log_p[j], member[j] + std::log(weights[k] / sum));
  }
  return log_p;
}

namespace {

Row exp_of(Row row) {
  for (double& x : row) x = std::exp(x);
  return row;
}

// The row without one class, renormalised; a row without other mass stays without.
Row without(const Row& log_p, size_t label) {
  double rest = kMasked;
  for (size_t j = 0; j < log_p.size(); ++j) {
    if (j != label) rest = log_add(rest, log_p[j]);
  }
  Row left;
  for (size_t j = 0; j < log_p.size(); ++j)
    left.push_back(j == label || rest == kMasked ? kMasked : log_p[j] - rest);
  return left;
}

double log_rest(const Row& log_p, size_t label) {
  double rest = kMasked;
  for (size_t j = 0; j < log_p.size(); ++j) {
    if (j != label) rest = log_add(rest, log_p[j]);
  }
  return rest;
}

// What a divergence is of: y and x are logits / T, p = softmax(y) or a mixture, q = softmax(x).
struct Sides {
  Row y, log_p;
  Row x, log_q;
  size_t label;
};

// D and dD/dx.
struct Part {
  double value = 0;
  Row gradient;
};

// KL between rows of logarithms, in the first argument's mass.
double kl(const Row& log_a, const Row& log_b) {
  double sum = 0;
  for (size_t j = 0; j < log_a.size(); ++j) sum += times(std::exp(log_a[j]), log_a[j] - log_b[j]);
  return sum;
}

// For a slope h_j = dD/dq_j: q_j (h_j - <q, h>). A NaN is all of the row's.
Row through_softmax(const Row& log_q, const Row& slope) {
  const Row q = exp_of(log_q);
  const double mean = expectation(q, slope);
  Row gradient;
  for (size_t j = 0; j < q.size(); ++j)
    gradient.push_back(std::isnan(mean) ? mean : times(q[j], slope[j] - mean));
  return gradient;
}

Part forward_kl(const Sides& s) {
  Part part{kl(s.log_p, s.log_q), {}};
  for (size_t j = 0; j < s.log_p.size(); ++j)
    part.gradient.push_back(std::exp(s.log_q[j]) - std::exp(s.log_p[j]));
  return part;
}

Part reverse_kl(const Sides& s) {
  Row slope;
  for (size_t j = 0; j < s.log_p.size(); ++j) {
    slope.push_back(s.log_p[j] == kMasked ? 0 : s.log_q[j] - s.log_p[j]);
  }
  return {kl(s.log_q, s.log_p), through_softmax(s.log_q, slope)};
}

Part jensen_shannon(const Sides& s, double beta) {
  if (beta == 0) return forward_kl(s);
  if (beta == 1) return reverse_kl(s);
  Row log_m, slope;
  for (size_t j = 0; j < s.log_p.size(); ++j) {
    log_m.push_back(log_add(s.log_p[j] + std::log(beta), s.log_q[j] + std::log1p(-beta)));
    slope.push_back((1 - beta) * (s.log_q[j] - log_m[j]));
    if (s.log_q[j] == kMasked) slope[j] = 0;
  }
  return {beta * kl(s.log_p, log_m) + (1 - beta) * kl(s.log_q, log_m),
          through_softmax(s.log_q, slope)};
}

Part total_variation(const Sides& s) {
  double sum = 0;
  Row slope;
  for (size_t j = 0; j < s.log_p.size(); ++j) {
    const double d = std::exp(s.log_q[j]) - std::exp(s.log_p[j]);
    sum += std::fabs(d) / 2;
    slope.push_back(std::isnan(d) ? d : 0.5 * ((d > 0) - (d < 0)));
  }
  return {sum, through_softmax(s.log_q, slope)};
}

Part squared_error(const Sides& s) {
  const auto classes = static_cast<double>(s.x.size());
  Part part;
  for (size_t j = 0; j < s.x.size(); ++j) {
    const bool masked = s.x[j] == kMasked || s.y[j] == kMasked;
    const double difference = masked ? 0 : s.x[j] - s.y[j];
    // A side without a distribution has no distance to the other either.
    const double d = std::isnan(s.log_p[j] + s.log_q[j]) ? s.log_p[j] + s.log_q[j] : difference;
    part.value += d * d / classes;
    part.gradient.push_back(2 * d / classes);
  }
  return part;
}

Part decoupled(const Sides& s, double target, double non_target) {
  const Row p_left = without(s.log_p, s.label), q_left = without(s.log_q, s.label);
  const Row binary_p{s.log_p[s.label], log_rest(s.log_p, s.label)};
  const Row binary_q{s.log_q[s.label], log_rest(s.log_q, s.label)};
  if (binary_p[1] == kMasked || binary_q[1] == kMasked) non_target = 0;
  Part part{target * kl(binary_p, binary_q), {}};
  if (non_target > 0) part.value += non_target * kl(p_left, q_left);
  const double difference = std::exp(binary_q[0]) - std::exp(binary_p[0]);
  for (size_t j = 0; j < s.x.size(); ++j) {
    const double p = std::exp(p_left[j]), q = std::exp(q_left[j]);
    part.gradient.push_back(j == s.label ? target * difference
                                         : non_target * (q - p) - target * difference * q);
  }
  return part;
}

// The part that the label is left out of; normalized_target() has the other.
Part normalized(const Sides& s, double non_target) {
  const Row p = exp_of(without(s.log_p, s.label)), log_q = without(s.log_q, s.label);
  const double rest = log_rest(s.log_p, s.label) + log_rest(s.log_q, s.label);
  if (rest == kMasked) non_target = 0;
  // A side without a distribution, which with one class only the label shows.
  const double all = s.log_p[s.label] + s.log_q[s.label] + rest;
  if (std::isnan(all)) non_target = all;
  Part part{0, Row(p.size(), 0.0)};
  if (non_target == 0) return part;
  part.value = -non_target * expectation(p, log_q);
  for (size_t j = 0; j < p.size(); ++j) part.gradient[j] = non_target * (std::exp(log_q[j]) - p[j]);
  return part;
}

Part divergence(const DistillationOptions& options, const Sides& s) {
  switch (options.divergence) {
    case Divergence::kReverseKl:
      return reverse_kl(s);
    case Divergence::kJensenShannon:
      return jensen_shannon(s, options.beta);
    case Divergence::kTotalVariation:
      return total_variation(s);
    case Divergence::kSquaredError:
      return squared_error(s);
    case Divergence::kDecoupled:
      return decoupled(s, options.target_weight, options.non_target_weight);
    case Divergence::kNormalized:
      return normalized(s, options.non_target_weight);
    default:
      return forward_kl(s);
  }
}

// The teachers' logits at the loss's temperature.
std::vector<Row> seen_teachers(const DistillationOptions& options, std::vector<Row> teachers) {
  for (size_t k = 0; k < teachers.size(); ++k) {
    for (double& z : teachers[k]) {
      if (options.teacher_form == Form::kProbabilities) z = std::log(z);
    }
    if (options.standardize_logits)
      teachers[k] = standardized(teachers[k], options.standardize_epsilon);
    if (options.teacher_temperatures.empty()) continue;
    for (double& z : teachers[k]) z *= options.temperature / options.teacher_temperatures[k];
  }
  return teachers;
}

// Another value for the forward KL, with the same gradient.
double soft_value(const DistillationOptions& options, const std::vector<Row>& teachers,
                  const Row& weights, const Sides& s, double kl_of_mean) {
  if (options.soft_value == SoftValue::kKlOfMean) return kl_of_mean;
  if (options.soft_value == SoftValue::kCrossEntropy) return -expectation(exp_of(s.log_p), s.log_q);
  double sum = 0, weight = 0;
  for (size_t k = 0; k < teachers.size(); ++k) {
    if (weights[k] == 0) continue;
    sum += weights[k] * kl(log_softmax(teachers[k], options.temperature), s.log_q);
    weight += weights[k];
  }
  return sum / weight;
}

Row divided(Row row, double divisor) {
  for (double& x : row) x /= divisor;
  return row;
}

// Adds alpha * soft part.
void add_soft(const DistillationOptions& options, const Row& student, const std::vector<Row>& given,
              const Row& weights, int64_t label, DistillationLoss* loss) {
  const double temperature = options.temperature;
  const std::vector<Row> teachers = seen_teachers(options, given);
  const Row z =
      options.standardize_logits ? standardized(student, options.standardize_epsilon) : student;
  Sides s;
  s.log_p = ensemble_log_probabilities(teachers, weights, options.mean, temperature);
  s.y = options.mean == Mean::kLogits ? divided(mean_of_logits(teachers, weights), temperature)
                                      : s.log_p;
  s.x = divided(z, temperature);
  s.log_q = log_softmax(z, temperature);
  s.label = static_cast<size_t>(std::max<int64_t>(label, 0));
  const double scale = options.scale_by_temperature_squared ? temperature * temperature : 1;
  const Part part = divergence(options, s);
  loss->soft = scale * soft_value(options, teachers, weights, s, part.value);
  Row gradient = part.gradient;
  for (double& g : gradient) g *= scale / temperature;
  if (options.standardize_logits)
    gradient = standardized_backward(student, options.standardize_epsilon, gradient);
  if (options.divergence == Divergence::kNormalized) {
    const Row log_s = log_softmax(student, 1);
    const double target =
        options.target_weight * ensemble_probabilities(teachers, weights, options.mean, 1)[s.label];
    loss->soft -= times(target, log_s[s.label]);
    for (size_t j = 0; j < z.size(); ++j)
      gradient[j] += target * (std::exp(log_s[j]) - (j == s.label));
  }
  for (size_t j = 0; j < z.size(); ++j) loss->gradient[j] += options.alpha * gradient[j];
  loss->total += options.alpha * loss->soft;
}

// Adds (1 - alpha) * hard part.
void add_hard(const DistillationOptions& options, const Row& student, int64_t label,
              DistillationLoss* loss) {
  Row target(student.size(), options.label_smoothing / static_cast<double>(student.size()));
  target[static_cast<size_t>(label)] += 1 - options.label_smoothing;
  const Row log_s = log_softmax(student, 1);
  loss->hard = -expectation(target, log_s);
  for (size_t j = 0; j < student.size(); ++j) {
    loss->gradient[j] += (1 - options.alpha) * (std::exp(log_s[j]) - target[j]);
  }
  loss->total += (1 - options.alpha) * loss->hard;
}

struct Moments {
  double mean = 0, deviation = 0, count = 0;
};

Moments moments_of(const Row& logits) {
  Moments m;
  for (double z : logits) {
    if (z == kMasked) continue;
    m.mean += z;
    ++m.count;
  }
  m.mean /= m.count;
  for (double z : logits) {
    if (z != kMasked) m.deviation += (z - m.mean) * (z - m.mean);
  }
  m.deviation = m.count > 1 ? std::sqrt(m.deviation / (m.count - 1)) : 0 * m.deviation;
  return m;
}

}  // namespace

Row standardized(const Row& logits, double epsilon) {
  const Moments m = moments_of(logits);
  Row result;
  for (double z : logits) result.push_back((z - m.mean) / (epsilon + m.deviation));
  return result;
}

Row standardized_backward(const Row& logits, double epsilon, const Row& gradient) {
  const Moments m = moments_of(logits);
  const Row z = standardized(logits, epsilon);
  double sum = 0, product = 0;
  for (size_t j = 0; j < z.size(); ++j) {
    if (z[j] == kMasked) continue;
    sum += gradient[j];
    product += gradient[j] * z[j];
  }
  Row result;
  for (size_t j = 0; j < z.size(); ++j) {
    const double along = m.deviation > 0 ? z[j] * product / ((m.count - 1) * m.deviation) : 0;
    result.push_back(
        z[j] == kMasked ? 0 : (gradient[j] - sum / m.count) / (epsilon + m.deviation) - along);
  }
  return result;
}

DistillationLoss distillation_loss(const DistillationOptions& options, const Row& student,
                                   const std::vector<Row>& teachers, const Row& weights,
                                   int64_t label) {
  DistillationLoss loss;
  loss.gradient.assign(student.size(), 0.0);
  if (options.alpha > 0) add_soft(options, student, teachers, weights, label, &loss);
  if (options.alpha < 1) add_hard(options, student, label, &loss);
  return loss;
}

std::vector<Row> distillation_tangent(const DistillationOptions& options, const Row& student,
                                      std::vector<Row> teachers, const Row& weights, int64_t label,
                                      const Row& tangent) {
  const double h = 1e-4;
  std::vector<Row> gradients = teachers;
  const auto inner = [&] {
    const Row gradient = distillation_loss(options, student, teachers, weights, label).gradient;
    double sum = 0;
    for (size_t j = 0; j < tangent.size(); ++j) sum += gradient[j] * tangent[j];
    return sum;
  };
  for (size_t k = 0; k < teachers.size(); ++k) {
    for (size_t j = 0; j < tangent.size(); ++j) {
      const double kept = teachers[k][j];
      const auto difference = [&](double step) {
        teachers[k][j] = kept + step;
        const double above = inner();
        teachers[k][j] = kept - step;
        return (above - inner()) / (2 * step);
      };
      // Richardson's extrapolation takes away the term in h^2.
      gradients[k][j] = (4 * difference(h) - difference(2 * h)) / 3;
      teachers[k][j] = kept;
    }
  }
  return gradients;
}

}  // namespace retort::reference
