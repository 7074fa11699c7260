// retort_cuda_linear_distillation: chunks of rows, each through products, the loss and products again.
//
//   Z = H W^T + b    Z_k = H_k W_k^T + b_k    G = dL/dZ    dH = G W    dW += G^T H    db += sums of G's columns
//
// Bytes: a chunk's logits are written once and read once by the loss, which leaves the gradient in the student's
// place, where dH and dW each read it once. The products are cuBLAS's, and a chunk of 256 rows or more leaves the
// time to them. One stream: on it a product follows the loss that it needs. Everything the host decides, it
// decides from shapes and options, so that nothing is waited for.
#include "linear_distillation.cuh"

#include <algorithm>

#include "arguments.h"
#include "cuda/matrix_product.h"
#include "distillation_loss_launch.cuh"
#include "ensemble_mean_launch.cuh"
#include "launch.cuh"
#include "linear_distillation_arguments.h"
#include "loss_totals.cuh"
#include "members.cuh"
#include "retort/cuda_linear_distillation.h"
#include "staged_teachers.h"

namespace retort::cuda {
namespace {

constexpr int64_t kAlignment = 16;

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// How the workspace is cut: what the loss needs, the hidden states of a chunk, the matrices of logits.
struct LinearWorkspace {
  int64_t hidden;  // where it begins, in bytes
  int64_t matrices;
  int64_t bytes;

  LinearWorkspace(const Chunks& chunks, retort_dtype dtype, int64_t hidden_size,
                  int64_t teacher_count)
      : hidden(aligned(static_cast<int64_t>(Workspace::bytes(chunks.rows, teacher_count)))),
        matrices(hidden + aligned(chunks.rows_per_chunk * hidden_size * size_of(dtype))),
        bytes(matrices + chunks.bytes) {}
};

template <typename Element>
class LinearDistillation {
 public:
  LinearDistillation(const LinearDistillationArguments& arguments, const LinearWorkspace& parts,
                     const retort_cublas& cublas, void* stream)
      : a_(arguments),
        student_(*a_.student),
        dtype_(a_.loss.options().dtype),
        classes_(a_.loss.student().columns),
        lent_(memory(0), a_.chunks.rows),
        kept_hidden_(reinterpret_cast<Element*>(memory(parts.hidden))),
        staged_(arguments, memory(parts.matrices)),
        cublas_(cublas),
        stream_(stream) {}

  retort_status compute(retort_distillation_totals* totals) {
    set_rows(a_.loss.rows(), a_.chunks.rows, &all_rows_);
    RETORT_CHECK(set_scale(totals != nullptr, lent_, stream_, &all_rows_));
    for (first_ = 0; first_ < a_.chunks.rows; first_ += a_.chunks.rows_per_chunk) {
      rows_ = std::min(a_.chunks.rows_per_chunk, a_.chunks.rows - first_);
      RETORT_CHECK(multiply_layer(student_, 1, false, logits()));
      RETORT_CHECK(stage_teachers());
      RETORT_CHECK(compute_loss(totals != nullptr));
      if (a_.gradient.hidden != nullptr) RETORT_CHECK(write_hidden_gradient());
      if (a_.gradient.weights != nullptr) RETORT_CHECK(add_weights_gradient());
      if (a_.gradient.bias != nullptr) RETORT_CHECK(add_bias_gradient());
    }
    if (a_.chunks.rows == 0) RETORT_CHECK(write_zeros());
    return totals == nullptr ? RETORT_OK : find_totals(all_rows_, lent_, totals, stream_);
  }

 private:
  char* memory(int64_t byte) const { return reinterpret_cast<char*>(a_.workspace) + byte; }
  // The student's, and then the gradient on them.
  void* logits() const { return staged_.matrix(0); }
  int64_t stride() const { return a_.chunks.stride; }
  const Element* hidden(const retort_linear_layer& layer) const {
    return static_cast<const Element*>(layer.hidden) + first_ * layer.hidden_stride;
  }

  template <typename Parameters>
  retort_status launch_blocks_of(void (*kernel)(Parameters), int64_t blocks, size_t shared_bytes,
                                 const Parameters& parameters) const {
    return launch(kernel, {blocks, kLinearThreads, 1, shared_bytes}, stream_, parameters);
  }

