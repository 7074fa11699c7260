// The arguments of retort_linear_distillation, checked, and how its workspace is cut.
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

// The rows, cut evenly into as few chunks as the budget allows.
struct Chunks {
  Staging staging = Staging::kNone;
  int64_t rows = 0;
  int64_t rows_per_chunk = 0;
  int64_t matrix_elements = 0;  // of the logits of one network
  int64_t floats = 0;           // of workspace

  // Checks the arguments that it depends on.
  retort_status set(const retort_distillation_loss_options* options, int64_t rows, int64_t classes,
                    int64_t teacher_count, int64_t budget);
};

// Everything that is computed from and to.
struct LinearDistillationArguments {
  const retort_linear_layer* student = nullptr;
  const retort_linear_layer* teachers = nullptr;
  retort_linear_gradient gradient{};
  float* row_loss = nullptr;
  float* workspace = nullptr;
  retort_sgemm sgemm = nullptr;
  Chunks chunks;
  // Its matrices of logits, which are never whole, stand at the workspace's first element.
  DistillationArguments loss;

  // Takes labels and weights into `loss`, and checks all of it; nothing is read after a failure.
  retort_status check(const retort_distillation_loss_options* options, int64_t classes,
                      int64_t teacher_count, const float* teacher_weights, const void* labels,
                      const float* row_weights);
};

}  // namespace retort
