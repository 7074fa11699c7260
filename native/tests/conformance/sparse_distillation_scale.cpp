// The scales of the loss against sparse teachers, in the terms of distillation_scale.h. A teacher's
// probabilities have P_j = p_j as they are given, 2 p_j of logarithms and p_j (1 + |log p_j|) where they are
// renormalised. What it does not list is a difference,
//
//   tail = 1 - sum p_j        P_tail = 1 + sum P_j        each of n classes: tail / n, P_tail / n
//
// which may be any number of times the tail. A tail that its roundings take over 2^-20, where it begins to
// count, leaves the row without an answer: its intermediate result then is infinite.
#include <limits>
#include <map>

#include "sparse_distillation.h"

namespace retort::conformance {
namespace {

constexpr double kEpsilon = std::numeric_limits<float>::epsilon();
constexpr double kSmallestTail = 0x1p-20;

// A number and its scale.
struct Scaled {
  double value = 0;
  double scale = 0;

  void add(double factor, const Scaled& other) {
    value += factor * magnitude(other.value);
    scale += factor * magnitude(other.scale);
  }
  void divide(double divisor) {
    value = magnitude(value / divisor);
    scale = magnitude(scale / divisor) + value;
  }
};

// One teacher, or their mean on the union of what they list.
struct Listed {
  std::map<size_t, Scaled> p;
  Scaled tail;
  Scaled each;  // of the classes that are not listed
  bool ambiguous = false;

