#include "loss_outputs.h"

#include <cstring>

namespace retort::conformance {
namespace {

JudgedRow nothing(int64_t classes) {
  const Losses zero{Row(static_cast<size_t>(classes), 0.0)};
  return {zero, zero, zero};
}

void weigh(Losses& losses, double weight, double share) {
  for (double& g : losses.gradient) g *= share;
  losses.hard *= weight;
  losses.soft *= weight;
  losses.total *= weight;
}

JudgedRow weighted(const DistillationArguments& a, int64_t row,
                   const std::function<JudgedRow(int64_t row)>& unweighted) {
  if (a.weight(row) == 0) return nothing(a.shape.classes);
  JudgedRow judged = unweighted(row);
  for (Losses* losses : {&judged.expected, &judged.naive, &judged.scale})
    weigh(*losses, a.weight(row), a.share(row));
  return judged;
}

void add(Losses& sum, const Losses& row) {
  sum.hard += row.hard;
  sum.soft += row.soft;
  sum.total += row.total;
}

void judge_totals(Trial& trial, const DistillationArguments& a,
                  const retort_distillation_totals& totals, const JudgedRow& sum) {
  const double divisor = a.denominator() > 0 ? 1 / a.denominator() : 0;
  const auto judge = [&](const char* name, double actual, double Losses::*part) {
    trial.judge(name, 0, RETORT_F32,
                {{actual},
                 {sum.expected.*part * divisor},
                 {sum.naive.*part * divisor},
                 {sum.scale.*part * divisor},
                 sum.intermediate});
  };
  judge("totals.hard", totals.hard, &Losses::hard);
  judge("totals.soft", totals.soft, &Losses::soft);
  judge("totals.total", totals.total, &Losses::total);
  int64_t counted = 0;
  for (int64_t i = 0; i < a.shape.rows; ++i) counted += a.ignored(i) ? 0 : 1;
  if (totals.counted_rows != counted)
    trial.fail("counted_rows is " + std::to_string(totals.counted_rows));
  if (std::fabs(totals.denominator - a.denominator()) > 1e-12 * a.denominator())
    trial.fail("denominator is " + std::to_string(totals.denominator));
}

// Every call must give the same totals too. False where the case has failed.
bool make_calls(Trial& trial, LossOutputs& outputs,
                const std::function<retort_status(const retort_executor*)>& call) {
  std::vector<Matrix> matrices = outputs.others;
  if (outputs.gradient.buffer) matrices.push_back(outputs.gradient);
  if (outputs.row_loss.buffer) matrices.push_back(outputs.row_loss);
  std::vector<retort_distillation_totals> totals;
  const auto recorded = [&](const retort_executor* executor) {
    const retort_status status = call(executor);
    totals.push_back(outputs.totals);
    return status;
  };
  if (!trial.call(matrices, recorded)) return false;
  for (const retort_distillation_totals& other : totals) {
    if (std::memcmp(&other, &totals[0], sizeof other) != 0)
      trial.fail("another executor or a second run gave other totals");
  }
  return true;
}

}  // namespace

LossOutputs draw_outputs(Trial& trial, const DistillationArguments& a, bool in_place) {
  Random& random = trial.random;
  LossOutputs outputs;
  if (in_place) {
    outputs.gradient = a.student;
  } else if (!one_in(random, 8)) {
    outputs.gradient = draw_matrix(trial.memory, random, a.options.dtype, a.shape);
  }
  if (a.options.reduction == RETORT_REDUCTION_NONE || one_in(random, 2)) {
    outputs.row_loss = trial.memory.matrix(RETORT_F32, 1, a.shape.rows, a.shape.rows,
                                           static_cast<int64_t>(random() % 4));
  }
  return outputs;
}

void check_loss(Trial& trial, const DistillationArguments& a, LossOutputs& outputs,
                const std::function<retort_status(const retort_executor*)>& call,
                const std::function<JudgedRow(int64_t row)>& row) {
  if (!make_calls(trial, outputs, call)) return;
  JudgedRow sum;
  Row losses;
  if (outputs.row_loss.buffer) losses = outputs.row_loss.result(0);
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    const JudgedRow judged = weighted(a, i, row);
    add(sum.expected, judged.expected);
    add(sum.naive, judged.naive);
    add(sum.scale, judged.scale);
    sum.intermediate = std::fmax(sum.intermediate, judged.intermediate);
    if (outputs.gradient.buffer) {
      trial.judge("gradient", i, a.options.dtype,
                  {outputs.gradient.result(i), judged.expected.gradient, judged.naive.gradient,
                   judged.scale.gradient, judged.intermediate});
    }
    if (outputs.row_loss.buffer) {
      trial.judge("row_loss", i, RETORT_F32,
                  {{losses[static_cast<size_t>(i)]},
                   {judged.expected.total},
                   {judged.naive.total},
                   {judged.scale.total},
                   judged.intermediate});
    }
  }
  judge_totals(trial, a, outputs.totals, sum);
}

}  // namespace retort::conformance
