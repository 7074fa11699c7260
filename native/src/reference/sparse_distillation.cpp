#include "sparse_distillation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace retort::reference {
namespace {

constexpr double kMasked = -std::numeric_limits<double>::infinity();
constexpr double kSmallestTail = 0x1p-20;

double times(double probability, double logarithm) {
  return probability == 0 ? 0 : probability * logarithm;
}

// A teacher's probabilities by class, and the mass it does not list: NaN where they are no distribution.
struct Listed {
  std::map<size_t, double> p;
  double tail = 0;

  double sum() const {
    double sum = 0;
    for (const auto& [index, probability] : p) sum += probability;
    return sum;
  }
  void divide(double divisor) {
    for (auto& [index, probability] : p) probability /= divisor;
  }
};

Listed listed(const DistillationOptions& options, Tail tail, const SparseTeacher& teacher, size_t k,
              size_t classes) {
  const bool logits = options.teacher_form == Form::kLogits;
  const double temperature = !logits ? 1
                             : options.teacher_temperatures.empty()
                                 ? options.temperature
                                 : options.teacher_temperatures[k];
  double shift = tail == Tail::kRenormalized ? kMasked : 0;
  for (size_t i = 0; i < teacher.indices.size(); ++i) {
    if (tail == Tail::kRenormalized && teacher.indices[i] >= 0)
      shift = std::max(shift, teacher.values[i]);
  }
  Listed result;
  for (size_t i = 0; i < teacher.indices.size(); ++i) {
    if (teacher.indices[i] < 0) continue;
    const double value = teacher.values[i];
    double p = options.teacher_form == Form::kProbabilities
                   ? value
                   : std::exp((value - shift) / temperature);
    if (p < 0) p = std::nan("");
    result.p[static_cast<size_t>(teacher.indices[i])] = p;
  }
  const double sum = result.sum();
  result.tail = 1 - sum;
  if (tail == Tail::kRenormalized || result.tail < kSmallestTail || result.p.size() == classes) {
    result.divide(sum);
    result.tail = std::isfinite(sum) && sum > 0 ? 0 : std::nan("");
  }
  return result;
}

// The teachers' mean: its probabilities on the union, the mass of its tail, and of each class there.
struct Mixture {
  Listed on_union;
  double each = 0;
};

Mixture mixture_of(const DistillationOptions& options, Tail tail,
                   const std::vector<SparseTeacher>& teachers, const Row& weights, size_t classes) {
  std::vector<Listed> all;
  double weight_sum = 0;
  Mixture mixture;
  for (size_t k = 0; k < teachers.size(); ++k) {
    all.push_back(listed(options, tail, teachers[k], k, classes));
    if (weights[k] == 0) continue;
    weight_sum += weights[k];
    for (const auto& [index, p] : all[k].p) mixture.on_union.p[index] = 0;
  }
  for (size_t k = 0; k < teachers.size(); ++k) {
    if (weights[k] == 0) continue;
    const double weight = weights[k] / weight_sum;
    const auto others = static_cast<double>(classes - all[k].p.size());
    const double each = tail == Tail::kUniform && others > 0 ? all[k].tail / others : 0;
    for (auto& [index, p] : mixture.on_union.p) {
      const auto own = all[k].p.find(index);
      p += weight * (own == all[k].p.end() ? each : own->second);
    }
    mixture.on_union.tail += weight * all[k].tail;
    mixture.each += weight * each;
  }
  if (tail == Tail::kBin && mixture.on_union.p.size() == classes) {
    mixture.on_union.divide(mixture.on_union.sum());
    mixture.on_union.tail = 0;
  }
  return mixture;
}

// D and dD/dx.
struct Part {
  double value = 0;
  Row gradient;
};

// log softmax(student / T), on the union alone where it is renormalised there.
Row log_q_of(const DistillationOptions& options, Tail tail, const Listed& teacher, Row student) {
  for (size_t j = 0; j < student.size() && tail == Tail::kRenormalized; ++j) {
    if (teacher.p.count(j) == 0) student[j] = kMasked;
  }
  return log_softmax(student, options.temperature);
}

// The log of the sum of q over the classes that are not listed.
double log_tail_of(const Row& log_q, const Listed& listed) {
  // A row without a distribution is NaN throughout.
  if (std::isnan(log_q[0])) return log_q[0];
  double largest = kMasked, sum = 0;
  for (size_t j = 0; j < log_q.size(); ++j) {
    if (listed.p.count(j) == 0) largest = std::max(largest, log_q[j]);
  }
  if (largest == kMasked) return kMasked;
  for (size_t j = 0; j < log_q.size(); ++j) {
    if (listed.p.count(j) == 0) sum += std::exp(log_q[j] - largest);
  }
  return largest + std::log(sum);
}

Part divergence(Tail tail, const Mixture& mixture, const Row& log_q, bool cross_entropy) {
  const Listed& teacher = mixture.on_union;
  const double mass = teacher.sum(), log_tail = log_tail_of(log_q, teacher);
  // What q is multiplied by in the gradient on the union.
  const double factor = tail == Tail::kTruncated ? mass : 1;
  const auto term = [&](double p, double log) {
    return times(p, (cross_entropy || p == 0 ? 0 : std::log(p)) - log);
  };
  Part part;
  if (tail == Tail::kBin) part.value += term(teacher.tail, log_tail);
  if (tail == Tail::kRenormalized) part.value += 0 * teacher.tail;
  for (size_t j = 0; j < log_q.size(); ++j) {
    const double q = std::exp(log_q[j]);
    const auto own = teacher.p.find(j);
    if (own != teacher.p.end()) {
      const double p = own->second + 0 * teacher.tail;  // NaN where a teacher is
      part.value += term(p, log_q[j]);
      part.gradient.push_back(factor * q - p);
      continue;
    }
    switch (tail) {
      case Tail::kBin:
        part.gradient.push_back(log_q[j] == kMasked
                                    ? 0 * teacher.tail
                                    : q - std::exp(log_q[j] - log_tail) * teacher.tail);
        break;
      case Tail::kRenormalized:
        part.gradient.push_back(0);
        break;
      case Tail::kUniform:
        part.value += term(mixture.each, log_q[j]);
        part.gradient.push_back(q - mixture.each);
        break;
      case Tail::kTruncated:
        part.gradient.push_back(factor * q);
    }
  }
  return part;
}

}  // namespace

