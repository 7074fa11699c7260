// retort_linear_distillation: chunks of rows, each through products, the loss and products again.
//
//   Z = H W^T + b    Z_k = H_k W_k^T + b_k    G = dL/dZ    dH = G W    dW += G^T H    db += sums of G's columns
//
// Bytes: a chunk's logits are written once and read once by the loss, which leaves the gradient in the
// student's place, where dH, dW and db each read it once. Every chunk reads W twice and the teachers'
// weights once, and reads and writes dW: what a chunk of few rows loses.
// Threads: a step's tasks are cut by shape alone, and one step follows another: the lent product always
// runs on one thread, and sums over the rows are added in the order of the chunks.
#include "retort/linear_distillation.h"

#include <algorithm>
#include <cmath>

#include "cpu/kernels.h"
#include "distillation_loss.h"
#include "linear_distillation_arguments.h"
#include "matrix_product.h"
#include "staged_teachers.h"
#include "tasks.h"

namespace retort {
namespace {

// The chunk that is worked on, and the gradient on the weights over all of them.
class LinearDistillation {
 public:
  LinearDistillation(const LinearDistillationArguments& arguments, retort_sgemm sgemm,
                     const retort_executor* executor)
      : a_(arguments),
        student_(*a_.student),
        gradient_(a_.gradient),
        classes_(a_.loss.student().columns),
        sgemm_(sgemm),
        executor_(executor),
        staged_(arguments, arguments.workspace) {}

  LossSums compute() {
    LossSums sums{0, 0};
    if (gradient_.bias != nullptr) std::fill_n(gradient_.bias, classes_, 0.0f);
    for (first_ = 0; first_ < a_.chunks.rows; first_ += a_.chunks.rows_per_chunk) {
      rows_ = std::min(a_.chunks.rows_per_chunk, a_.chunks.rows - first_);
      multiply_layer(student_, 1, false, logits());
      stage_teachers();
      const LossSums sum = compute_loss();
      sums.hard += sum.hard;
      sums.soft += sum.soft;
      if (gradient_.hidden != nullptr) write_hidden_gradient();
      if (gradient_.weights != nullptr) add_weights_gradient();
      if (gradient_.bias != nullptr) add_bias_gradient();
    }
    if (gradient_.weights != nullptr) finish_weights_gradient();
    return sums;
  }

 private:
  // The student's, and then the gradient on them.
  float* logits() const { return static_cast<float*>(staged_.matrix(0)); }

  // logits = scale * the layer's for the rows of the chunk, or that added to what is there.
  void multiply_layer(const retort_linear_layer& layer, float scale, bool accumulate,
                      void* logits) const {
    multiply({false, true, rows_, classes_, layer.hidden_size,
              static_cast<const float*>(layer.hidden) + first_ * layer.hidden_stride,
              layer.hidden_stride, static_cast<const float*>(layer.weights), layer.weights_stride,
              static_cast<float*>(logits), classes_, accumulate, scale, layer.bias},
             sgemm_, executor_);
  }

  void stage_teachers() {
    staged_.stage(
        [&](const retort_linear_layer& teacher, float scale, bool accumulate, void* matrix) {
          multiply_layer(teacher, scale, accumulate, matrix);
          return RETORT_OK;
        },
        [&](const MemberLogits& members, void* matrix) {
          mix(members, matrix);
          return RETORT_OK;
        });
  }

  void mix(const MemberLogits& members, void* matrix) const {
    const EnsembleMeanRows mean{members,       RETORT_MEAN_OF_PROBABILITIES,
                                RETORT_LOGITS, a_.loss.options().temperature,
                                classes_,      {matrix, classes_}};
    const RowTasks tasks(rows_, classes_);
    run_tasks(executor_, tasks.count, [&](int64_t task) {
      kernels().ensemble_mean(mean, tasks.first(task), tasks.end(task));
    });
  }

  // Leaves the gradient where the student's logits were.
  LossSums compute_loss() const {
    DistillationLossRows chunk{};
    chunk.rows = a_.loss.rows(first_);
    chunk.gradient = {a_.wants_gradient() ? logits() : nullptr, classes_};
    chunk.wants_sums = true;
    chunk.rows.student = {logits(), classes_};
    chunk.rows.teachers = staged_.logits();
    if (a_.row_loss != nullptr) chunk.row_loss = a_.row_loss + first_;
    return sum_distillation_loss(chunk, rows_, executor_);
  }

