// The members of an ensemble as arguments: checked, and reduced to those that count.
#pragma once

#include "cpu/kernels.h"
#include "errors.h"

namespace retort {

constexpr int64_t kMostMembers = 1024;

// Holds the members whose weight is not 0, their weights divided by the sum.
class Members {
 public:
  // Checks count, pointers, stride and weights; `name` is the argument's name in messages.
  retort_status set(const char* name, retort_dtype dtype, int64_t rows, int64_t classes,
                    const void* const* members, int64_t count, int64_t stride,
                    const float* weights);
  // Gives every member a temperature of its own, out of as many as set() was given; null: `temperature`.
  retort_status set_temperatures(const char* name, const float* temperatures, float temperature);
  // No output may overlap a member, or only where it is that member.
  retort_status check_against(const MatrixArgument& output, bool may_be_member) const;

  MemberLogits logits(retort_form form = RETORT_LOGITS) const {
    return {dtype_, form, logits_, weights_, scales_, count_, stride_};
  }
  // The place in the caller's array of the member that is k-th of those that count.
  int64_t place(int64_t k) const { return places_[k]; }

 private:
  const char* name_ = "";
  retort_dtype dtype_ = RETORT_F32;
  int64_t rows_ = 0;
  int64_t classes_ = 0;
  int64_t stride_ = 0;
  int64_t count_ = 0;
  const void* logits_[kMostMembers];
  float weights_[kMostMembers];
  float scales_[kMostMembers];
  int64_t places_[kMostMembers];
};

}  // namespace retort
