// softmax and log-softmax. With x = (z - max z) / T and Z = sum exp(x):
//
//   p = exp(x) / Z          scale p (1 + |log p|)
//   log p = x - log Z       scale |x| + log Z + 1, the last for what log Z gets from the roundings in Z
#include "softmax.h"

#include <algorithm>

#include "naive.h"
#include "rows.h"

namespace retort::conformance {
namespace {

Row scale_of(const SoftmaxArguments& a, const Row& log_p) {
  if (!a.logarithm) return exponential_scale(log_p);
  const double log_normalizer = -magnitude(*std::max_element(log_p.begin(), log_p.end()));
  Row scale;
  for (const double x : log_p) scale.push_back(magnitude(x) + 1 + magnitude(log_normalizer));
  return scale;
}

void run(Trial& trial, bool logarithm) {
  Random& random = trial.random;
  SoftmaxArguments a{
      logarithm, draw_dtype(random), draw_shape(random, 2), draw_temperature(random), {}, {}};
  a.logits = draw_matrix(trial.memory, random, a.dtype, a.shape);
  fill(random, draw_values(random), a.logits);
  spoil(random, draw_spoiler(random), {&a.logits});
  const bool in_place = one_in(random, 3);
  a.output = in_place ? a.logits : draw_matrix(trial.memory, random, a.dtype, a.shape);
  trial.describe(a.shape, a.dtype, "temperature", a.temperature, in_place ? "in place" : "");

  if (!trial.call({a.output}, [&](const retort_executor* e) { return a.call(e); })) return;
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    const Row logits = a.logits.row(i);
    const Row log_p = reference::log_softmax(logits, a.temperature);
    Outcome o{a.output.result(i), log_p, widen(naive::log_softmax(narrow(logits), a.temperature)),
              scale_of(a, log_p)};
    if (!logarithm) {
      o.expected = reference::softmax(logits, a.temperature);
      o.naive = widen(naive::softmax(narrow(logits), a.temperature));
    }
    trial.judge("output", i, a.dtype, o);
  }
}

const Operation kSoftmax("softmax", [](Trial& trial) { run(trial, false); });
const Operation kLogSoftmax("log_softmax", [](Trial& trial) { run(trial, true); });

}  // namespace
}  // namespace retort::conformance
