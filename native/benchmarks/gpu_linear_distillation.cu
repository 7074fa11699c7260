// Linear distillation on one stream and on two, and the matrix products alone that it cannot do without: the logits of all
// layers and both gradients, in the same chunks. Model bytes are those of the layers and of the gradients, each once;
// the time is the products'.
#include <algorithm>
#include <memory>
#include <stdexcept>

#include "gpu_cublas.h"
#include "gpu_operation.h"
#include "gpu_timing.h"
#include "retort/cuda_linear_distillation.h"

namespace retort::benchmark {
namespace {

constexpr int64_t kRows = 2048, kChunkRows = 512, kHiddenSize = 1024;

// A stream beside the default one, with its cuBLAS and the events between the two.
struct SecondStream {
  cudaStream_t stream = nullptr;
  cudaEvent_t products = nullptr, matrices = nullptr;
  retort_cublas cublas{};

  SecondStream() {
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
    check(cudaEventCreateWithFlags(&products, cudaEventDisableTiming), "creating an event");
    check(cudaEventCreateWithFlags(&matrices, cudaEventDisableTiming), "creating an event");
    cublas = conformance::new_cublas(stream);
  }
  ~SecondStream() {
    conformance::free_cublas(cublas);
    cudaEventDestroy(products);
    cudaEventDestroy(matrices);
    cudaStreamDestroy(stream);
  }
  SecondStream(const SecondStream&) = delete;
  SecondStream& operator=(const SecondStream&) = delete;

  retort_cuda_overlap overlap() const { return {stream, &cublas, products, matrices}; }
};

// One hidden state and one matrix of weights, which student and teachers share: only their times matter.
struct Layers {
  Shape shape;
  retort_distillation_loss_options options;
  int64_t stride;  // of logits, padded to 16 bytes
  DeviceMemory hidden, weights, hidden_gradient, weights_gradient, labels, workspace;
  retort_cublas cublas = conformance::new_cublas(nullptr);
  SecondStream second;

  explicit Layers(const Shape& shape)
      : shape(shape),
        options(loss_options(shape.dtype, RETORT_MEAN_OF_LOGITS, kRows)),
        stride((shape.classes * element() + 15) / 16 * 16 / element()),
        hidden(bytes_of(kRows)),
        weights(bytes_of(shape.classes)),
        hidden_gradient(bytes_of(kRows)),
        weights_gradient(static_cast<size_t>(shape.classes * kHiddenSize) * sizeof(float)),
        labels(static_cast<size_t>(kRows) * sizeof(int32_t)),
        workspace(static_cast<size_t>(workspace_bytes())) {
    if (cublas.handle == nullptr || second.cublas.handle == nullptr)
      throw std::runtime_error("linear distillation needs cuBLAS, which was not found");
    fill(shape.dtype, hidden.bytes(), kRows * kHiddenSize * element());
    fill(shape.dtype, weights.bytes(), shape.classes * kHiddenSize * element());
    fill_labels(reinterpret_cast<int32_t*>(labels.bytes()), kRows, shape.classes);
  }
  ~Layers() { conformance::free_cublas(cublas); }
  Layers(const Layers&) = delete;
  Layers& operator=(const Layers&) = delete;

  int64_t element() const { return element_bytes(shape.dtype); }
  size_t bytes_of(int64_t rows) const {
    return static_cast<size_t>(rows * kHiddenSize * element() + 3);
  }
  // The student's logits and the teachers' sum, for the rows of a chunk.
  int64_t budget() const { return 2 * kChunkRows * stride * element(); }
  int64_t workspace_bytes() const {
    const int64_t bytes = retort_cuda_linear_distillation_workspace(
        &options, kRows, shape.classes, kHiddenSize, shape.teachers, budget(), 1);
    if (bytes < 0) check(RETORT_INVALID_ARGUMENT);
    return bytes;
  }
  int64_t model_bytes() const {
    const int64_t layer = (kRows + shape.classes) * kHiddenSize * element();
    return (1 + shape.teachers) * layer + kRows * kHiddenSize * element() +
           shape.classes * kHiddenSize * static_cast<int64_t>(sizeof(float));
  }

