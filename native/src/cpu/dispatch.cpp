// Chooses the instruction set once, on first use.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "kernels.h"
#include "processor.h"

namespace retort {
namespace {

// The instruction sets that the library has and the processor too, the widest last.
std::vector<const Kernels*> available() {
  std::vector<const Kernels*> sets{&kernels_scalar};
#if defined(RETORT_AVX2)
  if (has_avx2()) sets.push_back(&kernels_avx2);
#endif
#if defined(RETORT_AVX512)
  if (has_avx512()) sets.push_back(&kernels_avx512);
#endif
  return sets;
}

// The one that RETORT_ISA names, where there is one; the widest otherwise.
const Kernels& choose() {
  const std::vector<const Kernels*> sets = available();
  const char* const wanted = std::getenv("RETORT_ISA");
  for (const Kernels* set : sets)
    if (wanted != nullptr && std::strcmp(wanted, set->instruction_set) == 0) return *set;
  return *sets.back();
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

}  // namespace retort

const char* retort_instruction_set(void) { return retort::kernels().instruction_set; }
