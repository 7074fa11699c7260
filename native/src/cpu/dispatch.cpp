// Chooses the instruction set once, on first use.
#include <cstdlib>
#include <cstring>

#include "kernels.h"

namespace retort {
namespace {

#if defined(RETORT_X86_64)
// Every processor with both has the conversions of F16C, which not every compiler knows a name for.
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

const Kernels& choose() {
  const char* wanted = std::getenv("RETORT_ISA");
  const auto allowed = [&](const char* name) {
    return wanted == nullptr || std::strcmp(wanted, name) == 0;
  };
  if (wanted != nullptr && std::strcmp(wanted, "scalar") == 0) return kernels_scalar;
#if defined(RETORT_X86_64)
  if (allowed("avx512") && has_avx512()) return kernels_avx512;
  if (allowed("avx2") && has_avx2()) return kernels_avx2;
  if (has_avx512()) return kernels_avx512;
  if (has_avx2()) return kernels_avx2;
#endif
  (void)allowed;
  return kernels_scalar;
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace retort

const char* retort_instruction_set(void) { return retort::kernels().instruction_set; }
