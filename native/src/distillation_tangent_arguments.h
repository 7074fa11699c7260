// The arguments of retort_distillation_tangent, checked.
#pragma once

#include "distillation_arguments.h"

namespace retort {

class DistillationTangentArguments {
 public:
  // Checks everything, labels and row weights only where they are the host's.
  retort_status set(const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
                    const void* student, int64_t student_stride, const void* const* teachers,
                    int64_t teacher_count, int64_t teacher_stride, const float* teacher_weights,
                    const void* labels, const float* row_weights, const void* tangent,
                    int64_t tangent_stride, void* const* teacher_gradients,
                    int64_t teacher_gradient_stride, DistillationArguments::Labels where);

  const DistillationArguments& loss() const { return loss_; }
  // Those of the teachers that count, in their order.
  void* const* gradients() const { return gradients_; }
  // body(gradient) for every teacher that does not count.
  template <typename Body>
  retort_status for_each_idle_gradient(Body body) const {
    const int64_t counted = loss_.teachers().logits().count;
    for (int64_t k = 0, next = 0; k < teacher_count_; ++k) {
      if (next < counted && loss_.teachers().place(next) == k) {
        ++next;
      } else {
        RETORT_CHECK(body(all_gradients_[k]));
      }
    }
    return RETORT_OK;
  }

 private:
  retort_status set_gradients(const MatrixArgument& tangent, int64_t stride);

  DistillationArguments loss_;
  int64_t teacher_count_ = 0;
  void* const* all_gradients_ = nullptr;
  void* gradients_[kMostMembers];
};

}  // namespace retort
