// The arguments of retort_sparse_distillation_loss, checked; but for the teachers' indices, which are read.
#pragma once

#include "distillation_arguments.h"
#include "retort/sparse_distillation.h"
#include "sparse_teacher_arguments.h"

namespace retort {

class SparseDistillationArguments {
 public:
  retort_status set(const retort_sparse_distillation_loss_options* options, int64_t rows,
                    int64_t classes, const void* student, int64_t student_stride,
                    const int32_t* const* teacher_indices, const float* const* teacher_values,
                    int64_t teacher_count, int64_t teacher_stride, int64_t k,
                    const float* teacher_weights, const void* labels, const float* row_weights,
                    const void* gradient, int64_t gradient_stride, const float* row_loss,
                    DistillationArguments::Labels where);

  const DistillationArguments& loss() const { return loss_; }
  const SparseTeacherArguments& teachers() const { return teachers_; }
  // Whether there are teachers at all.
  bool has_soft() const { return loss_.options().alpha > 0; }

 private:
  retort_status check_outputs(int64_t rows, int64_t classes, const void* gradient,
                              int64_t gradient_stride, const float* row_loss) const;

  DistillationArguments loss_;
  SparseTeacherArguments teachers_;
};

}  // namespace retort
