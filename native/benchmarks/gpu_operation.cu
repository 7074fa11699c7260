// Model bytes a row, with C classes of e bytes, K teachers and lists of k classes:
//
//   softmax, log-softmax                  2 C e          logits read, output written
//   their backward                        3 C e          output and its gradient read, the logits' written
//   ensemble mean                   (K + 1) C e
//   distillation loss               (K + 2) C e          student and teachers read, gradient written
//   distillation tangent           2 (K + 1) C e         the tangent too, and a gradient for each teacher
//   top-k                                   C e + 8 k    logits read, indices and values written
//   sparse distillation loss              2 C e + 8 k K
#include "gpu_operation.h"

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "gpu_timing.h"
#include "retort/cuda.h"

namespace retort::benchmark {
namespace {

constexpr float kTemperature = 4;
constexpr int64_t kListed = 64;
constexpr int64_t kEntryBytes = sizeof(int32_t) + sizeof(float);

__global__ void fill_words(uint32_t* words, int64_t count, bool half) {
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x; i < count;
       i += step) {
    const auto mixed = static_cast<uint32_t>(i * 2654435761u);
    const float x = (static_cast<float>(mixed >> 8) * 0x1p-24f - 0.5f) * 8;
    const uint32_t bits = __float_as_uint(x);
    words[i] = half ? (bits >> 16) * 0x10001u : bits;
  }
}

__global__ void fill_cyclically(int32_t* labels, int64_t rows, int64_t classes) {
  const int64_t i = blockIdx.x * static_cast<int64_t>(blockDim.x) + threadIdx.x;
  if (i < rows) labels[i] = static_cast<int32_t>(i * 7 % classes);
}

// Matrices [rows, classes] of the shape's type, one behind the other, and lists [rows, k] of classes and values.
struct Operands {
  Shape shape;
  int64_t matrices, lists, k, rows;
  DeviceMemory arena, listed, labels, workspace;

  Operands(const Shape& shape, int64_t bytes, int64_t matrices, int64_t lists = 0)
      : shape(shape),
        matrices(matrices),
        lists(lists),
        k(std::min(kListed, shape.classes)),
        rows(std::max<int64_t>(1, bytes / row_bytes())),
        arena(static_cast<size_t>(matrices * matrix_bytes() + 3)),
        listed(static_cast<size_t>(lists * rows * k * kEntryBytes + 1)),
        labels(static_cast<size_t>(rows) * sizeof(int32_t)),
        workspace(retort_cuda_workspace(rows, shape.teachers)) {
    fill(shape.dtype, arena.bytes(), matrices * matrix_bytes());
    fill_labels(reinterpret_cast<int32_t*>(labels.bytes()), rows, shape.classes);
  }

  int64_t row_bytes() const {
    return matrices * shape.classes * element_bytes(shape.dtype) + lists * k * kEntryBytes;
  }
  int64_t model_bytes() const { return rows * row_bytes(); }
  int64_t matrix_bytes() const { return rows * shape.classes * element_bytes(shape.dtype); }

