// The arguments of an ensemble mean.
#pragma once

#include "implementation.h"
#include "operation.h"

namespace retort::conformance {

struct EnsembleMeanArguments {
  retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
  Shape shape{};
  std::vector<Matrix> members;
  std::vector<float> weights;  // empty: null
  Matrix output;

  retort_status call(const retort_executor* executor) {
    std::vector<const void*> pointers;
    for (const Matrix& member : members) pointers.push_back(member.data());
    options.member_weights = weights.empty() ? nullptr : weights.data();
    return implementation().ensemble_mean(&options, shape.rows, shape.classes, pointers.data(),
                                          static_cast<int64_t>(pointers.size()), members[0].stride,
                                          output.data(), output.stride, executor);
  }

  reference::Row shares() const {
    return weights.empty() ? reference::Row(members.size(), 1.0)
                           : reference::Row(weights.begin(), weights.end());
  }
};

// Weights with some of 0; none at all once in a few times.
std::vector<float> draw_weights(Random& random, int64_t count);
// How many members or teachers.
int64_t draw_count(Random& random);

}  // namespace retort::conformance
