// The mean of K members' logits, or of their distributions.
//
//   v_j = sum_k w_k z_kj                scale S_j = sum_k w_k |z_kj|
//   of logits: p = softmax(v / T)       an exponent is v's rounding / T off: scale p (1 + |log p| + R) with R the
//                                       largest S / T of a class that has any mass
//   of probabilities: p = sum w_k p_k   scale sum_k w_k p_k (1 + |log p_k|)
//
// A logarithm's scale is that of p over p and the size of the logarithm. Where p is too small to have a scale, it is
// that of v_j / T and of the logarithm of the normaliser, which is as far off as the classes that make it: S_j / T + R.
#include "ensemble_mean.h"

#include <algorithm>

#include "naive.h"
#include "rows.h"

namespace retort::conformance {

std::vector<float> draw_weights(Random& random, int64_t count) {
  std::vector<float> weights;
  if (one_in(random, 2)) return weights;
  for (int64_t k = 0; k < count; ++k)
    weights.push_back(pick(random, {0.0f, 0.25f, 1.0f, 1.5f, 3.0f, 1e-3f}));
  if (*std::max_element(weights.begin(), weights.end()) == 0) weights.back() = 2;
  return weights;
}

int64_t draw_count(Random& random) { return pick<int64_t>(random, {1, 1, 2, 2, 3, 3, 4, 5, 16}); }

namespace {

// Below this a probability is 0 in an f32.
constexpr double kLeastLogarithm = -104;

Row sum_scale(const std::vector<Row>& members, const Row& weights) {
  double total = 0;
  for (const double w : weights) total += w;
  Row scale(members[0].size(), 0.0);
  for (size_t k = 0; k < members.size(); ++k) {
    for (size_t j = 0; j < scale.size() && weights[k] > 0; ++j)
      scale[j] += weights[k] / total * magnitude(members[k][j]);
  }
  return scale;
}

// R, of a mean of logits.
double normalizer_scale(const Row& log_p, const Row& sums, double temperature) {
  double largest = 0;
  for (size_t j = 0; j < log_p.size(); ++j) {
    if (log_p[j] > kLeastLogarithm) largest = std::fmax(largest, sums[j] / temperature);
  }
  return largest;
}

// In p, of a mean of probabilities.
Row mixture_scale(const std::vector<Row>& members, const Row& weights, double temperature) {
  std::vector<Row> scales;
  for (const Row& member : members)
    scales.push_back(exponential_scale(reference::log_softmax(member, temperature)));
  return sum_scale(scales, weights);
}

Row scale_of(const EnsembleMeanArguments& a, const std::vector<Row>& members, const Row& log_p) {
  const double temperature = a.options.temperature;
  const bool of_logits = a.options.mean == RETORT_MEAN_OF_LOGITS;
  Row sums = sum_scale(members, a.shares());
  if (of_logits && a.options.output == RETORT_LOGITS) return sums;
  const double normalizer = of_logits ? normalizer_scale(log_p, sums, temperature) : 0;
  Row p = of_logits ? exponential_scale(log_p, normalizer)
                    : mixture_scale(members, a.shares(), temperature);
  if (a.options.output == RETORT_PROBABILITIES) return p;
  Row scale;
  for (size_t j = 0; j < p.size(); ++j) {
    const double size = magnitude(log_p[j]);
    const double relative = log_p[j] > kLeastLogarithm ? p[j] / std::exp(log_p[j]) : 0;
    const double logarithm =
        1 + size + relative + (of_logits ? sums[j] / temperature + normalizer : 0);
    scale.push_back(a.options.output == RETORT_LOGITS ? logarithm * temperature : logarithm);
  }
  return scale;
}

// The formulas of the reference in double, and of the naive computation in float.
template <typename Value, typename Mean, typename Probabilities, typename LogProbabilities,
          typename MeanOfLogits>
std::vector<Value> computed(const EnsembleMeanArguments& a,
                            const std::vector<std::vector<Value>>& members, Mean mean,
                            Probabilities probabilities, LogProbabilities log_probabilities,
                            MeanOfLogits mean_of_logits) {
  const Row shares = a.shares();
  const std::vector<Value> weights(shares.begin(), shares.end());
  const Value temperature = a.options.temperature;
  if (a.options.output == RETORT_PROBABILITIES)
    return probabilities(members, weights, mean, temperature);
  if (a.options.output == RETORT_LOGITS && mean == Mean::kLogits)
    return mean_of_logits(members, weights);
  std::vector<Value> row = log_probabilities(members, weights, mean, temperature);
  for (Value& x : row) x = a.options.output == RETORT_LOGITS ? x * temperature : x;
  return row;
}

void run(Trial& trial) {
  Random& random = trial.random;
  EnsembleMeanArguments a;
  const int64_t count = draw_count(random);
  a.options.dtype = draw_dtype(random);
  a.options.mean = pick(random, {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES});
  a.options.output = pick(random, {RETORT_LOGITS, RETORT_PROBABILITIES, RETORT_LOG_PROBABILITIES});
  a.options.temperature = draw_temperature(random);
  a.shape = draw_shape(random, count + 1);
  a.weights = draw_weights(random, count);
  const int64_t stride = draw_stride(random, a.shape.classes);
  const Values values = draw_values(random);
  const Spoiler spoiler = draw_spoiler(random);
  for (int64_t k = 0; k < count; ++k) {
    a.members.push_back(draw_matrix(trial.memory, random, a.options.dtype, a.shape, stride));
    fill(random, values, a.members.back());
    if (one_in(random, 2)) spoil(random, spoiler, {&a.members.back()});
  }
  if (count > 1 && one_in(random, 16)) a.members[1] = a.members[0];
  const size_t any = random() % a.members.size();
  a.output = one_in(random, 3) ? a.members[any]
                               : draw_matrix(trial.memory, random, a.options.dtype, a.shape);
  trial.describe(a.shape, a.options.dtype, "members", count, "mean", a.options.mean, "output",
                 a.options.output, "temperature", a.options.temperature, "weights");
  for (const float weight : a.weights) trial.describe(weight);

  if (!trial.call({a.output}, [&](const retort_executor* e) { return a.call(e); })) return;
  const bool of_logits = a.options.mean == RETORT_MEAN_OF_LOGITS;
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    std::vector<Row> members;
    for (const Matrix& member : a.members) members.push_back(member.row(i));
    const auto mean = of_logits ? reference::Mean::kLogits : reference::Mean::kProbabilities;
    const auto naive_mean = of_logits ? naive::Mean::kLogits : naive::Mean::kProbabilities;
    Outcome o;
    o.actual = a.output.result(i);
    o.expected = computed(a, members, mean, reference::ensemble_probabilities,
                          reference::ensemble_log_probabilities, reference::mean_of_logits);
    o.naive = widen(computed(a, narrow(members), naive_mean, naive::ensemble_probabilities,
                             naive::ensemble_log_probabilities, naive::mean_of_logits));
    o.scale = scale_of(
        a, members,
        reference::ensemble_log_probabilities(members, a.shares(), mean, a.options.temperature));
    if (of_logits) {
      const double sum = largest_magnitude(sum_scale(members, a.shares()));
      o.intermediate = 2 * sum / std::fmin(1.0, a.options.temperature);
    }
    trial.judge("output", i, a.options.dtype, o);
  }
}

const Operation kEnsembleMean("ensemble_mean", run);

}  // namespace
}  // namespace retort::conformance
