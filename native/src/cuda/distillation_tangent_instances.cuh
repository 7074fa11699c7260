// Which kernel computes a distillation tangent; to include this is to compile all of them.
#pragma once

#include "distillation_tangent.cuh"
#include "distillation_tangent_launch.cuh"
#include "launch.cuh"
#include "members.cuh"

namespace retort::cuda {

// Two shapes, for there are seven kernels of each: a batch of short rows is one wave of warps as it is.
template <typename Body>
retort_status with_tangent_row_shape(int64_t classes, Body body) {
  if (classes <= 256) return body(RowShape<WarpTeam<32>, 8, true>{});
  return body(RowShape<BlockTeam<256>, 8, true>{});
}

template <typename Element>
retort_status launch_distillation_tangent(const DistillationTangentParameters& a, void* stream) {
  return with_divergence_kind(a.options.divergence, [&](auto kind) {
    using Divergence = typename decltype(kind)::Type;
    return with_tangent_row_shape(a.classes, [&](auto shape) {
      return launch_rows<decltype(shape)>(
          distillation_tangent<Element, decltype(shape), Divergence>, a, member_bytes(a.teachers),
          stream);
    });
  });
}

}  // namespace retort::cuda
