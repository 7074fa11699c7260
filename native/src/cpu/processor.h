// Which instruction sets the processor has, of those that kernels are written for.
#pragma once

namespace retort {

// Every processor with both has the conversions of F16C, which not every compiler knows a name for.
inline bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

inline bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

}  // namespace retort