  void distil(const retort_cuda_overlap* overlap) const {
    const retort_linear_layer layer{kHiddenSize,     hidden.bytes(), kHiddenSize,
                                    weights.bytes(), kHiddenSize,    nullptr};
    const std::vector<retort_linear_layer> teachers(static_cast<size_t>(shape.teachers), layer);
    const retort_linear_gradient gradient{hidden_gradient.bytes(), kHiddenSize,
                                          reinterpret_cast<float*>(weights_gradient.bytes()),
                                          kHiddenSize, nullptr};
    check(retort_cuda_linear_distillation(&options, kRows, shape.classes, &layer, teachers.data(),
                                          shape.teachers, nullptr, labels.bytes(), nullptr,
                                          &gradient, nullptr, nullptr, budget(), workspace.bytes(),
                                          &cublas, overlap, nullptr));
  }

  // c = op(a) op(b), or that added to it; cuBLAS counts columns first, so that its operands change places.
  void multiply(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const void* a,
                int64_t a_stride, const void* b, int64_t b_stride, void* c, int64_t c_stride,
                bool in_f32, bool adds) const {
    constexpr int kF32 = 0, kF16 = 2, kBf16 = 14, kComputeF32 = 68, kDefaultAlgorithm = -1;
    const int type = shape.dtype == RETORT_F32 ? kF32 : shape.dtype == RETORT_F16 ? kF16 : kBf16;
    const float one = 1, rest = adds ? 1.0f : 0.0f;
    const auto size = [](int64_t x) { return static_cast<int>(x); };
    const int status =
        cublas.gemm_ex(cublas.handle, transpose_b, transpose_a, size(n), size(m), size(k), &one, b,
                       type, size(b_stride), a, type, size(a_stride), &rest, c,
                       in_f32 ? kF32 : type, size(c_stride), kComputeF32, kDefaultAlgorithm);
    if (status != 0)
      throw std::runtime_error("cublasGemmEx refused a product: status " + std::to_string(status));
  }

  void multiply_alone() const {
    char* const logits = workspace.bytes();
    char* const teacher_logits = logits + kChunkRows * stride * element();
    for (int64_t first = 0; first < kRows; first += kChunkRows) {
      const char* const rows = hidden.bytes() + first * kHiddenSize * element();
      for (int64_t k = 0; k <= shape.teachers; ++k) {
        multiply(false, true, kChunkRows, shape.classes, kHiddenSize, rows, kHiddenSize,
                 weights.bytes(), kHiddenSize, k == 0 ? logits : teacher_logits, stride, false,
                 k > 1);
      }
      multiply(false, false, kChunkRows, kHiddenSize, shape.classes, logits, stride,
               weights.bytes(), kHiddenSize,
               hidden_gradient.bytes() + first * kHiddenSize * element(), kHiddenSize, false,
               false);
      multiply(true, false, shape.classes, kHiddenSize, kChunkRows, logits, stride, rows,
               kHiddenSize, weights_gradient.bytes(), kHiddenSize, true, first > 0);
    }
  }
};

}  // namespace

std::vector<Operation> make_linear_distillation(const Shape& shape, int64_t) {
  const auto layers = std::make_shared<const Layers>(shape);
  const auto operation = [&](const char* provider, std::function<void()> call) {
    return Operation{"linear-distillation-of-logits", provider, kRows, layers->model_bytes(),
                     std::move(call)};
  };
  return {operation("retort-cuda", [layers] { layers->distil(nullptr); }),
          operation("retort-cuda-two-streams",
                    [layers] {
                      const retort_cuda_overlap overlap = layers->second.overlap();
                      layers->distil(&overlap);
                    }),
          operation("products-alone", [layers] { layers->multiply_alone(); })};
}

}  // namespace retort::benchmark
