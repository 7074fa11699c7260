// The distillation loss of a row and its gradient; retort.h has the formulas.
//
// Bytes: (K + 1) rows read and one written per example, model minimum (K + 2) * 4 * classes. Two
// sweeps take the maxima and normalisers, a third the loss and the gradient; a row of up to some 50
// 000 classes stays in the second-level cache between them. A row is one thread's; a vector holds
// neighbouring classes. The gradient is written only after everything of the same vector was read,
// so it may overwrite the student's logits.
#pragma once

#include "ensemble_mean.h"
#include "kernels.h"
#include "softmax.h"
#include "vector.h"

namespace {

// softmax of the student at one temperature.
struct StudentSoftmax {
  float largest;
  float inverse_temperature;
  float inverse_normalizer;
  float log_normalizer;

  StudentSoftmax(int64_t classes, const float* logits, float largest, float inverse_temperature)
      : largest(largest), inverse_temperature(inverse_temperature) {
    const float normalizer = row_normalizer(classes, logits, largest, inverse_temperature);
    inverse_normalizer = 1 / normalizer;
    log_normalizer = logf(normalizer);
  }

  Vector scaled(Vector logits) const {
    return (logits - broadcast(largest)) * broadcast(inverse_temperature);
  }
};

// alpha * soft part: adds to the gradient and to the divergence.
template <typename Distribution>
struct SoftPart {
  const Distribution& teacher;
  StudentSoftmax student;
  float coefficient;
  Vector divergence = broadcast(0);

  template <typename Lanes>
  Vector gradient(int64_t j, Lanes lanes, Vector logits) {
    Vector p, log_p;
    teacher.at(j, lanes, &p, &log_p);
    const Vector x = student.scaled(logits);
    const Vector q = exp_nonpositive(x) * broadcast(student.inverse_normalizer);
    const Vector log_ratio = log_p - (x - broadcast(student.log_normalizer));
    divergence = divergence + lanes.keep(zero_where_zero(p, p * log_ratio));
    return (q - p) * broadcast(coefficient);
  }

  double value() const { return sum_of_lanes(divergence); }
};

struct NoSoftPart {
  template <typename Lanes>
  Vector gradient(int64_t, Lanes, Vector) {
    return broadcast(0);
  }
  double value() const { return 0; }
};

// (1 - alpha) * hard part, but for the label's own entry, which is set right after the sweep.
struct HardPart {
  StudentSoftmax student;
  float coefficient;
  float smoothing;
  float uniform;  // smoothing / classes
  Vector sum = broadcast(0);

  template <typename Lanes>
  Vector gradient(int64_t, Lanes lanes, Vector logits) {
    const Vector x = student.scaled(logits);
    if (smoothing > 0) sum = sum + lanes.keep(x);
    const Vector s = exp_nonpositive(x) * broadcast(student.inverse_normalizer);
    return (s - broadcast(uniform)) * broadcast(coefficient);
  }

