// The gradients of softmax and log-softmax:
//
//   p (g - <p, g>) / T      scale p (|g| + <p, |g|>) / T
//   (g - p sum(g)) / T      scale (|g| + p (1 + |log p|) sum |g|) / T
#include "naive.h"
#include "rows.h"
#include "softmax.h"

namespace retort::conformance {
namespace {

Row scale_of(const SoftmaxBackwardArguments& a, const Row& y, const Row& g) {
  const Row p = a.logarithm ? exponential_scale(y) : y;
  double mean = a.logarithm ? sum_of_magnitudes(g) : 0;
  for (size_t j = 0; j < y.size() && !a.logarithm; ++j) mean += magnitude(y[j]) * magnitude(g[j]);
  Row scale;
  for (size_t j = 0; j < y.size(); ++j) {
    const double own = a.logarithm ? magnitude(g[j]) + magnitude(p[j]) * mean
                                   : magnitude(p[j]) * (magnitude(g[j]) + mean);
    scale.push_back(own / static_cast<double>(a.temperature));
  }
  return scale;
}

// The output of the forward operation for random logits; once in a few times any numbers instead.
void fill_output(Random& random, bool logarithm, float temperature, Matrix& output) {
  const bool arbitrary = one_in(random, 8);
  fill(random, arbitrary ? Values::kNormal : draw_values(random), output);
  spoil(random, draw_spoiler(random), {&output});
  for (int64_t i = 0; i < output.rows; ++i) {
    Row row = output.row(i);
    // exp of a log-probability: above 0 it is none.
    if (arbitrary) {
      for (double& x : row) x = logarithm ? -std::fabs(x) : std::fabs(x);
    } else {
      row = logarithm ? reference::log_softmax(row, temperature)
                      : reference::softmax(row, temperature);
    }
    output.set_row(i, row);
  }
}

void run(Trial& trial, bool logarithm) {
  Random& random = trial.random;
  SoftmaxBackwardArguments a{
      logarithm, draw_dtype(random), draw_shape(random, 3), draw_temperature(random), {}, {}, {}};
  a.output = draw_matrix(trial.memory, random, a.dtype, a.shape);
  fill_output(random, logarithm, a.temperature, a.output);
  a.output_gradient = draw_matrix(trial.memory, random, a.dtype, a.shape);
  fill(random, draw_values(random), a.output_gradient);
  if (one_in(random, 8)) spoil(random, draw_spoiler(random), {&a.output_gradient});
  if (one_in(random, 16)) a.output_gradient = a.output;
  a.logits_gradient = pick(random, {0, 1, 2, 2}) == 0 ? a.output
                      : pick(random, {0, 1, 2, 2}) == 0
                          ? a.output_gradient
                          : draw_matrix(trial.memory, random, a.dtype, a.shape);
  trial.describe(a.shape, a.dtype, "temperature", a.temperature);

  if (!trial.call({a.logits_gradient}, [&](const retort_executor* e) { return a.call(e); })) return;
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    const Row y = a.output.row(i), g = a.output_gradient.row(i);
    Outcome o{a.logits_gradient.result(i), {}, {}, scale_of(a, y, g)};
    if (logarithm) {
      o.expected = reference::log_softmax_backward(y, g, a.temperature);
      o.naive = widen(naive::log_softmax_backward(narrow(y), narrow(g), a.temperature));
    } else {
      o.expected = reference::softmax_backward(y, g, a.temperature);
      o.naive = widen(naive::softmax_backward(narrow(y), narrow(g), a.temperature));
    }
    o.intermediate = 2 * sum_of_magnitudes(g);
    trial.judge("logits_gradient", i, a.dtype, o);
  }
}

const Operation kSoftmaxBackward("softmax_backward", [](Trial& trial) { run(trial, false); });
const Operation kLogSoftmaxBackward("log_softmax_backward", [](Trial& trial) { run(trial, true); });

}  // namespace
}  // namespace retort::conformance
