// The k largest classes. Their indices have one value, as have logits; probabilities and their logarithms have
// the scales of softmax.cpp.
#include <algorithm>
#include <cstring>

#include "implementation.h"
#include "naive.h"
#include "operation.h"
#include "rows.h"

namespace retort::conformance {
namespace {

struct TopKArguments {
  retort_dtype dtype;
  Shape shape;
  int64_t k;
  retort_form form;
  float temperature;
  Matrix logits;
  Matrix indices;  // int32, which is as wide as an f32
  Matrix values;

  retort_status call(const retort_executor* executor) const {
    return implementation().top_k(dtype, shape.rows, shape.classes, logits.data(), logits.stride, k,
                                  form, temperature, static_cast<int32_t*>(indices.data()),
                                  indices.stride, static_cast<float*>(values.data()), values.stride,
                                  executor);
  }
};

// Rising rows make every class a candidate, falling ones none but the first.
void sort_rows(Matrix& logits, bool rising) {
  for (int64_t i = 0; i < logits.rows; ++i) {
    Row row = logits.row(i);
    std::sort(row.begin(), row.end(), [&](double a, double b) { return rising ? a < b : a > b; });
    logits.set_row(i, row);
  }
}

TopKArguments draw(Trial& trial) {
  Random& random = trial.random;
  TopKArguments a;
  a.dtype = draw_dtype(random);
  a.shape = draw_shape(random, 3);
  const int64_t most = std::min<int64_t>(a.shape.classes, RETORT_MOST_TOP_K);
  a.k = std::min(most, pick<int64_t>(random, {1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 64, 100, 1000, 1023,
                                              most - 1, most, most}));
  a.k = std::max<int64_t>(a.k, 1);
  a.form = pick(random, {RETORT_LOGITS, RETORT_PROBABILITIES, RETORT_LOG_PROBABILITIES});
  a.temperature = draw_temperature(random);
  a.logits = draw_matrix(trial.memory, random, a.dtype, a.shape);
  // Ties are what this operation is about.
  fill(random, one_in(random, 3) ? Values::kTies : draw_values(random), a.logits);
  if (one_in(random, 4)) sort_rows(a.logits, one_in(random, 2));
  spoil(random, draw_spoiler(random), {&a.logits});
  a.indices = draw_matrix(trial.memory, random, RETORT_F32, {a.shape.rows, a.k});
  a.values = draw_matrix(trial.memory, random, RETORT_F32, {a.shape.rows, a.k});
  trial.describe(a.shape, a.dtype, "k", a.k, "form", a.form, "temperature", a.temperature);
  return a;
}

std::vector<int32_t> indices_of(const TopKArguments& a, int64_t row) {
  const std::string bits = a.indices.bits(row);
  std::vector<int32_t> indices(static_cast<size_t>(a.k));
  std::memcpy(indices.data(), bits.data(), bits.size());
  return indices;
}

Row scale_of(const TopKArguments& a, const Row& logits, const Row& log_p) {
  if (a.form == RETORT_PROBABILITIES) return exponential_scale(log_p);
  // The largest class of the row is the first.
  const double log_normalizer = magnitude(
      reference::top_k(logits, 1, reference::Form::kLogProbabilities, a.temperature).values[0]);
  Row scale;
  for (const double x : log_p) scale.push_back(magnitude(x) + 1 + log_normalizer);
  return scale;
}

void judge_row(Trial& trial, const TopKArguments& a, int64_t row) {
  const Row logits = a.logits.row(row), actual = a.values.result(row);
  const reference::TopK expected =
      reference::top_k(logits, a.k, static_cast<reference::Form>(a.form), a.temperature);
  const std::vector<int32_t> indices = indices_of(a, row);
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] == expected.indices[i]) continue;
    trial.fail("indices[" + std::to_string(row) + "][" + std::to_string(i) + "] is " +
               std::to_string(indices[i]) + ", expected " + std::to_string(expected.indices[i]));
    return;
  }
  if (a.form == RETORT_LOGITS) {
    for (size_t i = 0; i < actual.size(); ++i) {
      const double x = expected.values[i];
      if (actual[i] == x || (std::isnan(actual[i]) && std::isnan(x))) continue;
      trial.fail("values[" + std::to_string(row) + "][" + std::to_string(i) + "] is " +
                 std::to_string(actual[i]) + ", expected the logit " + std::to_string(x));
      return;
    }
    return;
  }
  const reference::TopK logarithms =
      reference::top_k(logits, a.k, reference::Form::kLogProbabilities, a.temperature);
  const naive::TopK naive =
      naive::top_k(narrow(logits), a.k, static_cast<naive::Form>(a.form), a.temperature);
  trial.judge(
      "values", row, RETORT_F32,
      {actual, expected.values, widen(naive.values), scale_of(a, logits, logarithms.values)});
}

void run(Trial& trial) {
  const TopKArguments a = draw(trial);
  if (!trial.call({a.indices, a.values}, [&](const retort_executor* e) { return a.call(e); }))
    return;
  for (int64_t i = 0; i < a.shape.rows; ++i) judge_row(trial, a, i);
}

const Operation kTopK("top_k", run);

}  // namespace
}  // namespace retort::conformance
