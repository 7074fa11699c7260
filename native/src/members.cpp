#include "members.h"

#include <cmath>

namespace retort {
namespace {

retort_status check_weights(const char* name, const float* weights, int64_t count, double* sum) {
  *sum = 0;
  for (int64_t k = 0; k < count; ++k) {
    const double weight = weights == nullptr ? 1.0 : weights[k];
    if (!std::isfinite(weight) || weight < 0) {
      return fail(RETORT_INVALID_ARGUMENT, "%s weight %lld must be finite and >= 0, got %g", name,
                  static_cast<long long>(k), weight);
    }
    *sum += weight;
  }
  if (*sum > 0) return RETORT_OK;
  return fail(RETORT_INVALID_ARGUMENT, "%s weights must have a sum > 0, got 0", name);
}

}  // namespace

retort_status Members::set(const char* name, retort_dtype dtype, int64_t rows, int64_t classes,
                           const void* const* members, int64_t count, int64_t stride,
                           const float* weights) {
  name_ = name;
  dtype_ = dtype;
  rows_ = rows;
  classes_ = classes;
  stride_ = stride;
  if (count < 1 || count > kMostMembers) {
    return fail(RETORT_INVALID_ARGUMENT, "%s count must be in [1, %lld], got %lld", name,
                static_cast<long long>(kMostMembers), static_cast<long long>(count));
  }
  if (members == nullptr) return fail(RETORT_INVALID_ARGUMENT, "%ss must not be null", name);
  double sum;
  RETORT_CHECK(check_weights(name, weights, count, &sum));
  for (int64_t k = 0; k < count; ++k) {
    RETORT_CHECK(check_matrix({name, dtype, members[k], rows, classes, stride}));
    const auto share = static_cast<float>((weights == nullptr ? 1.0 : weights[k]) / sum);
    if (share == 0) continue;
    logits_[count_] = members[k];
    weights_[count_] = share;
    scales_[count_] = 1;
    places_[count_++] = k;
  }
  return RETORT_OK;
}

retort_status Members::set_temperatures(const char* name, const float* temperatures,
                                        float temperature) {
  if (temperatures == nullptr) return RETORT_OK;
  for (int64_t k = 0; k < count_; ++k) {
    const float own = temperatures[places_[k]];
    RETORT_CHECK(check_temperature(name, own));
    scales_[k] = temperature / own;
    if (weights_[k] * scales_[k] > 0) continue;
    return fail(RETORT_INVALID_ARGUMENT,
                "%s[%lld] must leave its member's weight times %g over it above 0, got %g", name,
                static_cast<long long>(places_[k]), static_cast<double>(temperature),
                static_cast<double>(own));
  }
  return RETORT_OK;
}

retort_status Members::check_against(const MatrixArgument& output, bool may_be_member) const {
  for (int64_t k = 0; k < count_; ++k) {
    const MatrixArgument member{name_, dtype_, logits_[k], rows_, classes_, stride_};
    RETORT_CHECK(may_be_member ? check_no_partial_overlap(output, member)
                               : check_apart(output, member));
  }
  return RETORT_OK;
}

}  // namespace retort