  // logits = scale * the layer's for the rows of the chunk, or that added to what is there.
  retort_status multiply_layer(const retort_linear_layer& layer, float scale, bool accumulate,
                               void* logits) const {
    if (layer.bias != nullptr) {
      const BiasParameters<Element> bias{
          static_cast<int>(classes_),   stride(), layer.bias, scale, accumulate,
          static_cast<Element*>(logits)};
      RETORT_CHECK(launch_blocks_of(start_from_bias<Element>, rows_, 0, bias));
      accumulate = true;
    }
    return multiply({false, true, rows_, classes_, layer.hidden_size, dtype_, hidden(layer),
                     layer.hidden_stride, layer.weights, layer.weights_stride, dtype_, logits,
                     stride(), scale, accumulate},
                    cublas_);
  }

  retort_status stage_teachers() {
    return staged_.stage(
        [&](const retort_linear_layer& teacher, float scale, bool accumulate, void* matrix) {
          return multiply_layer(teacher, scale, accumulate, matrix);
        },
        [&](const MemberLogits& members, void* matrix) { return mix(members, matrix); });
  }

  retort_status mix(const MemberLogits& members, void* matrix) const {
    EnsembleMeanParameters mean{rows_,
                                static_cast<int>(classes_),
                                {},
                                RETORT_MEAN_OF_PROBABILITIES,
                                RETORT_LOGITS,
                                a_.loss.options().temperature,
                                {matrix, stride()}};
    RETORT_CHECK(pass_members(members, nullptr, nullptr, lent_, stream_, &mean.members));
    return launch_ensemble_mean(dtype_, mean, stream_);
  }

  // Leaves the gradient where the student's logits were.
  retort_status compute_loss(bool wants_totals) {
    chunk_ = all_rows_;
    const DistillationRows rows = a_.loss.rows(first_);
    chunk_.rows = rows_;
    chunk_.labels = rows.labels;
    chunk_.row_weights = rows.row_weights;
    chunk_.student = {logits(), stride()};
    chunk_.gradient = {a_.wants_gradient() ? logits() : nullptr, stride()};
    chunk_.row_loss = a_.row_loss == nullptr ? nullptr : a_.row_loss + first_;
    chunk_.row_sums = wants_totals ? lent_.row_sums() + first_ : nullptr;
    RETORT_CHECK(
        pass_members(staged_.logits(), nullptr, nullptr, lent_, stream_, &chunk_.teachers));
    return launch_distillation_loss_of_options(chunk_, stream_);
  }

  retort_status write_hidden_gradient() const {
    return multiply({false, false, rows_, student_.hidden_size, classes_, dtype_, logits(),
                     stride(), student_.weights, student_.weights_stride, dtype_,
                     static_cast<Element*>(a_.gradient.hidden) + first_ * a_.gradient.hidden_stride,
                     a_.gradient.hidden_stride},
                    cublas_);
  }

  retort_status add_weights_gradient() const {
    const Element* factor = hidden(student_);
    int64_t factor_stride = student_.hidden_stride;
    if (chunk_.labels != nullptr || chunk_.row_weights != nullptr) {
      const HiddenParameters<Element> kept{chunk_, static_cast<int>(student_.hidden_size), factor,
                                           factor_stride, kept_hidden_};
      RETORT_CHECK(launch_blocks_of(keep_rows_that_count<Element>, rows_, 0, kept));
      factor = kept_hidden_;
      factor_stride = student_.hidden_size;
    }
    return multiply(
        {true, false, classes_, student_.hidden_size, rows_, dtype_, logits(), stride(), factor,
         factor_stride, RETORT_F32, a_.gradient.weights, a_.gradient.weights_stride, 1, first_ > 0},
        cublas_);
  }

  retort_status add_bias_gradient() const {
    const ColumnSumsParameters<Element> sums{rows_,      static_cast<int>(classes_),
                                             stride(),   static_cast<const Element*>(logits()),
                                             first_ > 0, a_.gradient.bias};
    return launch_blocks_of(sum_columns<Element>, (classes_ + 31) / 32,
                            kLinearThreads * sizeof(float), sums);
  }

