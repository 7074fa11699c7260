// The kernels compiled for scalar; CMake sets the compiler's flags.
#include "convolution.h"
#include "convolution_backward_weights.h"
#include "distillation_loss.h"
#include "ensemble_mean.h"
#include "kernels.h"
#include "softmax.h"

namespace retort {

const Kernels kernels_scalar = {"scalar",
                                softmax,
                                softmax_backward,
                                ensemble_mean,
                                distillation_loss,
                                convolution_pack,
                                convolution_rows,
                                convolution_weights_rows,
                                convolution_weights_sum};

}  // namespace retort