  void* matrix(int64_t place) const { return arena.bytes() + place * matrix_bytes(); }
  std::vector<void*> matrices_from(int64_t place) const {
    std::vector<void*> all;
    for (int64_t i = 0; i < shape.teachers; ++i) all.push_back(matrix(place + i));
    return all;
  }
  int32_t* indices(int64_t list) const {
    return reinterpret_cast<int32_t*>(listed.bytes()) + list * rows * k;
  }
  float* values(int64_t list) const {
    return reinterpret_cast<float*>(listed.bytes()) + (lists + list) * rows * k;
  }
};

using Lent = std::shared_ptr<const Operands>;

template <typename... Sizes>
Lent lend(const Shape& shape, int64_t bytes, Sizes... sizes) {
  return std::make_shared<const Operands>(shape, bytes, sizes...);
}

Operation operation(const std::string& kernel, const Lent& o,
                    const std::function<retort_status()>& call) {
  return {kernel, "retort-cuda", o->rows, o->model_bytes(), [call] { check(call()); }};
}

using Forward = decltype(retort_cuda_softmax);
using Backward = decltype(retort_cuda_softmax_backward);

Operation forward(const char* kernel, Forward* function, const Lent& o) {
  return operation(kernel, o, [=] {
    const Shape& s = o->shape;
    return function(s.dtype, o->rows, s.classes, o->matrix(0), s.classes, kTemperature,
                    o->matrix(1), s.classes, nullptr);
  });
}

Operation backward(const char* kernel, Backward* function, const Lent& o) {
  return operation(kernel, o, [=] {
    const Shape& s = o->shape;
    return function(s.dtype, o->rows, s.classes, o->matrix(0), s.classes, o->matrix(1), s.classes,
                    kTemperature, o->matrix(2), s.classes, nullptr);
  });
}

std::vector<Operation> make_softmax(const Shape& shape, int64_t bytes) {
  const Lent two = lend(shape, bytes, 2), three = lend(shape, bytes, 3);
  return {forward("softmax", retort_cuda_softmax, two),
          forward("log-softmax", retort_cuda_log_softmax, two),
          backward("softmax-backward", retort_cuda_softmax_backward, three),
          backward("log-softmax-backward", retort_cuda_log_softmax_backward, three)};
}

// One for each mean.
template <typename Make>
std::vector<Operation> of_means(const std::string& kernel, Make make) {
  return {make(kernel + "-of-logits", RETORT_MEAN_OF_LOGITS),
          make(kernel + "-of-probabilities", RETORT_MEAN_OF_PROBABILITIES)};
}

std::vector<Operation> make_ensemble_mean(const Shape& shape, int64_t bytes) {
  const Lent o = lend(shape, bytes, shape.teachers + 1);
  return of_means("ensemble-mean", [&](const std::string& kernel, retort_mean mean) {
    retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
    options.dtype = shape.dtype;
    options.mean = mean;
    options.temperature = kTemperature;
    options.output = mean == RETORT_MEAN_OF_LOGITS ? RETORT_LOGITS : RETORT_PROBABILITIES;
    return operation(kernel, o, [=] {
      const std::vector<void*> members = o->matrices_from(1);
      return retort_cuda_ensemble_mean(&options, o->rows, shape.classes, members.data(),
                                       shape.teachers, shape.classes, o->matrix(0), shape.classes,
                                       o->workspace.bytes(), nullptr);
    });
  });
}

std::vector<Operation> make_distillation_loss(const Shape& shape, int64_t bytes) {
  const Lent o = lend(shape, bytes, shape.teachers + 2);
  return of_means("distillation-loss", [&](const std::string& kernel, retort_mean mean) {
    const auto options = loss_options(shape.dtype, mean, o->rows);
    return operation(kernel, o, [=] {
      const std::vector<void*> teachers = o->matrices_from(2);
      return retort_cuda_distillation_loss(
          &options, o->rows, shape.classes, o->matrix(0), shape.classes, teachers.data(),
          shape.teachers, shape.classes, nullptr, o->labels.bytes(), nullptr, o->matrix(1),
          shape.classes, nullptr, nullptr, o->workspace.bytes(), nullptr);
    });
  });
}

std::vector<Operation> make_distillation_tangent(const Shape& shape, int64_t bytes) {
  const Lent o = lend(shape, bytes, 2 * (shape.teachers + 1));
  return of_means("distillation-tangent", [&](const std::string& kernel, retort_mean mean) {
    const auto options = loss_options(shape.dtype, mean, o->rows);
    return operation(kernel, o, [=] {
      const std::vector<void*> teachers = o->matrices_from(2);
      const std::vector<void*> gradients = o->matrices_from(2 + shape.teachers);
      return retort_cuda_distillation_tangent(
          &options, o->rows, shape.classes, o->matrix(0), shape.classes, teachers.data(),
          shape.teachers, shape.classes, nullptr, o->labels.bytes(), nullptr, o->matrix(1),
          shape.classes, gradients.data(), shape.classes, o->workspace.bytes(), nullptr);
    });
  });
}

retort_status list_largest(const Operands& o, retort_form form, float temperature, int64_t list) {
  return retort_cuda_top_k(o.shape.dtype, o.rows, o.shape.classes, o.matrix(0), o.shape.classes,
                           o.k, form, temperature, o.indices(list), o.k, o.values(list), o.k,
                           nullptr);
}

std::vector<Operation> make_top_k(const Shape& shape, int64_t bytes) {
  const Lent o = lend(shape, bytes, 1, 1);
  return {operation("top-k-of-logits", o, [=] { return list_largest(*o, RETORT_LOGITS, 1, 0); }),
          operation("top-k-of-log-probabilities", o,
                    [=] { return list_largest(*o, RETORT_LOG_PROBABILITIES, kTemperature, 0); })};
}

std::vector<Operation> make_sparse_distillation_loss(const Shape& shape, int64_t bytes) {
  const Lent o = lend(shape, bytes, 2, shape.teachers);
  for (int64_t k = 0; k < shape.teachers; ++k)
    check(list_largest(*o, RETORT_LOG_PROBABILITIES, kTemperature, k));
  retort_sparse_distillation_loss_options options =
      retort_sparse_distillation_loss_options_default();
  options.loss = loss_options(shape.dtype, RETORT_MEAN_OF_PROBABILITIES, o->rows);
  options.loss.teacher_form = RETORT_LOG_PROBABILITIES;
  return {operation("sparse-distillation-loss-bin", o, [=] {
    std::vector<const int32_t*> indices;
    std::vector<const float*> values;
    for (int64_t k = 0; k < shape.teachers; ++k) {
      indices.push_back(o->indices(k));
      values.push_back(o->values(k));
    }
    return retort_cuda_sparse_distillation_loss(
        &options, o->rows, shape.classes, o->matrix(0), shape.classes, indices.data(),
        values.data(), shape.teachers, o->k, o->k, nullptr, o->labels.bytes(), nullptr,
        o->matrix(1), shape.classes, nullptr, nullptr, o->workspace.bytes(), nullptr);
  })};
}

}  // namespace