  Scaled sum() const {
    Scaled sum;
    for (const auto& [index, own] : p) sum.add(1, own);
    return sum;
  }
  void renormalize() {
    const double divisor = sum().value;
    for (auto& [index, own] : p) own.divide(divisor);
    tail = {};
  }
};

double largest_listed(const reference::SparseTeacher& teacher) {
  double largest = -HUGE_VAL;
  for (size_t i = 0; i < teacher.indices.size(); ++i) {
    if (teacher.indices[i] >= 0) largest = std::fmax(largest, teacher.values[i]);
  }
  return largest;
}

Scaled probability(const SparseDistillationArguments& a, double value, double largest, size_t k) {
  if (a.options.teacher_form == RETORT_PROBABILITIES) return {value, value};
  if (a.tail != RETORT_TAIL_RENORMALIZED) return {std::exp(value), 2 * std::exp(value)};
  const double temperature = a.options.teacher_form != RETORT_LOGITS ? 1
                             : a.teacher_temperatures.empty()        ? a.options.temperature
                                                                     : a.teacher_temperatures[k];
  const double exponent = (value - largest) / temperature;
  return {std::exp(exponent), std::exp(exponent) * (2 + 2 * magnitude(exponent))};
}

Listed listed(const SparseDistillationArguments& a, const reference::SparseTeacher& teacher,
              size_t k) {
  Listed result;
  const double largest = largest_listed(teacher);
  for (size_t i = 0; i < teacher.indices.size(); ++i) {
    if (teacher.indices[i] < 0) continue;
    result.p[static_cast<size_t>(teacher.indices[i])] =
        probability(a, teacher.values[i], largest, k);
  }
  const Scaled sum = result.sum();
  const double tail = 1 - sum.value,
               others = static_cast<double>(a.shape.classes) - static_cast<double>(result.p.size());
  if (a.tail == RETORT_TAIL_RENORMALIZED || others == 0) {
    result.renormalize();
    return result;
  }
  result.ambiguous = std::fabs(tail - kSmallestTail) <= 2 * kEpsilon * sum.scale;
  if (tail < kSmallestTail) {
    result.renormalize();
    return result;
  }
  result.tail = {tail, 1 + sum.scale};
  if (a.tail == RETORT_TAIL_UNIFORM) result.each = {tail / others, (1 + sum.scale) / others};
  return result;
}

Listed mean_of(const SparseDistillationArguments& a, int64_t row) {
  const std::vector<reference::SparseTeacher> teachers = a.sparse_rows(row);
  const Row weights = a.sparse_shares();
  std::vector<Listed> all;
  Listed mean;
  double total = 0;
  for (size_t k = 0; k < teachers.size(); ++k) {
    all.push_back(weights[k] == 0 ? Listed{} : listed(a, teachers[k], k));
    mean.ambiguous = mean.ambiguous || all[k].ambiguous;
    total += weights[k];
    for (const auto& [index, own] : all[k].p) mean.p[index] = {};
  }
  for (size_t k = 0; k < all.size(); ++k) {
    const double weight = weights[k] / total;
    mean.tail.add(weight, all[k].tail);
    mean.each.add(weight, all[k].each);
    for (auto& [index, p] : mean.p) {
      const auto own = all[k].p.find(index);
      // What is listed may be kept as a difference from the share of what is not.
      p.add(weight, own == all[k].p.end()
                        ? all[k].each
                        : Scaled{own->second.value, own->second.scale + all[k].each.value});
    }
  }
  if (a.tail == RETORT_TAIL_BIN && mean.p.size() == static_cast<size_t>(a.shape.classes))
    mean.renormalize();
  return mean;
}

// The student's side: the logarithms of q and of its sums on the union and outside.
struct Student {
  Row log_q;
  Row q;  // Q
  double log_listed = -HUGE_VAL;
  double log_tail = -HUGE_VAL;
};

Student student_of(const SparseDistillationArguments& a, const Listed& teachers, int64_t row) {
  Student s;
  s.log_q = reference::log_softmax(a.student.row(row), a.options.temperature);
  double inside = 0, outside = 0;
  const double inside_peak = [&] {
    double peak = -HUGE_VAL;
    for (const auto& [index, p] : teachers.p) peak = std::fmax(peak, s.log_q[index]);
    return peak;
  }();
  double outside_peak = -HUGE_VAL;
  for (size_t j = 0; j < s.log_q.size(); ++j) {
    if (teachers.p.count(j) == 0) outside_peak = std::fmax(outside_peak, s.log_q[j]);
  }
  for (size_t j = 0; j < s.log_q.size(); ++j) {
    const bool is_listed = teachers.p.count(j) != 0;
    (is_listed ? inside : outside) +=
        std::exp(s.log_q[j] - (is_listed ? inside_peak : outside_peak));
  }
  if (std::isfinite(inside_peak)) s.log_listed = inside_peak + std::log(inside);
  if (std::isfinite(outside_peak)) s.log_tail = outside_peak + std::log(outside);
  if (a.tail == RETORT_TAIL_RENORMALIZED) {
    for (double& x : s.log_q) x -= s.log_listed;
  }
  s.q = exponential_scale(s.log_q, 1);
  return s;
}

// p (log p - log q): the scale of p times the ratio, and the roundings of the logarithms.
double term_scale(const Scaled& p, double log_q, double further) {
  const double log_p = magnitude(std::log(p.value));
  return p.scale * (1 + log_p + magnitude(log_q)) +
         p.value * (log_p + 2 * magnitude(log_q) + further);
}

double value_scale(const SparseDistillationArguments& a, const Listed& teachers, const Student& s) {
  double sum = 0;
  for (const auto& [index, p] : teachers.p) sum += term_scale(p, s.log_q[index], 1);
  const double spread = std::log(static_cast<double>(a.shape.classes));
  if (a.tail == RETORT_TAIL_BIN && teachers.tail.value > 0)
    sum += term_scale(teachers.tail, s.log_tail, 1 + spread);
  if (a.tail != RETORT_TAIL_UNIFORM) return sum;
  for (size_t j = 0; j < s.log_q.size(); ++j) {
    if (teachers.p.count(j) == 0) sum += term_scale(teachers.each, s.log_q[j], 1);
  }
  return sum;
}

// In dD/dx.
Row gradient_scale(const SparseDistillationArguments& a, const Listed& teachers, const Student& s) {
  const Scaled mass = teachers.sum();
  Row scale = s.q;
  for (size_t j = 0; j < scale.size(); ++j) {
    const auto own = teachers.p.find(j);
    if (a.tail == RETORT_TAIL_TRUNCATED)
      scale[j] = mass.value * s.q[j] + mass.scale * magnitude(std::exp(s.log_q[j]));
    if (own != teachers.p.end()) {
      scale[j] += own->second.scale;
    } else if (a.tail == RETORT_TAIL_RENORMALIZED) {
      scale[j] = 0;
    } else if (a.tail == RETORT_TAIL_UNIFORM) {
      scale[j] += teachers.each.scale;
    } else if (a.tail == RETORT_TAIL_BIN) {
      // q_j / q_tail of the teachers' tail.
      const double logarithm = s.log_q[j] - s.log_tail;
      scale[j] += magnitude(std::exp(logarithm)) *
                  (teachers.tail.scale +
                   teachers.tail.value * (1 + magnitude(logarithm) + magnitude(s.log_tail)));
    }
  }
  return scale;
}

double intermediate_of(const SparseDistillationArguments& a, const Listed& teachers, int64_t row) {
  if (teachers.ambiguous) return HUGE_VAL;
  const double inverse = std::fmax(1, 1 / a.options.temperature);
  // The logits outside the union are added up.
  const double terms = a.tail == RETORT_TAIL_UNIFORM ? static_cast<double>(a.shape.classes) : 1;
  double largest = 2 * largest_magnitude(a.student.row(row)) * inverse * terms;
  for (const reference::SparseTeacher& teacher : a.sparse_rows(row)) {
    if (a.options.teacher_form == RETORT_LOGITS)
      largest = std::fmax(largest, 4 * largest_magnitude(teacher.values) * inverse);
  }
  return largest;
}

}  // namespace

DistillationScale sparse_scale_of(const SparseDistillationArguments& a, int64_t row) {
  DistillationArguments hard = a;
  hard.options.alpha = 0;
  DistillationScale scale;
  scale.gradient.assign(static_cast<size_t>(a.shape.classes), 0.0);
  const double alpha = a.options.alpha;
  if (alpha < 1) {
    scale = scale_of(hard, row);
    for (double& g : scale.gradient) g *= 1 - alpha;
    scale.total *= 1 - alpha;
  }
  if (alpha == 0) return scale;
  const Listed teachers = mean_of(a, row);
  const Student student = student_of(a, teachers, row);
  const Row gradient = gradient_scale(a, teachers, student);
  for (size_t j = 0; j < gradient.size(); ++j)
    scale.gradient[j] += alpha * a.soft_scale() / a.options.temperature * gradient[j];
  // A sum of n terms, one after another, rounds by about the root of n.
  const double sum = 1 + std::sqrt(static_cast<double>(a.shape.classes)) / 8;
  scale.soft = a.soft_scale() * value_scale(a, teachers, student) * sum;
  scale.total += alpha * scale.soft;
  scale.intermediate = std::fmax(scale.intermediate, intermediate_of(a, teachers, row));
  return scale;
}

}  // namespace retort::conformance
