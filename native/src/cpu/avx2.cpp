// The kernels compiled for avx2; CMake sets the compiler's flags.
#include "table.h"

namespace retort {

constexpr Kernels kernels_avx2 = table_of("avx2");

}  // namespace retort