  // Of no rows.
  retort_status write_zeros() const {
    const retort_linear_gradient& g = a_.gradient;
    if (g.weights != nullptr) {
      RETORT_CHECK(
          launch_blocks_of(write_zero_rows, classes_, 0,
                           ZerosParameters{student_.hidden_size, g.weights_stride, g.weights}));
    }
    if (g.bias == nullptr) return RETORT_OK;
    return launch_blocks_of(write_zero_rows, 1, 0, ZerosParameters{classes_, classes_, g.bias});
  }

  const LinearDistillationArguments& a_;
  const retort_linear_layer& student_;
  const retort_dtype dtype_;
  const int64_t classes_;
  const Workspace lent_;
  Element* const kept_hidden_;
  StagedTeachers staged_;
  const retort_cublas& cublas_;
  void* const stream_;
  DistillationParameters all_rows_{};
  // The chunk.
  DistillationParameters chunk_{};
  int64_t first_ = 0;
  int64_t rows_ = 0;
};

retort_status set_chunks(const retort_distillation_loss_options* options, int64_t rows,
                         int64_t classes, int64_t teacher_count, int64_t budget, Chunks* chunks) {
  RETORT_CHECK(check_linear_options(options, true));
  RETORT_CHECK(check_classes(classes));
  constexpr int64_t kMostRows = int64_t{1} << 40;  // their losses fit a workspace
  if (rows > kMostRows) {
    return fail(RETORT_INVALID_ARGUMENT, "rows must be at most %lld, got %lld",
                static_cast<long long>(kMostRows), static_cast<long long>(rows));
  }
  return chunks->set(*options, rows, classes, teacher_count, budget,
                     kAlignment / size_of(options->dtype));
}

retort_status check_cublas(const retort_cublas* cublas) {
  if (cublas == nullptr) return fail(RETORT_INVALID_ARGUMENT, "cublas must not be null");
  if (cublas->handle == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "cublas handle must not be null");
  if (cublas->gemm_ex == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "cublas gemm_ex must not be null");
  return RETORT_OK;
}

}  // namespace
}  // namespace retort::cuda

int64_t retort_cuda_linear_distillation_workspace(const retort_distillation_loss_options* options,
                                                  int64_t rows, int64_t classes,
                                                  int64_t hidden_size, int64_t teacher_count,
                                                  int64_t budget) {
  using namespace retort;
  using namespace retort::cuda;
  Chunks chunks;
  if (set_chunks(options, rows, classes, teacher_count, budget, &chunks) != RETORT_OK ||
      check_hidden_size("hidden_size", hidden_size) != RETORT_OK)
    return -1;
  return LinearWorkspace(chunks, options->dtype, hidden_size, teacher_count).bytes;
}

retort_status retort_cuda_linear_distillation(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const retort_linear_layer* student, const retort_linear_layer* teachers, int64_t teacher_count,
    const float* teacher_weights, const void* labels, const float* row_weights,
    const retort_linear_gradient* gradient, float* row_loss, retort_distillation_totals* totals,
    int64_t budget, void* workspace, const retort_cublas* cublas, void* stream) {
  using namespace retort;
  using namespace retort::cuda;
  LinearDistillationArguments arguments;
  arguments.student = student;
  arguments.teachers = teachers;
  if (gradient != nullptr) arguments.gradient = *gradient;
  arguments.row_loss = row_loss;
  arguments.workspace = static_cast<float*>(workspace);
  RETORT_CHECK(set_chunks(options, rows, classes, teacher_count, budget, &arguments.chunks));
  if (student == nullptr) return fail(RETORT_INVALID_ARGUMENT, "student must not be null");
  RETORT_CHECK(check_hidden_size("student hidden_size", student->hidden_size));
  const LinearWorkspace parts(arguments.chunks, options->dtype, student->hidden_size,
                              teacher_count);
  arguments.workspace_bytes = parts.bytes;
  RETORT_CHECK(arguments.check(options, classes, teacher_count, teacher_weights, labels,
                               row_weights, DistillationArguments::Labels::kOnDevice));
  RETORT_CHECK(check_workspace(workspace, true));
  RETORT_CHECK(check_cublas(cublas));
  return with_element(options->dtype, [&](auto element) {
    return LinearDistillation<decltype(element)>(arguments, parts, *cublas, stream).compute(totals);
  });
}
