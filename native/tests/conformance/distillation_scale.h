// The scales of the distillation loss and its gradient, for judge.h: the sum of the magnitudes of the terms
// that a result is made of, each with what the roundings of its exponents and logarithms make of it.
//
// p_j and q_j come from exponents y_j and x_j. An exponent is off by epsilon * (|log p_j| + V): its own
// size, and V of the terms that it was summed from (the teachers' mean, a standardisation, the temperatures'
// factors). So
//
//   P_j = p_j (1 + |log p_j| + V)     Q_j alike     R_j = 1 + |log p_j| + |log q_j| + V, of log q_j - log p_j
#pragma once

#include "distillation.h"

namespace retort::conformance {

struct DistillationScale {
  Row gradient;
  double hard = 0;
  double soft = 0;
  double total = 0;
  // The largest number on the way, for the range of f32.
  double intermediate = 0;
};

// Of one row, without its weight and the denominator.
DistillationScale scale_of(const DistillationArguments& a, int64_t row);

// A row as the soft part sees it, and by how much standardisation has enlarged its rounding.
struct Seen {
  Row logits;
  double rounding = 0;      // of each logit, in epsilons
  double coefficient = 1;   // d logit / d what was given, at most
  double intermediate = 0;  // the largest number on the way
};
Seen seen(const DistillationArguments& a, const Row& given, bool teacher, double factor);

// Both sides of a row: logits over T, logarithms of distributions and the roundings V above.
struct ScaledSides {
  Row y, log_p, x, log_q;
  Row p, q;                 // P and Q above
  double further_p = 0;     // V of p
  double further_q = 0;     // V of q
  double further_rest = 0;  // V of p without the label, where the divergence leaves it out
  double coefficient = 1;   // of the student's standardisation
  std::vector<Seen> teachers;
  Seen student;
};
ScaledSides sides_of(const DistillationArguments& a, int64_t row);

// Beside a label that takes all mass the reference itself loses the others, in the roundings of a double: V of them.
double lost_without(const Row& log_p, size_t label);

// What a gradient h on standardised logits z~ is as one on the logits, in magnitudes.
Row through_standardization(const Seen& seen, const Row& scale);

}  // namespace retort::conformance
