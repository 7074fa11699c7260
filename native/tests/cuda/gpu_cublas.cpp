// Found when it runs, as a host has it: the test program itself needs nothing but the driver.
#include "gpu_cublas.h"

#include <dlfcn.h>

#include <cstdio>
#include <initializer_list>

#include "device_cublas.h"

namespace retort::conformance {
namespace {

struct Library {
  int (*create)(void**) = nullptr;
  int (*destroy)(void*) = nullptr;
  int (*set_stream)(void*, void*) = nullptr;
  int (*set_math)(void*, int) = nullptr;
  retort_cublas_gemm_ex gemm_ex = nullptr;
  bool is_whole = false;

  Library() {
    void* library = nullptr;
    for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so"}) {
      library = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
      if (library != nullptr) break;
    }
    if (library == nullptr) {
      std::fprintf(stderr, "linear distillation is left out: %s\n", dlerror());
      return;
    }
    is_whole =
        find(library, "cublasCreate_v2", &create) && find(library, "cublasDestroy_v2", &destroy) &&
        find(library, "cublasSetStream_v2", &set_stream) &&
        find(library, "cublasSetMathMode", &set_math) && find(library, "cublasGemmEx", &gemm_ex);
  }

  template <typename Function>
  static bool find(void* library, const char* name, Function* function) {
    *function = reinterpret_cast<Function>(dlsym(library, name));
    if (*function == nullptr)
      std::fprintf(stderr, "linear distillation is left out: cuBLAS has no %s\n", name);
    return *function != nullptr;
  }

  static const Library& instance() {
    static const Library library;
    return library;
  }
};

}  // namespace

retort_cublas new_cublas(void* stream) {
  const Library& library = Library::instance();
  if (!library.is_whole) return {};
  constexpr int kDisallowReducedPrecisionReduction = 16;
  void* handle = nullptr;
  if (library.create(&handle) != 0 || library.set_stream(handle, stream) != 0 ||
      library.set_math(handle, kDisallowReducedPrecisionReduction) != 0) {
    std::fprintf(stderr, "linear distillation is left out: cuBLAS does not start\n");
    return {};
  }
  return {handle, library.gemm_ex, 0};
}

void free_cublas(const retort_cublas& cublas) {
  if (cublas.handle != nullptr) Library::instance().destroy(cublas.handle);
}

const retort_cublas* device_cublas() {
  static const retort_cublas cublas = new_cublas(nullptr);
  return cublas.handle == nullptr ? nullptr : &cublas;
}

}  // namespace retort::conformance
