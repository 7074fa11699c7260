// The kernels compiled for scalar; CMake sets the compiler's flags.
#include "table.h"

namespace retort {

constexpr Kernels kernels_scalar = table_of("scalar");

}  // namespace retort
