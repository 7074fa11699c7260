// The arguments of retort_linear_distillation, checked, and how its workspace is cut; the CUDA library's alike.
#pragma once

#include "distillation_arguments.h"
#include "errors.h"
#include "retort/linear_distillation.h"

namespace retort {

// How the teachers' logits become what the loss reads.
enum class Staging {
  kNone,   // alpha is 0
  kSum,    // the products add one teacher after another to one matrix
  kMix,    // a mean of probabilities so far, and the next teacher beside it
  kApart,  // a matrix each
};

// The options that an operation on linear layers takes; half precision where `takes_halves`.
retort_status check_linear_options(const retort_distillation_loss_options* options,
                                   bool takes_halves);

retort_status check_hidden_size(const char* name, int64_t hidden_size);

// The rows, cut evenly into as few chunks as the budget allows.
struct Chunks {
  Staging staging = Staging::kNone;
  int64_t rows = 0;
  int64_t rows_per_chunk = 0;
  int64_t stride = 0;        // of a matrix of logits: the classes, rounded up to whole units
  int64_t matrix_bytes = 0;  // of the logits of one network
  int64_t bytes = 0;         // of all matrices

  // Checks the arguments that it depends on, but for the options.
  retort_status set(const retort_distillation_loss_options& options, int64_t rows, int64_t classes,
                    int64_t teacher_count, int64_t budget, int64_t stride_unit = 1);
};

// Everything that is computed from and to.
struct LinearDistillationArguments {
  const retort_linear_layer* student = nullptr;
  const retort_linear_layer* teachers = nullptr;
  retort_linear_gradient gradient{};
  float* row_loss = nullptr;
  float* workspace = nullptr;
  int64_t workspace_bytes = 0;
  Chunks chunks;
  // Its matrices of logits, which are never whole, stand at the workspace's first element.
  DistillationArguments loss;

  // Takes labels and weights into `loss`, and checks all of it; nothing is read after a failure.
  retort_status check(const retort_distillation_loss_options* options, int64_t classes,
                      int64_t teacher_count, const float* teacher_weights, const void* labels,
                      const float* row_weights, DistillationArguments::Labels where);
  bool wants_gradient() const {
    return gradient.hidden != nullptr || gradient.weights != nullptr || gradient.bias != nullptr;
  }
};

}  // namespace retort
