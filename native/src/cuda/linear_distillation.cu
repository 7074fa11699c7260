// retort_cuda_linear_distillation: chunks of rows, each through products, the loss and products again.
//
//   Z = H W^T + b    Z_k = H_k W_k^T + b_k    G = dL/dZ    dH = G W    dW += G^T H    db += sums of G's columns
//
// Bytes: a chunk's logits are written once and read once by the loss, which leaves the gradient in the student's
// place, where dH and dW each read it once. The products are cuBLAS's, and a chunk of 256 rows or more leaves the
// time to them. With a second stream, Z and Z_k of a chunk run on it beside the rest of the chunk before, in matrices of
// their own; chunks and the order of every sum stay as they are. Everything the host decides, it decides from shapes
// and options, so that it waits for nothing.
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
#include "streams.cuh"

namespace retort::cuda {
namespace {

constexpr int64_t kAlignment = 16;

int64_t aligned(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// How the workspace is cut: what the loss needs, the hidden states of a chunk, the matrices of logits, and where two
// chunks are under way at once those of another.
struct LinearWorkspace {
  int64_t hidden;  // where it begins, in bytes
  int64_t matrices[2];
  int64_t bytes;
  bool overlaps;

  LinearWorkspace(const Chunks& chunks, retort_dtype dtype, int64_t hidden_size,
                  int64_t teacher_count, bool wants_overlap)
      : hidden(aligned(static_cast<int64_t>(Workspace::bytes(chunks.rows, teacher_count)))),
        overlaps(wants_overlap && chunks.rows > chunks.rows_per_chunk) {
    matrices[0] = hidden + aligned(chunks.rows_per_chunk * hidden_size * size_of(dtype));
    matrices[1] = matrices[0] + (overlaps ? chunks.bytes : 0);
    bytes = matrices[1] + chunks.bytes;
  }
};

// Where a chunk's products go: a stream, and the cuBLAS that is set to it.
struct Lane {
  const retort_cublas& cublas;
  void* stream;
};

template <typename Element>
class LinearDistillation {
 public:
  LinearDistillation(const LinearDistillationArguments& arguments, const LinearWorkspace& parts,
                     const Lane& lane, const retort_cuda_overlap* overlap)
      : a_(arguments),
        student_(*a_.student),
        dtype_(a_.loss.options().dtype),
        classes_(a_.loss.student().columns),
        lent_(memory(0), a_.chunks.rows),
        kept_hidden_(reinterpret_cast<Element*>(memory(parts.hidden))),
        staged_{{arguments, memory(parts.matrices[0])}, {arguments, memory(parts.matrices[1])}},
        lane_(lane),
        overlap_(parts.overlaps ? overlap : nullptr) {}

  retort_status compute(retort_distillation_totals* totals) {
    wants_totals_ = totals != nullptr;
    set_rows(a_.loss.rows(), a_.chunks.rows, &all_rows_);
    RETORT_CHECK(set_scale(wants_totals_, lent_, lane_.stream, &all_rows_));
    RETORT_CHECK(overlap_ == nullptr ? compute_chunks() : compute_chunks_on_two_streams());
    if (a_.chunks.rows == 0) RETORT_CHECK(write_zeros());
    return totals == nullptr ? RETORT_OK : find_totals(all_rows_, lent_, totals, lane_.stream);
  }

 private:
  struct Chunk {
    int64_t first;
    int64_t rows;  // 0 behind the last one
    int turn;      // whose matrices it has
  };

  Chunk chunk_from(int64_t first, int turn) const {
    return {first, std::min(a_.chunks.rows_per_chunk, a_.chunks.rows - first), turn};
  }

  retort_status compute_chunks() {
    for (Chunk chunk = chunk_from(0, 0); chunk.rows > 0;
         chunk = chunk_from(chunk.first + chunk.rows, 0)) {
      RETORT_CHECK(find_logits(lane_, chunk));
      RETORT_CHECK(use_logits(chunk));
    }
    return RETORT_OK;
  }

  retort_status compute_chunks_on_two_streams() {
    const retort_status status = alternate_chunks();
    if (status == RETORT_OK) return RETORT_OK;
    // The caller may free the workspace once its own stream has passed the call.
    RETORT_CHECK(record(overlap_->products_event, overlap_->stream));
    RETORT_CHECK(wait_for(overlap_->products_event, lane_.stream));
    return status;
  }

  // The logits of a chunk are under way while those of the one before are used.
  retort_status alternate_chunks() {
    RETORT_CHECK(record(overlap_->matrices_event, lane_.stream));  // behind what the caller wrote
    Chunk chunk = chunk_from(0, 0);
    RETORT_CHECK(find_logits_beside(chunk));
    while (chunk.rows > 0) {
      RETORT_CHECK(wait_for(overlap_->products_event, lane_.stream));
      const Chunk next = chunk_from(chunk.first + chunk.rows, chunk.turn ^ 1);
      if (next.rows > 0) RETORT_CHECK(find_logits_beside(next));
      RETORT_CHECK(use_logits(chunk));
      RETORT_CHECK(record(overlap_->matrices_event, lane_.stream));
      chunk = next;
    }
    return RETORT_OK;
  }

  // In matrices that the chunk two before has left by the time of the event.
  retort_status find_logits_beside(const Chunk& chunk) {
    RETORT_CHECK(wait_for(overlap_->matrices_event, overlap_->stream));
    RETORT_CHECK(find_logits({*overlap_->cublas, overlap_->stream}, chunk));
    return record(overlap_->products_event, overlap_->stream);
  }

  retort_status find_logits(const Lane& lane, const Chunk& chunk) {
    RETORT_CHECK(multiply_layer(lane, chunk, student_, 1, false, logits(chunk)));
    return staged_[chunk.turn].stage(
        [&](const retort_linear_layer& teacher, float scale, bool accumulate, void* matrix) {
          return multiply_layer(lane, chunk, teacher, scale, accumulate, matrix);
        },
        [&](const MemberLogits& members, void* matrix) {
          return mix(lane, chunk, members, matrix);
        });
  }

  retort_status use_logits(const Chunk& chunk) const {
    DistillationParameters loss;
    RETORT_CHECK(compute_loss(chunk, &loss));
    if (a_.gradient.hidden != nullptr) RETORT_CHECK(write_hidden_gradient(chunk));
    if (a_.gradient.weights != nullptr) RETORT_CHECK(add_weights_gradient(chunk, loss));
    if (a_.gradient.bias != nullptr) RETORT_CHECK(add_bias_gradient(chunk));
    return RETORT_OK;
  }

  char* memory(int64_t byte) const { return reinterpret_cast<char*>(a_.workspace) + byte; }
  int64_t stride() const { return a_.chunks.stride; }
  // The student's, and then the gradient on them.
  void* logits(const Chunk& chunk) const { return staged_[chunk.turn].matrix(0); }
  const Element* hidden(const retort_linear_layer& layer, const Chunk& chunk) const {
    return static_cast<const Element*>(layer.hidden) + chunk.first * layer.hidden_stride;
  }

  template <typename Parameters>
  static retort_status launch_blocks_of(void (*kernel)(Parameters), int64_t blocks,
                                        size_t shared_bytes, void* stream,
                                        const Parameters& parameters) {
    return launch(kernel, {blocks, kLinearThreads, 1, shared_bytes}, stream, parameters);
  }

  // logits = scale * the layer's for the rows of the chunk, or that added to what is there.
  retort_status multiply_layer(const Lane& lane, const Chunk& chunk,
                               const retort_linear_layer& layer, float scale, bool accumulate,
                               void* logits) const {
    if (layer.bias != nullptr) {
      const BiasParameters<Element> bias{
          static_cast<int>(classes_),   stride(), layer.bias, scale, accumulate,
          static_cast<Element*>(logits)};
      RETORT_CHECK(launch_blocks_of(start_from_bias<Element>, chunk.rows, 0, lane.stream, bias));
      accumulate = true;
    }
    return multiply({false, true, chunk.rows, classes_, layer.hidden_size, dtype_,
                     hidden(layer, chunk), layer.hidden_stride, layer.weights, layer.weights_stride,
                     dtype_, logits, stride(), scale, accumulate},
                    lane.cublas);
  }

  retort_status mix(const Lane& lane, const Chunk& chunk, const MemberLogits& members,
                    void* matrix) const {
    EnsembleMeanParameters mean{chunk.rows,
                                static_cast<int>(classes_),
                                {},
                                RETORT_MEAN_OF_PROBABILITIES,
                                RETORT_LOGITS,
                                a_.loss.options().temperature,
                                {matrix, stride()}};
    RETORT_CHECK(pass_members(members, nullptr, nullptr, lent_, lane.stream, &mean.members));
    return launch_ensemble_mean(dtype_, mean, lane.stream);
  }

  // Leaves the gradient where the student's logits were.
  retort_status compute_loss(const Chunk& chunk, DistillationParameters* loss) const {
    *loss = all_rows_;
    const DistillationRows rows = a_.loss.rows(chunk.first);
    loss->rows = chunk.rows;
    loss->labels = rows.labels;
    loss->row_weights = rows.row_weights;
    loss->student = {logits(chunk), stride()};
    loss->gradient = {a_.wants_gradient() ? logits(chunk) : nullptr, stride()};
    loss->row_loss = a_.row_loss == nullptr ? nullptr : a_.row_loss + chunk.first;
    loss->row_sums = wants_totals_ ? lent_.row_sums() + chunk.first : nullptr;
    RETORT_CHECK(pass_members(staged_[chunk.turn].logits(), nullptr, nullptr, lent_, lane_.stream,
                              &loss->teachers));
    return launch_distillation_loss_of_options(*loss, lane_.stream);
  }

  retort_status write_hidden_gradient(const Chunk& chunk) const {
    return multiply(
        {false, false, chunk.rows, student_.hidden_size, classes_, dtype_, logits(chunk), stride(),
         student_.weights, student_.weights_stride, dtype_,
         static_cast<Element*>(a_.gradient.hidden) + chunk.first * a_.gradient.hidden_stride,
         a_.gradient.hidden_stride},
        lane_.cublas);
  }

  retort_status add_weights_gradient(const Chunk& chunk, const DistillationParameters& loss) const {
    const Element* factor = hidden(student_, chunk);
    int64_t factor_stride = student_.hidden_stride;
    if (loss.labels != nullptr || loss.row_weights != nullptr) {
      const HiddenParameters<Element> kept{loss, static_cast<int>(student_.hidden_size), factor,
                                           factor_stride, kept_hidden_};
      RETORT_CHECK(
          launch_blocks_of(keep_rows_that_count<Element>, chunk.rows, 0, lane_.stream, kept));
      factor = kept_hidden_;
      factor_stride = student_.hidden_size;
    }
    return multiply({true, false, classes_, student_.hidden_size, chunk.rows, dtype_, logits(chunk),
                     stride(), factor, factor_stride, RETORT_F32, a_.gradient.weights,
                     a_.gradient.weights_stride, 1, chunk.first > 0},
                    lane_.cublas);
  }

  retort_status add_bias_gradient(const Chunk& chunk) const {
    const ColumnSumsParameters<Element> sums{
        chunk.rows,      static_cast<int>(classes_),
        stride(),        static_cast<const Element*>(logits(chunk)),
        chunk.first > 0, a_.gradient.bias};
    return launch_blocks_of(sum_columns<Element>, (classes_ + 31) / 32,
                            kLinearThreads * sizeof(float), lane_.stream, sums);
  }

  // Of no rows.
  retort_status write_zeros() const {
    const retort_linear_gradient& g = a_.gradient;
    if (g.weights != nullptr) {
      RETORT_CHECK(
          launch_blocks_of(write_zero_rows, classes_, 0, lane_.stream,
                           ZerosParameters{student_.hidden_size, g.weights_stride, g.weights}));
    }
    if (g.bias == nullptr) return RETORT_OK;
    return launch_blocks_of(write_zero_rows, 1, 0, lane_.stream,
                            ZerosParameters{classes_, classes_, g.bias});
  }

  const LinearDistillationArguments& a_;
  const retort_linear_layer& student_;
  const retort_dtype dtype_;
  const int64_t classes_;
  const Workspace lent_;
  Element* const kept_hidden_;
  StagedTeachers staged_[2];  // chunks take turns
  const Lane lane_;
  const retort_cuda_overlap* const overlap_;  // null: one stream
  bool wants_totals_ = false;
  DistillationParameters all_rows_{};
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

retort_status check_cublas(const char* name, const retort_cublas* cublas) {
  if (cublas == nullptr) return fail(RETORT_INVALID_ARGUMENT, "%s must not be null", name);
  if (cublas->handle == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "%s handle must not be null", name);
  if (cublas->gemm_ex == nullptr)
    return fail(RETORT_INVALID_ARGUMENT, "%s gemm_ex must not be null", name);
  return RETORT_OK;
}

retort_status check_overlap(const retort_cuda_overlap* overlap, const Lane& lane) {
  if (overlap == nullptr) return RETORT_OK;
  const auto refuse = [](const char* what) { return fail(RETORT_INVALID_ARGUMENT, "%s", what); };
  if (overlap->stream == nullptr) return refuse("overlap stream must not be null");
  if (overlap->stream == lane.stream)
    return refuse("overlap stream must be another than the call's");
  RETORT_CHECK(check_cublas("overlap cublas", overlap->cublas));
  if (overlap->cublas->handle == lane.cublas.handle)
    return refuse("overlap cublas must have another handle than the call's");
  if (overlap->products_event == nullptr) return refuse("overlap products_event must not be null");
  if (overlap->matrices_event == nullptr) return refuse("overlap matrices_event must not be null");
  if (overlap->matrices_event == overlap->products_event)
    return refuse("overlap matrices_event must be another than products_event");
  return RETORT_OK;
}

}  // namespace
}  // namespace retort::cuda

int64_t retort_cuda_linear_distillation_workspace(const retort_distillation_loss_options* options,
                                                  int64_t rows, int64_t classes,
                                                  int64_t hidden_size, int64_t teacher_count,
                                                  int64_t budget, int32_t overlaps) {
  using namespace retort;
  using namespace retort::cuda;
  Chunks chunks;
  if (set_chunks(options, rows, classes, teacher_count, budget, &chunks) != RETORT_OK ||
      check_hidden_size("hidden_size", hidden_size) != RETORT_OK)
    return -1;
  return LinearWorkspace(chunks, options->dtype, hidden_size, teacher_count, overlaps != 0).bytes;
}

retort_status retort_cuda_linear_distillation(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const retort_linear_layer* student, const retort_linear_layer* teachers, int64_t teacher_count,
    const float* teacher_weights, const void* labels, const float* row_weights,
    const retort_linear_gradient* gradient, float* row_loss, retort_distillation_totals* totals,
    int64_t budget, void* workspace, const retort_cublas* cublas,
    const retort_cuda_overlap* overlap, void* stream) {
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
  const LinearWorkspace parts(arguments.chunks, options->dtype, student->hidden_size, teacher_count,
                              overlap != nullptr);
  arguments.workspace_bytes = parts.bytes;
  RETORT_CHECK(arguments.check(options, classes, teacher_count, teacher_weights, labels,
                               row_weights, DistillationArguments::Labels::kOnDevice));
  RETORT_CHECK(check_workspace(workspace, true));
  RETORT_CHECK(check_cublas("cublas", cublas));
  const Lane lane{*cublas, stream};
  RETORT_CHECK(check_overlap(overlap, lane));
  return with_element(options->dtype, [&](auto element) {
    return LinearDistillation<decltype(element)>(arguments, parts, lane, overlap).compute(totals);
  });
}