const std::vector<OperationKind>& operation_kinds() {
  static const std::vector<OperationKind> kinds{
      {"distillation-loss", true, make_distillation_loss},
      {"distillation-tangent", true, make_distillation_tangent},
      {"ensemble-mean", true, make_ensemble_mean},
      {"linear-distillation", true, make_linear_distillation},
      {"softmax", false, make_softmax},
      {"sparse-distillation-loss", true, make_sparse_distillation_loss},
      {"top-k", false, make_top_k}};
  return kinds;
}

void fill(retort_dtype dtype, void* elements, int64_t bytes) {
  fill_words<<<4096, 256>>>(static_cast<uint32_t*>(elements), (bytes + 3) / 4, dtype != RETORT_F32);
  check(cudaGetLastError(), "filling the operands");
}

void fill_labels(int32_t* labels, int64_t rows, int64_t classes) {
  fill_cyclically<<<static_cast<unsigned>((rows + 255) / 256), 256>>>(labels, rows, classes);
  check(cudaGetLastError(), "filling the labels");
}

void check(retort_status status) {
  if (status != RETORT_OK) throw std::runtime_error(retort_cuda_last_error());
}

retort_distillation_loss_options loss_options(retort_dtype dtype, retort_mean mean, int64_t rows) {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  options.dtype = dtype;
  options.mean = mean;
  options.temperature = kTemperature;
  options.alpha = 0.9f;
  options.denominator = static_cast<double>(rows);
  return options;
}

}  // namespace retort::benchmark