  void write_hidden_gradient() const {
    multiply({false, false, rows_, student_.hidden_size, classes_, logits(), classes_,
              static_cast<const float*>(student_.weights), student_.weights_stride,
              static_cast<float*>(gradient_.hidden) + first_ * gradient_.hidden_stride,
              gradient_.hidden_stride},
             sgemm_, executor_);
  }

  const float* hidden(int64_t row) const {
    return static_cast<const float*>(student_.hidden) + row * student_.hidden_stride;
  }

  // A row without weight has the gradient 0, but 0 times an infinity or a NaN is not 0.
  bool spoils_sums(int64_t row) const {
    if (a_.loss.weight(row) > 0) return false;
    return !std::all_of(hidden(row), hidden(row) + student_.hidden_size,
                        [](float x) { return std::isfinite(x); });
  }

  void add_weights_gradient() {
    const int64_t end = first_ + rows_;
    for (int64_t row = first_; row < end;) {
      const int64_t run = row;
      while (row < end && !spoils_sums(row)) ++row;
      if (row > run) add_weights_gradient(run, row - run);
      while (row < end && spoils_sums(row)) ++row;
    }
  }

  void add_weights_gradient(int64_t first, int64_t rows) {
    multiply(
        {true, false, classes_, student_.hidden_size, rows, logits() + (first - first_) * classes_,
         classes_, hidden(first), student_.hidden_stride, gradient_.weights,
         gradient_.weights_stride, weights_gradient_begun_},
        sgemm_, executor_);
    weights_gradient_begun_ = true;
  }

  void finish_weights_gradient() const {
    if (weights_gradient_begun_) return;
    for (int64_t j = 0; j < classes_; ++j) {
      std::fill_n(gradient_.weights + j * gradient_.weights_stride, student_.hidden_size, 0.0f);
    }
  }

  void add_bias_gradient() const {
    const int64_t blocks = (classes_ - 1) / kMostReducedColumns + 1;
    run_tasks(executor_, blocks, [&](int64_t block) {
      const int64_t first = block * kMostReducedColumns;
      const int64_t columns = std::min(kMostReducedColumns, classes_ - first);
      float sums[kMostReducedColumns];
      kernels().column_sums(rows_, columns, classes_, logits() + first, sums);
      for (int64_t j = 0; j < columns; ++j) gradient_.bias[first + j] += sums[j];
    });
  }

  const LinearDistillationArguments& a_;
  const retort_linear_layer& student_;
  const retort_linear_gradient& gradient_;
  const int64_t classes_;
  retort_sgemm sgemm_;
  const retort_executor* executor_;
  StagedTeachers staged_;
  // The chunk.
  int64_t first_ = 0;
  int64_t rows_ = 0;
  bool weights_gradient_begun_ = false;
};

}  // namespace
}  // namespace retort

retort_status retort_linear_distillation(
    const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
    const retort_linear_layer* student, const retort_linear_layer* teachers, int64_t teacher_count,
    const float* teacher_weights, const void* labels, const float* row_weights,
    const retort_linear_gradient* gradient, float* row_loss, retort_distillation_totals* totals,
    int64_t budget, float* workspace, retort_sgemm sgemm, const retort_executor* executor) {
  using namespace retort;
  LinearDistillationArguments arguments;
  arguments.student = student;
  arguments.teachers = teachers;
  if (gradient != nullptr) arguments.gradient = *gradient;
  arguments.row_loss = row_loss;
  arguments.workspace = workspace;
  RETORT_CHECK(check_linear_options(options, false));
  RETORT_CHECK(arguments.chunks.set(*options, rows, classes, teacher_count, budget));
  arguments.workspace_bytes = arguments.chunks.bytes;
  RETORT_CHECK(arguments.check(options, classes, teacher_count, teacher_weights, labels,
                               row_weights, DistillationArguments::Labels::kOnHost));
  if (sgemm == nullptr) return fail(RETORT_INVALID_ARGUMENT, "sgemm must not be null");
  const LossSums sums = LinearDistillation(arguments, sgemm, executor).compute();
  if (totals != nullptr) arguments.loss.write_totals(&sums, 1, totals);
  return RETORT_OK;
}

int64_t retort_linear_distillation_workspace(const retort_distillation_loss_options* options,
                                             int64_t rows, int64_t classes, int64_t teacher_count,
                                             int64_t budget) {
  retort::Chunks chunks;
  if (retort::check_linear_options(options, false) != RETORT_OK ||
      chunks.set(*options, rows, classes, teacher_count, budget) != RETORT_OK)
    return -1;
  return chunks.bytes;
}
