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
#include "tasks.h"

namespace retort {
namespace {

// The chunk that is worked on, and the gradient on the weights over all of them.
class LinearDistillation {
 public:
  LinearDistillation(const LinearDistillationArguments& arguments, const retort_executor* executor)
      : a_(arguments),
        student_(*a_.student),
        gradient_(a_.gradient),
        loss_(a_.loss.rows()),
        classes_(loss_.classes),
        executor_(executor) {}

  LossSums compute() {
    LossSums sums{0, 0};
    if (gradient_.bias != nullptr) std::fill_n(gradient_.bias, classes_, 0.0f);
    for (first_ = 0; first_ < a_.chunks.rows; first_ += a_.chunks.rows_per_chunk) {
      rows_ = std::min(a_.chunks.rows_per_chunk, a_.chunks.rows - first_);
      multiply_layer(student_, 1, false, matrix(0));
      if (a_.chunks.staging == Staging::kSum) sum_teachers();
      if (a_.chunks.staging == Staging::kMix || a_.chunks.staging == Staging::kApart)
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
  float* matrix(int64_t place) const { return a_.workspace + place * a_.chunks.matrix_elements; }

  // logits = scale * the layer's for the rows of the chunk, or that added to what is there.
  void multiply_layer(const retort_linear_layer& layer, float scale, bool accumulate,
                      float* logits) const {
    multiply({false, true, rows_, classes_, layer.hidden_size,
              layer.hidden + first_ * layer.hidden_stride, layer.hidden_stride, layer.weights,
              layer.weights_stride, logits, classes_, accumulate, scale, layer.bias},
             a_.sgemm, executor_);
  }

  const retort_linear_layer& teacher(int64_t k) const {
    return a_.teachers[a_.loss.teachers().place(k)];
  }

  // The mean of the logits, each at its temperature.
  void sum_teachers() {
    const MemberLogits all = a_.loss.teachers().logits();
    for (int64_t k = 0; k < all.count; ++k)
      multiply_layer(teacher(k), all.weights[k] * all.scales[k], k > 0, matrix(1));
    staged_ = 0;
    stage(1, 1);
  }

  void stage_teachers() {
    const MemberLogits all = a_.loss.teachers().logits();
    staged_ = 0;
    for (int64_t k = 0; k < all.count; ++k) {
      if (a_.chunks.staging == Staging::kMix && staged_ == 2) mix();
      multiply_layer(teacher(k), 1, false, matrix(1 + staged_));
      stage(all.weights[k], all.scales[k]);
    }
  }

  void stage(float weight, float scale) {
    logits_[staged_] = matrix(1 + staged_);
    weights_[staged_] = weight;
    scales_[staged_++] = scale;
  }

  MemberLogits staged(const float* weights) const {
    return {RETORT_F32, RETORT_LOGITS, logits_, weights, scales_, staged_, classes_};
  }

  // Makes the two that are staged one: logits whose softmax at T is their mean, which as logarithms keep
  // what no probability can hold.
  void mix() {
    const float weight = weights_[0] + weights_[1];
    const float shares[] = {weights_[0] / weight, weights_[1] / weight};
    const EnsembleMeanRows mean{staged(shares), RETORT_MEAN_OF_PROBABILITIES,
                                RETORT_LOGITS,  loss_.options.temperature,
                                classes_,       {matrix(1), classes_}};
    const RowTasks tasks(rows_, classes_);
    run_tasks(executor_, tasks.count, [&](int64_t task) {
      kernels().ensemble_mean(mean, tasks.first(task), tasks.end(task));
    });
    staged_ = 0;
    stage(weight, 1);
  }

  bool wants_gradient() const {
    return gradient_.hidden != nullptr || gradient_.weights != nullptr || gradient_.bias != nullptr;
  }

  // Leaves the gradient where the student's logits were.
  LossSums compute_loss() const {
    DistillationLossRows chunk{};
    chunk.rows = loss_;
    chunk.gradient = {wants_gradient() ? matrix(0) : nullptr, classes_};
    chunk.wants_sums = true;
    chunk.rows.student = {matrix(0), classes_};
    chunk.rows.teachers = staged(weights_);
    if (loss_.labels != nullptr) {
      const int64_t size = loss_.options.label_type == RETORT_LABELS_I64 ? 8 : 4;
      chunk.rows.labels = static_cast<const char*>(loss_.labels) + first_ * size;
    }
    if (loss_.row_weights != nullptr) chunk.rows.row_weights = loss_.row_weights + first_;
    if (a_.row_loss != nullptr) chunk.row_loss = a_.row_loss + first_;
    return sum_distillation_loss(chunk, rows_, executor_);
  }

  void write_hidden_gradient() const {
    multiply({false, false, rows_, student_.hidden_size, classes_, matrix(0), classes_,
              student_.weights, student_.weights_stride,
              gradient_.hidden + first_ * gradient_.hidden_stride, gradient_.hidden_stride},
             a_.sgemm, executor_);
  }

  // A row without weight has the gradient 0, but 0 times an infinity or a NaN is not 0.
  bool spoils_sums(int64_t row) const {
    if (a_.loss.weight(row) > 0) return false;
    const float* hidden = student_.hidden + row * student_.hidden_stride;
    return !std::all_of(hidden, hidden + student_.hidden_size,
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
        {true, false, classes_, student_.hidden_size, rows, matrix(0) + (first - first_) * classes_,
         classes_, student_.hidden + first * student_.hidden_stride, student_.hidden_stride,
         gradient_.weights, gradient_.weights_stride, weights_gradient_begun_},
        a_.sgemm, executor_);
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
      kernels().column_sums(rows_, columns, classes_, matrix(0) + first, sums);
      for (int64_t j = 0; j < columns; ++j) gradient_.bias[first + j] += sums[j];
    });
  }

  const LinearDistillationArguments& a_;
  const retort_linear_layer& student_;
  const retort_linear_gradient& gradient_;
  const DistillationRows loss_;
  const int64_t classes_;
  const retort_executor* executor_;
  // The chunk.
  int64_t first_ = 0;
  int64_t rows_ = 0;
  // The teachers as the loss reads them.
  int64_t staged_ = 0;
  const void* logits_[kMostMembers];
  float weights_[kMostMembers];
  float scales_[kMostMembers];
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
  arguments.sgemm = sgemm;
  RETORT_CHECK(arguments.chunks.set(options, rows, classes, teacher_count, budget));
  RETORT_CHECK(
      arguments.check(options, classes, teacher_count, teacher_weights, labels, row_weights));
  const LossSums sums = LinearDistillation(arguments, executor).compute();
  if (totals != nullptr) arguments.loss.write_totals(&sums, 1, totals);
  return RETORT_OK;
}
