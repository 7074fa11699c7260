// The distillation loss: gradient, loss of each row, and the totals. distillation_scale.h derives the scales.
#include <cstring>

#include "distillation.h"
#include "distillation_scale.h"

namespace retort::conformance {
namespace {

struct LossArguments : DistillationArguments {
  explicit LossArguments(DistillationArguments shared) : DistillationArguments(std::move(shared)) {}

  Matrix gradient;  // or empty: null
  Matrix row_loss;  // [1, rows], or empty: null
  bool without_teachers = false;
  retort_distillation_totals totals{};

  retort_status call(const retort_executor* executor) {
    const std::vector<const void*> pointers = teacher_pointers();
    return implementation().distillation_loss(
        call_options(), shape.rows, shape.classes, student.data(), student.stride,
        without_teachers ? nullptr : pointers.data(),
        without_teachers ? 0 : static_cast<int64_t>(pointers.size()), teacher_stride(),
        without_teachers ? nullptr : weights_or_null(), labels.data(),
        static_cast<const float*>(row_weights.data()), gradient.data(), gradient.stride,
        static_cast<float*>(row_loss.data()), &totals, executor);
  }
};

LossArguments draw(Trial& trial) {
  Random& random = trial.random;
  LossArguments a(draw_distillation(trial, false));
  a.without_teachers = a.options.alpha == 0 && one_in(random, 2);
  const bool in_place = one_in(random, 3);
  // Inputs may be one another, but no teacher what is written.
  if (!in_place && one_in(random, 16) && a.options.teacher_form == RETORT_LOGITS &&
      a.student.stride == a.teacher_stride())
    a.teachers[0] = a.student;
  if (in_place) {
    a.gradient = a.student;
  } else if (!one_in(random, 8)) {
    a.gradient = draw_matrix(trial.memory, random, a.options.dtype, a.shape);
  }
  if (a.options.reduction == RETORT_REDUCTION_NONE || one_in(random, 2)) {
    a.row_loss = trial.memory.matrix(RETORT_F32, 1, a.shape.rows, a.shape.rows,
                                     static_cast<int64_t>(random() % 4));
  }
  return a;
}

// A row's results, weighted; `Value` is the arithmetic's.
struct Losses {
  Row gradient;
  double hard = 0, soft = 0, total = 0;
};

Losses weighted(const Row& gradient, double hard, double soft, double total, double weight,
                double share) {
  Losses losses{gradient, weight * hard, weight * soft, weight * total};
  for (double& g : losses.gradient) g *= share;
  return losses;
}

Losses nothing(int64_t classes) { return {Row(static_cast<size_t>(classes), 0.0)}; }

Losses expected(const LossArguments& a, int64_t row) {
  if (a.weight(row) == 0) return nothing(a.shape.classes);
  const reference::DistillationLoss loss = reference::distillation_loss(
      a.meaning(), a.student.row(row), a.teacher_rows(row), a.shares(), a.label(row));
  return weighted(loss.gradient, loss.hard, loss.soft, loss.total, a.weight(row), a.share(row));
}

Losses naively(const LossArguments& a, int64_t row) {
  if (a.weight(row) == 0) return nothing(a.shape.classes);
  const naive::DistillationLoss loss =
      naive::distillation_loss(a.naive_meaning(), narrow(a.student.row(row)),
                               narrow(a.teacher_rows(row)), narrow(a.shares()), a.label(row));
  return weighted(widen(loss.gradient), static_cast<double>(loss.hard),
                  static_cast<double>(loss.soft), static_cast<double>(loss.total), a.weight(row),
                  a.share(row));
}

Losses scale(const LossArguments& a, int64_t row, double* intermediate) {
  if (a.weight(row) == 0) return nothing(a.shape.classes);
  const DistillationScale scale = scale_of(a, row);
  *intermediate = scale.intermediate;
  return weighted(scale.gradient, scale.hard, scale.soft, scale.total, a.weight(row), a.share(row));
}

// A number as a row of one.
Outcome number(double actual, double expected, double naive, double scale, double intermediate) {
  return {{actual}, {expected}, {naive}, {scale}, intermediate};
}

void judge_totals(Trial& trial, const LossArguments& a, const Losses& meant, const Losses& naive,
                  const Losses& scale, double intermediate) {
  const double divisor = a.denominator() > 0 ? 1 / a.denominator() : 0;
  const auto judge = [&](const char* name, double actual, double expected, double naively,
                         double size) {
    trial.judge(
        name, 0, RETORT_F32,
        number(actual, expected * divisor, naively * divisor, size * divisor, intermediate));
  };
  judge("totals.hard", a.totals.hard, meant.hard, naive.hard, scale.hard);
  judge("totals.soft", a.totals.soft, meant.soft, naive.soft, scale.soft);
  judge("totals.total", a.totals.total, meant.total, naive.total, scale.total);
  int64_t counted = 0;
  for (int64_t i = 0; i < a.shape.rows; ++i) counted += a.ignored(i) ? 0 : 1;
  if (a.totals.counted_rows != counted)
    trial.fail("counted_rows is " + std::to_string(a.totals.counted_rows));
  if (std::fabs(a.totals.denominator - a.denominator()) > 1e-12 * a.denominator())
    trial.fail("denominator is " + std::to_string(a.totals.denominator));
}

void run(Trial& trial) {
  LossArguments a = draw(trial);
  describe(trial, a);
  std::vector<Matrix> outputs;
  if (a.gradient.buffer) outputs.push_back(a.gradient);
  if (a.row_loss.buffer) outputs.push_back(a.row_loss);
  std::vector<retort_distillation_totals> totals;
  const auto call = [&](const retort_executor* executor) {
    const retort_status status = a.call(executor);
    totals.push_back(a.totals);
    return status;
  };
  if (!trial.call(outputs, call)) return;
  for (const retort_distillation_totals& other : totals) {
    if (std::memcmp(&other, &totals[0], sizeof other) != 0)
      trial.fail("another executor or a second run gave other totals");
  }

  Losses meant_sum, naive_sum, scale_sum;
  double largest = 0;
  const auto add = [](Losses& sum, const Losses& row) {
    sum.hard += row.hard;
    sum.soft += row.soft;
    sum.total += row.total;
  };
  Outcome row_loss;
  if (a.row_loss.buffer) row_loss.actual = a.row_loss.result(0);
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    double intermediate = 0;
    const Losses meant = expected(a, i), naive = naively(a, i), size = scale(a, i, &intermediate);
    add(meant_sum, meant);
    add(naive_sum, naive);
    add(scale_sum, size);
    largest = std::fmax(largest, intermediate);
    if (a.gradient.buffer) {
      trial.judge(
          "gradient", i, a.options.dtype,
          {a.gradient.result(i), meant.gradient, naive.gradient, size.gradient, intermediate});
    }
    if (a.row_loss.buffer) {
      trial.judge("row_loss", i, RETORT_F32,
                  number(row_loss.actual[static_cast<size_t>(i)], meant.total, naive.total,
                         size.total, intermediate));
    }
  }
  judge_totals(trial, a, meant_sum, naive_sum, scale_sum, largest);
}

const Operation kDistillationLoss("distillation_loss", run);

}  // namespace
}  // namespace retort::conformance
