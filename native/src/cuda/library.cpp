// What of the library's interface belongs to no operation.
#include "retort/cuda.h"

#include "workspace.h"

const char* retort_cuda_last_error(void) { return retort_last_error(); }

size_t retort_cuda_workspace(int64_t rows, int64_t member_count) {
  return retort::cuda::Workspace::bytes(rows < 0 ? 0 : rows, member_count < 0 ? 0 : member_count);
}
