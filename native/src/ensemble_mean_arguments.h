// The checks of the ensemble mean's arguments, on whatever device they are.
#pragma once

#include "members.h"

namespace retort {

// Everything; the members that count are left in *checked.
retort_status check_ensemble_mean(const retort_ensemble_mean_options* options, int64_t rows,
                                  int64_t classes, const void* const* members, int64_t member_count,
                                  int64_t member_stride, void* output, int64_t output_stride,
                                  Members* checked);

}  // namespace retort
