// The kernels compiled for avx2; CMake sets the compiler's flags.
#include "distillation_loss.h"
#include "distillation_tangent.h"
#include "ensemble_mean.h"
#include "kernels.h"
#include "softmax.h"

namespace retort {

const Kernels kernels_avx2 = {"avx2",        softmax,           softmax_backward,
                              ensemble_mean, distillation_loss, distillation_tangent};

}  // namespace retort
