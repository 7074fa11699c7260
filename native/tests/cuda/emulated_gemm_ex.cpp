// cublasGemmEx as plain loops: columns first, sums in double and rounded once, so that what is tested is its caller.
#include "emulated_gemm_ex.h"

#include <map>
#include <mutex>

#include "narrow_format.h"
#include "streams.h"

namespace {

namespace testing = retort::testing;

const testing::Format* format_of(int type) {
  constexpr int kF16 = 2, kBf16 = 14;
  if (type == kF16) return &testing::kFormats[0];
  return type == kBf16 ? &testing::kFormats[1] : nullptr;
}

double read(const void* matrix, int type, int64_t place) {
  const testing::Format* const format = format_of(type);
  if (format == nullptr) return static_cast<double>(static_cast<const float*>(matrix)[place]);
  return static_cast<double>(testing::decode(*format, static_cast<const uint16_t*>(matrix)[place]));
}

void write(void* matrix, int type, int64_t place, double x) {
  const testing::Format* const format = format_of(type);
  if (format == nullptr) {
    static_cast<float*>(matrix)[place] = static_cast<float>(x);
  } else {
    static_cast<uint16_t*>(matrix)[place] = testing::encode(*format, x);
  }
}

// By handle; those that are not here multiply at once.
struct StreamsOfHandles {
  std::mutex mutex;
  std::map<void*, void*> streams;

  static StreamsOfHandles& instance() {
    static StreamsOfHandles all;
    return all;
  }
};

void* stream_of(void* handle) {
  StreamsOfHandles& all = StreamsOfHandles::instance();
  const std::lock_guard<std::mutex> lock(all.mutex);
  const auto found = all.streams.find(handle);
  return found == all.streams.end() ? nullptr : found->second;
}

}  // namespace

void retort_cuda_emulated_set_stream(void* handle, void* stream) {
  StreamsOfHandles& all = StreamsOfHandles::instance();
  const std::lock_guard<std::mutex> lock(all.mutex);
  all.streams[handle] = stream;
}

int retort_cuda_emulated_gemm_ex(void* handle, int transpose_a, int transpose_b, int m, int n,
                                 int k, const void* alpha, const void* a, int a_type, int lda,
                                 const void* b, int b_type, int ldb, const void* beta, void* c,
                                 int c_type, int ldc, int, int) {
  constexpr int kInvalidValue = 7;
  if (lda < (transpose_a ? k : m) || ldb < (transpose_b ? n : k) || ldc < m) return kInvalidValue;
  if (a_type != b_type || (c_type != a_type && c_type != 0)) return kInvalidValue;
  const auto factor = static_cast<double>(*static_cast<const float*>(alpha));
  const bool adds = *static_cast<const float*>(beta) != 0;
  retort::emulation::run_on(stream_of(handle), [=] {
    for (int64_t j = 0; j < n; ++j) {
      for (int64_t i = 0; i < m; ++i) {
        double sum = 0;
        for (int64_t l = 0; l < k; ++l) {
          sum += read(a, a_type, transpose_a ? i * lda + l : l * lda + i) *
                 read(b, b_type, transpose_b ? l * ldb + j : j * ldb + l);
        }
        const int64_t place = j * ldc + i;
        write(c, c_type, place, factor * sum + (adds ? read(c, c_type, place) : 0));
      }
    }
  });
  return 0;
}
