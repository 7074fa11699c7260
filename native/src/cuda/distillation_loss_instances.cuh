// Which kernel computes a distillation loss; to include this is to compile all of them.
#pragma once

#include "distillation_loss.cuh"
#include "distillation_loss_launch.cuh"
#include "launch.cuh"
#include "members.cuh"

namespace retort::cuda {

// Whether the plain kernel computes it.
inline bool is_plain(const retort_distillation_loss_options& options) {
  if (options.alpha == 0) return true;
  return options.divergence == RETORT_FORWARD_KL && !options.standardize_logits;
}

template <typename Shape, typename Element, typename Divergence, bool kGeneral>
retort_status launch_loss_kernel(const DistillationParameters& a, void* stream) {
  return launch_rows<Shape>(distillation_loss<Element, Shape, Divergence, kGeneral>, a,
                            member_bytes(a.teachers), stream);
}

template <typename Element>
retort_status launch_distillation_loss(const DistillationParameters& a, void* stream) {
  if (is_plain(a.options)) {
    return with_row_shape(a.classes, [&](auto shape) {
      return launch_loss_kernel<decltype(shape), Element, ForwardKl, false>(a, stream);
    });
  }
  return with_divergence_kind(a.options.divergence, [&](auto kind) {
    using Divergence = typename decltype(kind)::Type;
    return with_general_row_shape(a.classes, [&](auto shape) {
      return launch_loss_kernel<decltype(shape), Element, Divergence, true>(a, stream);
    });
  });
}

}  // namespace retort::cuda
