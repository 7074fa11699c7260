// The members of an ensemble on their way to a kernel.
#pragma once

#include "ensemble_row.cuh"
#include "launch.cuh"
#include "members.h"
#include "parameters.h"
#include "workspace.h"

namespace retort::cuda {

// As many as the parameters of a kernel hold.
struct MemberBatch {
  static constexpr int kMost = 96;
  Member members[kMost];
  int count;
};

static __global__ void __launch_bounds__(MemberBatch::kMost)
    store_members(const __grid_constant__ MemberBatch batch, Member* to) {
  const int k = static_cast<int>(threadIdx.x);
  if (k < batch.count) to[k] = batch.members[k];
}

// The checked members as kernels take them; where they are many, through the workspace. `gradients`, `indices`: null,
// or one for each.
inline retort_status pass_members(const MemberLogits& members, void* const* gradients,
                                  const int32_t* const* indices, const Workspace& workspace,
                                  void* stream, EnsembleMembers* passed) {
  const auto member = [&](int64_t k) {
    return Member{members.logits[k], gradients == nullptr ? nullptr : gradients[k],
                  indices == nullptr ? nullptr : indices[k], members.weights[k], members.scales[k]};
  };
  passed->count = static_cast<int>(members.count);
  passed->form = members.form;
  passed->stride = members.stride;
  passed->all = nullptr;
  if (members.count <= kMostInlineMembers) {
    for (int64_t k = 0; k < members.count; ++k) passed->first[k] = member(k);
    return RETORT_OK;
  }
  passed->all = workspace.members();
  for (int64_t first = 0; first < members.count; first += MemberBatch::kMost) {
    MemberBatch batch;
    batch.count = static_cast<int>(std::min<int64_t>(members.count - first, MemberBatch::kMost));
    for (int k = 0; k < batch.count; ++k) batch.members[k] = member(first + k);
    RETORT_CHECK(launch(store_members, {1, MemberBatch::kMost, 1, 0}, stream, batch,
                        workspace.members() + first));
  }
  return RETORT_OK;
}

// A long row's, in shared memory.
inline size_t member_bytes(const EnsembleMembers& members) {
  return sizeof(MemberConstants) * static_cast<size_t>(members.count);
}

}  // namespace retort::cuda
