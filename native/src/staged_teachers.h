// The teachers' logits of a chunk of rows on their way to the loss, in the matrices behind the student's.
#pragma once

#include "linear_distillation_arguments.h"
#include "members.h"

namespace retort {

class StagedTeachers {
 public:
  StagedTeachers(const LinearDistillationArguments& arguments, void* matrices)
      : arguments_(arguments),
        matrices_(static_cast<char*>(matrices)),
        dtype_(arguments.loss.options().dtype) {}

  // The matrix of logits of that place; the student's is 0.
  void* matrix(int64_t place) const { return matrices_ + place * arguments_.chunks.matrix_bytes; }

  // multiply(teacher, scale, accumulate, matrix): scale * that layer's logits, or those added to what is there.
  // mix(members, matrix): the logits whose softmax at the temperature is the mean of the members'.
  template <typename Multiply, typename Mix>
  retort_status stage(Multiply multiply, Mix mix) {
    count_ = 0;
    if (arguments_.chunks.staging == Staging::kNone) return RETORT_OK;
    const MemberLogits all = arguments_.loss.teachers().logits();
    const bool sum = arguments_.chunks.staging == Staging::kSum;
    for (int64_t k = 0; k < all.count; ++k) {
      const retort_linear_layer& teacher = arguments_.teachers[arguments_.loss.teachers().place(k)];
      if (sum) {
        RETORT_CHECK(multiply(teacher, all.weights[k] * all.scales[k], k > 0, matrix(1)));
        continue;
      }
      if (arguments_.chunks.staging == Staging::kMix && count_ == 2) RETORT_CHECK(make_one(mix));
      RETORT_CHECK(multiply(teacher, 1.0f, false, matrix(1 + count_)));
      add(all.weights[k], all.scales[k]);
    }
    if (sum) add(1, 1);
    return RETORT_OK;
  }

  // What the loss reads.
  MemberLogits logits() const { return with_weights(weights_); }

 private:
  void add(float weight, float scale) {
    logits_[count_] = matrix(1 + count_);
    weights_[count_] = weight;
    scales_[count_++] = scale;
  }

  MemberLogits with_weights(const float* weights) const {
    return {dtype_, RETORT_LOGITS, logits_, weights, scales_, count_, arguments_.chunks.stride};
  }

  // As logits, which as logarithms keep what no probability can hold.
  template <typename Mix>
  retort_status make_one(Mix mix) {
    const float weight = weights_[0] + weights_[1];
    const float shares[] = {weights_[0] / weight, weights_[1] / weight};
    RETORT_CHECK(mix(with_weights(shares), matrix(1)));
    count_ = 0;
    add(weight, 1);
    return RETORT_OK;
  }

  const LinearDistillationArguments& arguments_;
  char* matrices_;
  retort_dtype dtype_;
  int64_t count_ = 0;
  const void* logits_[kMostMembers];
  float weights_[kMostMembers];
  float scales_[kMostMembers];
};

}  // namespace retort
