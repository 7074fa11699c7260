// The checks that every operation on CUDA adds to those of its arguments.
#pragma once

#include "errors.h"

namespace retort::cuda {

// What a thread counts in 32 bits, with room for a few more.
inline retort_status check_countable(const char* name, int64_t count) {
  constexpr int64_t kMost = int64_t{1} << 30;
  if (count <= kMost) return RETORT_OK;
  return fail(RETORT_UNSUPPORTED, "%s must be at most %lld on CUDA, got %lld", name,
              static_cast<long long>(kMost), static_cast<long long>(count));
}

inline retort_status check_classes(int64_t classes) { return check_countable("classes", classes); }

inline retort_status check_workspace(const void* workspace, bool needed) {
  if (needed && workspace == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "workspace must not be null");
  if (reinterpret_cast<uintptr_t>(workspace) % 16 == 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "workspace must be aligned to 16 bytes, got address %p",
              workspace);
}

}  // namespace retort::cuda