  double value(float label_logit) const {
    double mean = 0;
    if (smoothing < 1)
      mean += (1.0 - smoothing) * (static_cast<double>(label_logit) - student.largest);
    if (smoothing > 0) mean += static_cast<double>(uniform) * sum_of_lanes(sum);
    return student.log_normalizer - mean;
  }
};

struct NoHardPart {
  template <typename Lanes>
  Vector gradient(int64_t, Lanes, Vector) {
    return broadcast(0);
  }
};

template <typename Soft, typename Hard>
void sweep(int64_t classes, const float* student, float* gradient, Soft& soft, Hard& hard) {
  for_each_vector(classes, [&](int64_t j, auto lanes) {
    const Vector logits = lanes.load(student + j, -INFINITY);
    const Vector g = soft.gradient(j, lanes, logits) + hard.gradient(j, lanes, logits);
    if (gradient != nullptr) lanes.store(gradient + j, g);
  });
}

// One example: its two losses, unweighted, and its gradient times `weight`.
template <typename Soft>
retort::LossSums loss_and_gradient(const retort::DistillationLossRows& a, const float* student,
                                   float largest, int64_t label, double weight, float* gradient,
                                   Soft& soft) {
  retort::LossSums losses{0, 0};
  if (a.alpha < 1) {
    const float label_logit = student[label];
    HardPart hard{StudentSoftmax(a.classes, student, largest, 1),
                  static_cast<float>((1.0 - a.alpha) * weight), a.label_smoothing,
                  static_cast<float>(static_cast<double>(a.label_smoothing) /
                                     static_cast<double>(a.classes))};
    sweep(a.classes, student, gradient, soft, hard);
    losses.hard = hard.value(label_logit);
    if (gradient != nullptr) gradient[label] -= hard.coefficient * (1 - a.label_smoothing);
  } else {
    NoHardPart none;
    sweep(a.classes, student, gradient, soft, none);
  }
  losses.soft = soft.value() * a.soft_scale;
  return losses;
}

template <typename Distribution>
retort::LossSums distill(const retort::DistillationLossRows& a, int64_t row, const float* student,
                         float largest, int64_t label, double weight, float* gradient) {
  const float inverse_temperature = 1 / a.temperature;
  const Distribution teacher(MemberRow{a.teachers, row * a.teachers.stride}, a.classes,
                             inverse_temperature);
  const double coefficient = static_cast<double>(a.alpha) * a.soft_scale / a.temperature * weight;
  SoftPart<Distribution> soft{teacher,
                              StudentSoftmax(a.classes, student, largest, inverse_temperature),
                              static_cast<float>(coefficient)};
  return loss_and_gradient(a, student, largest, label, weight, gradient, soft);
}

retort::LossSums distillation_loss_row(const retort::DistillationLossRows& a, int64_t row,
                                       int64_t label, double weight, float* gradient) {
  const float* student = a.student + row * a.student_stride;
  const float largest = row_maximum(a.classes, student);
  if (a.alpha == 0) {
    NoSoftPart none;
    return loss_and_gradient(a, student, largest, label, weight, gradient, none);
  }
  return a.mean == RETORT_MEAN_OF_LOGITS
             ? distill<MeanOfLogits>(a, row, student, largest, label, weight, gradient)
             : distill<MeanOfProbabilities>(a, row, student, largest, label, weight, gradient);
}

int64_t label_at(const retort::DistillationLossRows& a, int64_t row) {
  return a.label_type == RETORT_LABELS_I64 ? static_cast<const int64_t*>(a.labels)[row]
                                           : static_cast<const int32_t*>(a.labels)[row];
}

void ignore_row(const retort::DistillationLossRows& a, int64_t row) {
  if (a.row_loss != nullptr) a.row_loss[row] = 0;
  if (a.gradient == nullptr) return;
  float* gradient = a.gradient + row * a.gradient_stride;
  for_each_vector(a.classes,
                  [&](int64_t j, auto lanes) { lanes.store(gradient + j, broadcast(0)); });
}

retort::LossSums distillation_loss(const retort::DistillationLossRows& a, int64_t first_row,
                                   int64_t end_row) {
  retort::LossSums sums{0, 0};
  for (int64_t row = first_row; row < end_row; ++row) {
    const int64_t label = a.labels == nullptr ? 0 : label_at(a, row);
    const double weight = a.row_weights == nullptr ? 1.0 : a.row_weights[row];
    if ((a.labels != nullptr && label == a.ignore_index) || weight == 0) {
      ignore_row(a, row);
      continue;
    }
    float* gradient = a.gradient == nullptr ? nullptr : a.gradient + row * a.gradient_stride;
    const retort::LossSums loss =
        distillation_loss_row(a, row, label, weight * a.gradient_scale, gradient);
    const double soft = a.alpha > 0 ? a.alpha * loss.soft : 0;
    const double hard = a.alpha < 1 ? (1.0 - a.alpha) * loss.hard : 0;
    if (a.row_loss != nullptr) a.row_loss[row] = static_cast<float>(weight * (soft + hard));
    sums.hard += weight * loss.hard;
    sums.soft += weight * loss.soft;
  }
  return sums;
}

}  // namespace
