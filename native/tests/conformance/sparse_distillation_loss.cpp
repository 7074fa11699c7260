// The distillation loss against sparse teachers. sparse_distillation_scale.cpp derives the scales.
#include "sparse_distillation.h"

#include <algorithm>
#include <numeric>

#include "ensemble_mean.h"
#include "loss_outputs.h"

namespace retort::conformance {

std::vector<reference::SparseTeacher> SparseDistillationArguments::sparse_rows(int64_t row) const {
  std::vector<reference::SparseTeacher> rows;
  for (size_t t = 0; t < values.size(); ++t) {
    const auto first = indices[t].values.begin() + row * sparse_stride();
    rows.push_back({{first, first + k}, values[t].row(row)});
  }
  return rows;
}

namespace {

struct LossArguments : SparseDistillationArguments {
  LossOutputs outputs;

  retort_status call(const retort_executor* executor) {
    std::vector<const int32_t*> index_pointers;
    std::vector<const float*> value_pointers;
    for (const Integers& own : indices)
      index_pointers.push_back(static_cast<const int32_t*>(own.data()));
    for (const Matrix& own : values)
      value_pointers.push_back(static_cast<const float*>(own.data()));
    const retort_sparse_distillation_loss_options all{*call_options(), tail};
    return implementation().sparse_distillation_loss(
        &all, shape.rows, shape.classes, student.data(), student.stride, index_pointers.data(),
        value_pointers.data(), static_cast<int64_t>(values.size()), sparse_stride(), k,
        weights_or_null(), labels.data(), static_cast<const float*>(row_weights.data()),
        outputs.gradient.data(), outputs.gradient.stride, outputs.row_loss_or_null(),
        &outputs.totals, executor);
  }
};

void draw_sparse_options(Random& random, int64_t teachers, LossArguments& a) {
  retort_distillation_loss_options& options = a.options;
  draw_options(random, teachers, options);
  if (teachers > 1) options.mean = RETORT_MEAN_OF_PROBABILITIES;
  options.divergence = RETORT_FORWARD_KL;
  options.soft_value = pick(random, {RETORT_KL_OF_MEAN, RETORT_CROSS_ENTROPY});
  options.standardize_logits = 0;
  a.tail = pick(random, {RETORT_TAIL_BIN, RETORT_TAIL_RENORMALIZED, RETORT_TAIL_UNIFORM,
                         RETORT_TAIL_TRUNCATED});
  options.teacher_form = pick(random, {RETORT_PROBABILITIES, RETORT_LOG_PROBABILITIES});
  if (a.tail == RETORT_TAIL_RENORMALIZED && one_in(random, 2)) options.teacher_form = RETORT_LOGITS;
  if (options.teacher_form != RETORT_LOGITS || !one_in(random, 3)) return;
  for (int64_t t = 0; t < teachers; ++t)
    a.teacher_temperatures.push_back(pick(random, {0.5f, 1.0f, 2.0f, 4.0f}));
}

// Which places of a row's order are listed: its first, or any.
std::vector<size_t> draw_places(Random& random, int64_t classes, int64_t k) {
  std::vector<size_t> places(static_cast<size_t>(classes));
  std::iota(places.begin(), places.end(), 0);
  if (one_in(random, 3)) std::shuffle(places.begin(), places.end(), random);
  places.resize(static_cast<size_t>(std::min(classes, k)));
  if (one_in(random, 2)) std::shuffle(places.begin(), places.end(), random);
  const uint64_t absent = pick<uint64_t>(random, {0, 0, 0, 3, 2, 1});
  for (size_t i = 0; absent > 0 && i < places.size();) {
    if (one_in(random, absent)) {
      places.erase(places.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  return places;
}

// What no distribution has: more mass than 1, none, or what is no probability at all.
void spoil_values(Random& random, retort_form form, Row& values) {
  if (!one_in(random, 12) || values.empty()) return;
  const bool probabilities = form == RETORT_PROBABILITIES;
  double& any = values[random() % values.size()];
  switch (random() % 6) {
    case 0:
      for (double& x : values) x = probabilities ? 3 * x : x + 1;
      break;
    case 1:
      for (double& x : values) x = probabilities ? 0 : -HUGE_VAL;
      break;
    case 2:
      any = probabilities ? 0 : -HUGE_VAL;
      break;
    case 3:
      any = probabilities ? -0.25 : pick(random, {1e-6, 20.0, 100.0, 1e30});
      break;
    case 4:
      any = HUGE_VAL;
      break;
    default:
      any = std::nan("");
  }
}

// One row of one teacher. Absent entries, and rows that are not read, hold what must not be.
void draw_entries(Random& random, const LossArguments& a, Values values, bool read,
                  int64_t* indices, Row* entries) {
  std::fill_n(indices, a.k, read ? -1 : a.shape.classes + 7);
  entries->assign(static_cast<size_t>(a.k), std::nan(""));
  if (!read) return;
  Memory scratch;
  Matrix full = scratch.matrix(RETORT_F32, 1, a.shape.classes, a.shape.classes);
  fill(random, values, full);
  if (one_in(random, 8)) spoil(random, Spoiler::kMasked, {&full});
  const reference::TopK all =
      reference::top_k(full.row(0), a.shape.classes,
                       static_cast<reference::Form>(a.options.teacher_form), a.options.temperature);
  const std::vector<size_t> places = draw_places(random, a.shape.classes, a.k);
  Row listed;
  for (const size_t place : places) listed.push_back(all.values[place]);
  spoil_values(random, a.options.teacher_form, listed);
  // Absent entries lie anywhere.
  size_t next = 0;
  for (int64_t i = 0; i < a.k && next < places.size(); ++i) {
    const bool room = a.k - i > static_cast<int64_t>(places.size() - next);
    if (room && one_in(random, 2)) continue;
    indices[i] = all.indices[places[next]];
    (*entries)[static_cast<size_t>(i)] = listed[next++];
  }
}

void draw_teachers(Trial& trial, int64_t count, Values values, LossArguments& a) {
  Random& random = trial.random;
  a.teacher_weights = draw_weights(random, count);
  const int64_t stride = draw_stride(random, a.k);
  const int64_t length = a.shape.rows == 0 ? 0 : (a.shape.rows - 1) * stride + a.k;
  for (int64_t t = 0; t < count; ++t) {
    // No class, between the rows.
    std::vector<int64_t> indices(static_cast<size_t>(length), -9);
    a.values.push_back(draw_matrix(trial.memory, random, RETORT_F32, {a.shape.rows, a.k}, stride));
    const bool counts = a.teacher_weights.empty() || a.teacher_weights[static_cast<size_t>(t)] > 0;
    Row entries;
    for (int64_t i = 0; i < a.shape.rows; ++i) {
      draw_entries(random, a, values, counts && a.weight(i) > 0, indices.data() + i * stride,
                   &entries);
      a.values.back().set_row(i, entries);
    }
    a.indices.push_back(trial.memory.integers(indices, 4));
  }
}

LossArguments draw(Trial& trial) {
  Random& random = trial.random;
  LossArguments a;
  const int64_t count = draw_count(random);
  draw_sparse_options(random, count, a);
  a.shape = draw_shape(random, count + 2);
  a.k = std::min<int64_t>(
      pick<int64_t>(random, {1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 64, 100, a.shape.classes,
                             a.shape.classes + 1, RETORT_MOST_TOP_K}),
      std::min<int64_t>(RETORT_MOST_TOP_K, RETORT_MOST_SPARSE_ENTRIES / count));
  const Values values = draw_values(random);
  a.student = draw_matrix(trial.memory, random, a.options.dtype, a.shape);
  fill(random, values, a.student);
  spoil(random, draw_spoiler(random), {&a.student});
  draw_labels(trial, a);
  draw_row_weights(trial, a);
  draw_teachers(trial, count, values, a);
  a.outputs = draw_outputs(trial, a, one_in(random, 3));
  describe(trial, a);
  trial.describe("sparse teachers", count, "k", a.k, "tail", a.tail);
  return a;
}

std::vector<naive::SparseTeacher> narrow(const std::vector<reference::SparseTeacher>& teachers) {
  std::vector<naive::SparseTeacher> narrowed;
  for (const reference::SparseTeacher& teacher : teachers)
    narrowed.push_back({teacher.indices, conformance::narrow(teacher.values)});
  return narrowed;
}

JudgedRow judged_row(const LossArguments& a, int64_t row) {
  const Row student = a.student.row(row), shares = a.sparse_shares();
  const std::vector<reference::SparseTeacher> teachers = a.sparse_rows(row);
  const reference::DistillationLoss expected = reference::sparse_distillation_loss(
      a.meaning(), static_cast<reference::Tail>(a.tail), student, teachers, shares, a.label(row));
  const naive::DistillationLoss naive = naive::sparse_distillation_loss(
      a.naive_meaning(), static_cast<naive::Tail>(a.tail), conformance::narrow(student),
      narrow(teachers), conformance::narrow(shares), a.label(row));
  const DistillationScale scale = sparse_scale_of(a, row);
  return {{expected.gradient, expected.hard, expected.soft, expected.total},
          {widen(naive.gradient), naive.hard, naive.soft, naive.total},
          {scale.gradient, scale.hard, scale.soft, scale.total},
          scale.intermediate};
}

void run(Trial& trial) {
  LossArguments a = draw(trial);
  check_loss(
      trial, a, a.outputs, [&](const retort_executor* executor) { return a.call(executor); },
      [&](int64_t row) { return judged_row(a, row); });
}

const Operation kSparseDistillationLoss("sparse_distillation_loss", run);

}  // namespace
}  // namespace retort::conformance
