// The kernels compiled for avx512; CMake sets the compiler's flags.
#include "table.h"

namespace retort {

constexpr Kernels kernels_avx512 = table_of("avx512");

}  // namespace retort