TopK top_k(const Row& logits, int64_t k, Form form, double temperature) {
  TopK result;
  result.indices.resize(logits.size());
  std::iota(result.indices.begin(), result.indices.end(), 0);
  const auto at = [&](int32_t index) { return logits[static_cast<size_t>(index)]; };
  const bool has_nan =
      std::any_of(logits.begin(), logits.end(), [](double z) { return std::isnan(z); });
  if (!has_nan) {
    std::stable_sort(result.indices.begin(), result.indices.end(),
                     [&](int32_t a, int32_t b) { return at(a) > at(b); });
  }
  result.indices.resize(static_cast<size_t>(k));
  const Row log_p = log_softmax(logits, temperature);
  for (const int32_t index : result.indices) {
    const double log = log_p[static_cast<size_t>(index)];
    const double value = form == Form::kLogits          ? at(index)
                         : form == Form::kProbabilities ? std::exp(log)
                                                        : log;
    result.values.push_back(has_nan ? std::nan("") : value);
  }
  return result;
}

DistillationLoss sparse_distillation_loss(const DistillationOptions& options, Tail tail,
                                          const Row& student,
                                          const std::vector<SparseTeacher>& teachers,
                                          const Row& weights, int64_t label) {
  DistillationOptions hard = options;
  hard.alpha = 0;
  DistillationLoss loss;
  if (options.alpha < 1) loss = distillation_loss(hard, student, {}, {}, label);
  loss.total *= 1 - options.alpha;
  loss.gradient.resize(student.size());
  for (double& g : loss.gradient) g *= 1 - options.alpha;
  if (options.alpha == 0) return loss;
  const Mixture mixture = mixture_of(options, tail, teachers, weights, student.size());
  const Row log_q = log_q_of(options, tail, mixture.on_union, student);
  const Part part =
      divergence(tail, mixture, log_q, options.soft_value == SoftValue::kCrossEntropy);
  const double scale =
      options.scale_by_temperature_squared ? options.temperature * options.temperature : 1;
  loss.soft = scale * part.value;
  loss.total += options.alpha * loss.soft;
  for (size_t j = 0; j < student.size(); ++j)
    loss.gradient[j] += options.alpha * scale / options.temperature * part.gradient[j];
  return loss;
}

}  // namespace retort::reference
