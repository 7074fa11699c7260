// The sparse teachers of retort_sparse_distillation_loss as arguments, checked.
#pragma once

#include "cpu/kernels.h"
#include "distillation_arguments.h"
#include "errors.h"
#include "members.h"

namespace retort {

class SparseTeacherArguments {
 public:
  // Checks counts, pointers, stride and weights.
  retort_status set(int64_t rows, const int32_t* const* indices, const float* const* values,
                    int64_t count, int64_t stride, int64_t k, const float* weights,
                    const retort_distillation_loss_options& options);
  // No output may overlap a teacher.
  retort_status check_against(const MatrixArgument& output) const;
  // Checks the indices of every row that counts, on the threads of the executor: of several wrong ones the
  // same is told whatever their number.
  retort_status check_indices(const DistillationArguments& loss, int64_t classes,
                              const retort_executor* executor) const;

  SparseTeachers teachers(retort_form form) const { return {values_.logits(form), indices_, k_}; }

 private:
  MatrixArgument indices(int64_t teacher) const {
    return {"teacher_indices", indices_[teacher], rows_, k_, stride_};
  }

  Members values_;
  const int32_t* indices_[kMostMembers];
  int64_t rows_ = 0;
  int64_t stride_ = 0;
  int64_t k_ = 0;
};

}  // namespace retort
