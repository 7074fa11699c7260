// One example of the distillation loss: the teachers' distribution p and the student's q at the temperature,
// measured and ready to be brought into the scratch block by block. The loss and its tangent share it.
#pragma once

#include "divergence.h"
#include "ensemble_mean.h"
#include "kernels.h"
#include "softmax.h"
#include "vector.h"

namespace {

// Nine blocks of 32 KiB, on the stack of the thread that runs the task.
struct DistillationScratch {
  Block teacher_x, teacher_e, student_x, student_e, member_x, member_e, hard, tangent, standardized;
};

bool leaves_label_out(const retort_distillation_loss_options& options) {
  return options.divergence == RETORT_DECOUPLED || options.divergence == RETORT_NORMALIZED;
}

// What every computation asks of the teachers.
EnsembleRow::Wants wants_of(const retort_distillation_loss_options& options) {
  EnsembleRow::Wants wants;
  wants.mixture_logits = options.divergence == RETORT_SQUARED_ERROR;
  wants.target_at_one = options.divergence == RETORT_NORMALIZED;
  wants.standardized = options.standardize_logits != 0;
  wants.epsilon = options.standardize_epsilon;
  return wants;
}

int64_t label_at(const retort::DistillationRows& a, int64_t row) {
  if (a.labels == nullptr) return -1;
  return a.options.label_type == RETORT_LABELS_I64 ? static_cast<const int64_t*>(a.labels)[row]
                                                   : static_cast<const int32_t*>(a.labels)[row];
}

// The label as a place in the row. It was checked, but may lie in memory that another thread writes meanwhile.
int64_t label_class(const retort::DistillationRows& a, int64_t row) {
  const int64_t label = label_at(a, row);
  return a.labels == nullptr || (label >= 0 && label < a.classes) ? label : 0;
}

// The row's weight; 0 where it is ignored.
double weight_of(const retort::DistillationRows& a, int64_t row) {
  if (a.labels != nullptr && label_at(a, row) == a.options.ignore_index) return 0;
  return a.row_weights == nullptr ? 1.0 : a.row_weights[row];
}

// A row that is ignored: its loss and its gradient are 0.
template <typename Arguments>
void ignore_row(const Arguments& a, int64_t row) {
  if (a.row_loss != nullptr) a.row_loss[row] = 0;
  if (a.gradient.data == nullptr) return;
  store_block(a.rows.options.dtype, a.gradient.data, row * a.gradient.stride, a.rows.classes,
              [](int64_t) { return broadcast(0); });
}

// One row after another by `loss_row`, and the sums of their weighted losses.
template <typename Arguments, typename LossRow>
retort::LossSums sum_row_losses(const Arguments& a, int64_t first_row, int64_t end_row,
                                LossRow& loss_row) {
  const double alpha = a.rows.options.alpha;
  retort::LossSums sums{0, 0};
  for (int64_t row = first_row; row < end_row; ++row) {
    const double weight = weight_of(a.rows, row);
    if (weight == 0) {
      ignore_row(a, row);
      continue;
    }
    const retort::LossSums loss = loss_row.compute(row, weight * a.rows.gradient_scale);
    const double soft = alpha > 0 ? alpha * loss.soft : 0;
    const double hard = alpha < 1 ? (1.0 - alpha) * loss.hard : 0;
    if (a.row_loss != nullptr) a.row_loss[row] = static_cast<float>(weight * (soft + hard));
    sums.hard += weight * loss.hard;
    sums.soft += weight * loss.soft;
  }
  return sums;
}

// The entries of the block in the scratch.
struct Entries {
  Distribution teacher;
  Distribution student;

  Entry at(int64_t j) const {
    return {teacher.p(j), teacher.log_p(j), student.p(j), student.log_p(j)};
  }
};

class DistillationRow {
 public:
  // The scratch holds the rows' blocks; its members' are free again after measure() and fill().
  DistillationRow(const retort::DistillationRows& a, EnsembleRow::Wants wants,
                  DistillationScratch& scratch)
      : a(a),
        teacher(a.teachers, a.options.mean, a.options.temperature, a.classes, wants,
                scratch.teacher_x, scratch.teacher_e, scratch.member_x, scratch.member_e),
        scratch_(scratch) {}

  // The student's row as it is: what the hard part sees.
  LogitRow logits(int64_t row) const {
    return {a.options.dtype,       RETORT_LOGITS, &a.student.data, &one_, nullptr, 1,
            row * a.student.stride};
  }

  void measure(int64_t row) {
    const int64_t left_out = leaves_label_out(a.options) ? label_class(a, row) : -1;
    teacher.measure(row, left_out);
    LogitRow seen = logits(row);
    if (a.options.standardize_logits) {
      moments = moments_of(seen, a.classes, scratch_.student_x.values);
      coefficient = 1 / (a.options.standardize_epsilon + moments.deviation);
      seen.weights = &coefficient;
      seen.centres = &moments.mean;
    }
    student = {seen,
               a.classes,
               1 / a.options.temperature,
               scratch_.student_x.values,
               scratch_.student_e.values,
               left_out};
    student.measure();
    const double log_partition =
        static_cast<double>(student.log_normalizer) +
        static_cast<double>(student.largest) / static_cast<double>(a.options.temperature);
    facts = {a.classes, log_partition - teacher.log_partition, teacher.split, {}};
    if (left_out < 0) return;
    facts.student = split_of(student);
    if (student.normalizer == 0) student.inverse_normalizer = student.log_normalizer = 0;
  }

  void fill(int64_t first, int64_t columns) {
    teacher.fill(first, columns);
    student.fill(first, columns);
  }

  // The sweeps that compute leave the memory idle: time for the next row's first block to arrive.
  void prefetch_next_row(int64_t column) const {
    if (a.classes > kBlockColumns) return;
    teacher.logits(0, teacher.members.count).prefetch(column, 1, a.teachers.stride);
    student.logits.prefetch(column, 1, a.student.stride);
  }

  Entries entries() const { return {teacher.distribution(), student.distribution()}; }

  const retort::DistillationRows& a;
  EnsembleRow teacher;
  RowSoftmax student{};
  Moments moments;  // of the student's row, where it is standardised
  float coefficient = 1;
  RowFacts facts{};

 private:
  DistillationScratch& scratch_;
  float one_ = 1;
};

// What the standardisation z~ = (z - mean) / (epsilon + deviation) of a row makes of a gradient h on z~:
//   g_j = (h_j - mean h) * coefficient - z~_j <h, z~> / ((count - 1) * deviation)
// over the classes that are not masked.
struct StandardizationBackward {
  Moments moments;
  float coefficient;  // 1 / (epsilon + deviation)
  float sum = 0;
  float product = 0;

  void add(int64_t columns, const float* h, const float* z) {
    Sum sums = broadcast(0), products = broadcast(0);
    for_each_whole_vector(columns, [&](int64_t j) {
      const Vector logit = load(z + j), slope = load(h + j);
      sums = sums + where_masked(logit, broadcast(0), slope);
      products = products + where_masked(logit, broadcast(0), slope * logit);
    });
    sum += sum_of_lanes(sums);
    product += sum_of_lanes(products);
  }

  Vector gradient(Vector h, Vector z) const {
    const float projected =
        moments.deviation > 0 ? product / ((moments.count - 1) * moments.deviation) : 0 * product;
    const Vector g =
        (h - broadcast(sum / moments.count)) * broadcast(coefficient) - z * broadcast(projected);
    return where_masked(z, broadcast(0), g);
  }
};

}  // namespace
