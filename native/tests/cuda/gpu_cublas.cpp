#include <dlfcn.h>

#include <cstdio>

#include "device_cublas.h"

namespace retort::conformance {
namespace {

// Found when it runs, as a host has it: the test program itself needs nothing but the driver.
retort_cublas load() {
  void* library = nullptr;
  for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
    library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
    if (library != nullptr) break;
  }
  if (library == nullptr) {
    std::fprintf(stderr, "linear distillation is left out: %s\n", dlerror());
    return {};
  }
  const auto create = reinterpret_cast<int (*)(void**)>(dlsym(library, "cublasCreate_v2"));
  const auto gemm_ex = reinterpret_cast<retort_cublas_gemm_ex>(dlsym(library, "cublasGemmEx"));
  const auto set_math = reinterpret_cast<int (*)(void*, int)>(dlsym(library, "cublasSetMathMode"));
  constexpr int kDisallowReducedPrecisionReduction = 16;
  void* handle = nullptr;
  if (create == nullptr || gemm_ex == nullptr || set_math == nullptr || create(&handle) != 0 ||
      set_math(handle, kDisallowReducedPrecisionReduction) != 0) {
    std::fprintf(stderr, "linear distillation is left out: cuBLAS does not start\n");
    return {};
  }
  return {handle, gemm_ex, 0};
}

}  // namespace

const retort_cublas* device_cublas() {
  static const retort_cublas cublas = load();
  return cublas.handle == nullptr ? nullptr : &cublas;
}

}  // namespace retort::conformance
