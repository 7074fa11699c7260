// The two calls' shared arguments, in buffers of their own, and how exact a result must be.
#pragma once

#include <algorithm>

#include "testing.h"

namespace retort::testing {

constexpr retort_divergence kDivergences[] = {
    RETORT_FORWARD_KL,    RETORT_REVERSE_KL, RETORT_JENSEN_SHANNON, RETORT_TOTAL_VARIATION,
    RETORT_SQUARED_ERROR, RETORT_DECOUPLED,  RETORT_NORMALIZED};
constexpr retort_mean kMeans[] = {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES};

// One random call: its arguments, in buffers of its own.
struct Case {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  GuardedMatrix student;
  std::vector<GuardedMatrix> teachers;
  std::vector<float> teacher_weights;
  std::vector<float> teacher_temperatures;
  std::vector<int32_t> labels;
  std::vector<int64_t> wide_labels;
  std::vector<float> row_weights;
  double logit_error = 0;  // of every logit, where the call computes them itself

  Case(int64_t rows, int64_t classes, int64_t teacher_count, std::mt19937_64& random,
       float scale = 3, int64_t padding = 0, int64_t offset = 0)
      : student(rows, classes, classes + padding, offset) {
    student.fill_normal(random, scale);
    for (int64_t k = 0; k < teacher_count; ++k) {
      teachers.emplace_back(rows, classes, classes + 2 * padding, offset);
      teachers.back().fill_normal(random, scale);
      teacher_weights.push_back(0.25f + static_cast<float>(random() % 4));
    }
    for (int64_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(classes)));
      row_weights.push_back(0.5f + static_cast<float>(random() % 3));
    }
  }

  const void* label_data() {
    if (options.label_type == RETORT_LABELS_I32) return labels.data();
    wide_labels.assign(labels.begin(), labels.end());
    return wide_labels.data();
  }

  std::vector<const void*> teacher_pointers() const {
    std::vector<const void*> pointers;
    for (const GuardedMatrix& teacher : teachers) pointers.push_back(teacher.data());
    return pointers;
  }

  const float* teacher_weight_data() const {
    return teacher_weights.empty() ? nullptr : teacher_weights.data();
  }
  const float* row_weight_data() const {
    return row_weights.empty() ? nullptr : row_weights.data();
  }
  int64_t teacher_stride() const { return teachers.empty() ? 0 : teachers[0].stride; }

  retort_status run(float* gradient, int64_t gradient_stride, float* row_loss,
                    retort_distillation_totals* totals, const retort_executor* executor = nullptr) {
    const std::vector<const void*> pointers = teacher_pointers();
    options.teacher_temperatures =
        teacher_temperatures.empty() ? nullptr : teacher_temperatures.data();
    return retort_distillation_loss(
        &options, student.rows, student.classes, student.data(), student.stride, pointers.data(),
        static_cast<int64_t>(pointers.size()), teacher_stride(), teacher_weight_data(),
        label_data(), row_weight_data(), gradient, gradient_stride, row_loss, totals, executor);
  }

  reference::DistillationOptions meaning() const {
    reference::DistillationOptions meaning;
    meaning.mean = options.mean == RETORT_MEAN_OF_LOGITS ? reference::Mean::kLogits
                                                         : reference::Mean::kProbabilities;
    meaning.temperature = options.temperature;
    meaning.alpha = options.alpha;
    meaning.label_smoothing = options.label_smoothing;
    meaning.scale_by_temperature_squared = options.scale_by_temperature_squared != 0;
    meaning.divergence = static_cast<reference::Divergence>(options.divergence);
    meaning.soft_value = static_cast<reference::SoftValue>(options.soft_value);
    meaning.teacher_form = static_cast<reference::Form>(options.teacher_form);
    meaning.teacher_temperatures.assign(teacher_temperatures.begin(), teacher_temperatures.end());
    meaning.standardize_logits = options.standardize_logits != 0;
    meaning.standardize_epsilon = options.standardize_epsilon;
    meaning.beta = options.beta;
    meaning.target_weight = options.target_weight;
    meaning.non_target_weight = options.non_target_weight;
    return meaning;
  }

  std::vector<reference::Row> teacher_rows(int64_t row) const {
    std::vector<reference::Row> rows;
    for (const GuardedMatrix& teacher : teachers) rows.push_back(teacher.row(row));
    return rows;
  }

  reference::Row weights() const {
    return teacher_weights.empty() ? reference::Row(teachers.size(), 1.0)
                                   : reference::Row(teacher_weights.begin(), teacher_weights.end());
  }

  reference::DistillationLoss expected(int64_t row) const {
    return reference::distillation_loss(meaning(), student.row(row), teacher_rows(row), weights(),
                                        labels[static_cast<size_t>(row)]);
  }

  double weight(int64_t row) const {
    return row_weights.empty() ? 1.0 : row_weights[static_cast<size_t>(row)];
  }

  double denominator() const {
    if (options.reduction != RETORT_REDUCTION_MEAN) return 1;
    if (options.denominator > 0) return options.denominator;
    double sum = 0;
    for (int64_t i = 0; i < student.rows; ++i) {
      if (labels[static_cast<size_t>(i)] != options.ignore_index) sum += weight(i);
    }
    return sum;
  }

  double soft_scale() const {
    return options.scale_by_temperature_squared ? options.temperature * options.temperature : 1.0;
  }

  // The largest magnitude of a row as the soft part sees it.
  double seen_magnitude(const reference::Row& row, bool teacher, size_t k) const {
    reference::Row seen = row;
    for (double& z : seen) {
      if (teacher && options.teacher_form == RETORT_PROBABILITIES) z = std::log(z);
    }
    if (options.standardize_logits)
      seen = reference::standardized(seen, options.standardize_epsilon);
    double scale = 1;
    if (teacher && !teacher_temperatures.empty())
      scale = options.temperature / teacher_temperatures[k];
    return largest_magnitude(seen) * scale;
  }

  // How far logits over the temperature lie apart at most.
  double range(int64_t row) const {
    double magnitude =
        std::fmax(seen_magnitude(student.row(row), false, 0), largest_magnitude(student.row(row)));
    for (size_t k = 0; k < teachers.size(); ++k) {
      magnitude = std::fmax(magnitude, seen_magnitude(teachers[k].row(row), true, k));
    }
    return 2 * magnitude / std::fmin(1.0, options.temperature);
  }

  // The smallest deviation of a row that the soft part standardises; 1 where it does not.
  double deviation(int64_t row) const {
    if (!options.standardize_logits) return 1;
    double smallest = static_cast<double>(kInfinity);
    const auto of = [&](const reference::Row& logits) {
      const reference::Row seen = reference::standardized(logits, options.standardize_epsilon);
      const double spread = largest_magnitude(seen);
      double mean = 0;
      for (const double z : logits) mean += z / static_cast<double>(logits.size());
      double away = 0;
      for (const double z : logits) away = std::fmax(away, std::fabs(z - mean));
      if (spread > 0) smallest = std::fmin(smallest, away / spread);
    };
    of(student.row(row));
    for (const GuardedMatrix& teacher : teachers) {
      reference::Row logits = teacher.row(row);
      for (double& z : logits) {
        if (options.teacher_form == RETORT_PROBABILITIES) z = std::log(z);
      }
      of(logits);
    }
    return smallest;
  }

  // Standardising divides by the deviation what rounding left of the logits.
  double standardization(int64_t row) const { return std::fmax(1, 2 / deviation(row)); }

  // Relative error of a probability: an exponent's rounding grows with its magnitude and with the
  // additions of the mean, a sum's with the root of its length.
  double probability_error(int64_t row) const {
    return kEpsilon * standardization(row) *
               (16 + (4 + static_cast<double>(teachers.size())) * range(row) +
                4 * std::sqrt(static_cast<double>(student.classes))) +
           standardization(row) * 2 * logit_error / std::fmin(1.0, options.temperature);
  }

  // A logarithm of a probability in the row is at most this far from 0.
  double logarithm(int64_t row) const {
    return 1 + std::log(static_cast<double>(student.classes)) + range(row);
  }

  // The error of dD/dx and of D in units of a probability's.
  double gradient_factor(int64_t row) const {
    const double weights = options.target_weight + options.non_target_weight;
    switch (options.divergence) {
      case RETORT_REVERSE_KL:
      case RETORT_JENSEN_SHANNON:
      case RETORT_SQUARED_ERROR:
        return 2 * (1 + 2 * logarithm(row));
      case RETORT_DECOUPLED:
      case RETORT_NORMALIZED:
        return 4 * weights;
      default:
        return 2;
    }
  }
  double value_factor(int64_t row) const {
    const double weights = options.target_weight + options.non_target_weight, log = logarithm(row);
    switch (options.divergence) {
      case RETORT_SQUARED_ERROR:
        return 8 * log * log;
      case RETORT_DECOUPLED:
      case RETORT_NORMALIZED:
        return 4 * weights * log;
      default:
        return 4 * log;
    }
  }

  // Where p_j and q_j are the same but for rounding, the total variation's slope may be any in [-1, 1].
  double ambiguous_mass(int64_t row) const {
    if (options.divergence != RETORT_TOTAL_VARIATION || options.standardize_logits) return 0;
    reference::Row p = reference::ensemble_probabilities(seen_rows(row), weights(), meaning().mean,
                                                         options.temperature);
    const reference::Row q = reference::softmax(student.row(row), options.temperature);
    const double error = 4 * probability_error(row);
    double mass = 0;
    for (size_t j = 0; j < q.size(); ++j) {
      if (std::fabs(q[j] - p[j]) < error * q[j]) mass += q[j];
    }
    return mass;
  }
  std::vector<reference::Row> seen_rows(int64_t row) const {
    std::vector<reference::Row> rows = teacher_rows(row);
    for (size_t k = 0; k < rows.size(); ++k) {
      for (double& z : rows[k]) {
        if (options.teacher_form == RETORT_PROBABILITIES) z = std::log(z);
        if (!teacher_temperatures.empty())
          z *= static_cast<double>(options.temperature) / teacher_temperatures[k];
      }
    }
    return rows;
  }

  double gradient_error(int64_t row) const {
    const double soft = options.alpha * soft_scale() / options.temperature;
    const double target =
        options.divergence == RETORT_NORMALIZED ? 2 * options.alpha * options.target_weight : 0;
    return ((soft * gradient_factor(row) * standardization(row) + target +
             2 * (1 - options.alpha)) *
                probability_error(row) +
            soft * ambiguous_mass(row)) *
           weight(row) / denominator();
  }

  double loss_error(int64_t row) const {
    const double target = options.divergence == RETORT_NORMALIZED ? options.target_weight : 0;
    const double logarithms = logarithm(row);
    return (options.alpha * (soft_scale() * value_factor(row) + target * logarithms) +
            2 * logarithms) *
           probability_error(row) * weight(row);
  }
};

}  // namespace retort::testing
