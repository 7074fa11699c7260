// The arguments that retort_distillation_loss and retort_distillation_tangent share, checked.
#pragma once

#include "cpu/kernels.h"
#include "errors.h"
#include "members.h"

namespace retort {

class DistillationArguments {
 public:
  // Where labels and row weights are. On a device they are not read: what they would be refused for, and the
  // denominator that they make, is the kernels' business.
  enum class Labels { kOnHost, kOnDevice };

  // Checks everything but what is written; nothing is read after a failure.
  retort_status set(const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
                    const void* student, int64_t student_stride, const void* const* teachers,
                    int64_t teacher_count, int64_t teacher_stride, const float* teacher_weights,
                    const void* labels, const float* row_weights, Labels where = Labels::kOnHost);

  // The checks of set() in its order, for a loss whose teachers are others: set_student, then what the
  // teachers need, then set_labels.
  retort_status set_student(const retort_distillation_loss_options* options, int64_t rows,
                            int64_t classes, const void* student, int64_t student_stride);
  retort_status set_labels(const void* labels, const float* row_weights,
                           Labels where = Labels::kOnHost);

  const retort_distillation_loss_options& options() const { return options_; }
  const MatrixArgument& student() const { return student_; }
  const Members& teachers() const { return teachers_; }
  int64_t counted_rows() const { return counted_rows_; }
  double denominator() const { return denominator_; }
  // 1 / denominator, and 0 where there is nothing to divide.
  double scale() const { return denominator_ > 0 ? 1 / denominator_ : 0; }
  // 0 where the row is ignored.
  double weight(int64_t row) const;
  // From row `first` on, but for the student and the teachers.
  DistillationRows rows(int64_t first = 0) const;
  // The labels are checked once and then read as rows are written: nothing written may overlap them, nor the
  // rows' weights.
  retort_status check_apart_from_labels(const MatrixArgument& output) const;
  // Aligned, apart from the student and the labels, and given where it has to be.
  retort_status check_row_loss(const float* row_loss) const;
  // There where the reduction leaves rows apart.
  retort_status check_row_loss_is_given(const float* row_loss) const;
  // What retort_distillation_loss writes; the gradient may be null.
  retort_status check_outputs(const void* gradient, int64_t gradient_stride,
                              const float* row_loss) const;
  // The totals of the tasks' sums, in their order.
  void write_totals(const LossSums* sums, int64_t tasks, retort_distillation_totals* totals) const;

 private:
  retort_status check_rows();
  template <typename Label>
  int64_t count_labels(const Label* labels, int64_t first, int64_t end) const;
  retort_status fail_at_label(int64_t first, int64_t end) const;
  retort_status add_weights(int64_t first, int64_t end, double* sum) const;
  int64_t label(int64_t row) const;

  retort_distillation_loss_options options_{};
  MatrixArgument student_{};
  Members teachers_;
  const void* labels_ = nullptr;
  const float* row_weights_ = nullptr;
  int64_t counted_rows_ = 0;
  double denominator_ = 1;
};

// Null, or aligned to its elements.
retort_status check_vector(const char* name, const void* data, int64_t rows, size_t element);

}  // namespace retort
