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
  retort_status set(const char* name, int64_t rows, int64_t classes, const void* const* members,
                    int64_t count, int64_t stride, const float* weights);
  // No output may overlap a member, or only where it is that member.
  retort_status check_against(const MatrixArgument& output, bool may_be_member) const;

  MemberLogits logits() const { return {logits_, weights_, count_, stride_}; }

 private:
  const char* name_ = "";
  int64_t rows_ = 0;
  int64_t classes_ = 0;
  int64_t stride_ = 0;
  int64_t count_ = 0;
  const float* logits_[kMostMembers];
  float weights_[kMostMembers];
};

}  // namespace retort
