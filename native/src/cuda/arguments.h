// The checks that every operation on CUDA adds to those of its arguments.
#pragma once

#include "errors.h"

namespace retort::cuda {

inline retort_status check_classes(int64_t classes) {
  constexpr int64_t kMostClasses = int64_t{1} << 30;
  if (classes <= kMostClasses) return RETORT_OK;
  return fail(RETORT_UNSUPPORTED, "classes must be at most %lld on CUDA, got %lld",
              static_cast<long long>(kMostClasses), static_cast<long long>(classes));
}

inline retort_status check_workspace(const void* workspace, bool needed) {
  if (needed && workspace == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "workspace must not be null");
  if (reinterpret_cast<uintptr_t>(workspace) % 16 == 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "workspace must be aligned to 16 bytes, got address %p",
              workspace);
}

}  // namespace retort::cuda
