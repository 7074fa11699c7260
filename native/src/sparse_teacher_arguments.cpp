#include "sparse_teacher_arguments.h"

#include "tasks.h"

namespace retort {
namespace {

// Where an index is wrong; `value` is the index.
struct WrongIndex {
  int64_t row = 0;
  int64_t teacher = 0;
  int64_t place = 0;
  int32_t value = 0;
  bool exists = false;
  bool twice = false;
};

// The classes of one row of one teacher. A bit for each class modulo a power of two says that a class is
// new, or that the row has to be searched for it.
class SeenClasses {
 public:
  // Whether the class at `place` is one of those before it.
  bool add(const int32_t* row, int64_t place) {
    uint64_t& word = words_[slot(row[place]) / 64];
    const uint64_t bit = uint64_t{1} << slot(row[place]) % 64;
    const bool taken = (word & bit) != 0;
    word |= bit;
    if (!taken) return false;
    for (int64_t i = 0; i < place; ++i) {
      if (row[i] == row[place]) return true;
    }
    return false;
  }

  void remove(int32_t index) { words_[slot(index) / 64] = 0; }

 private:
  static constexpr uint32_t kSlots = 1 << 15;
  static uint32_t slot(int32_t index) { return static_cast<uint32_t>(index) % kSlots; }

  uint64_t words_[kSlots / 64] = {};
};

// Looks for a wrong index in a row, and leaves `seen` empty if there is none.
WrongIndex check_row(const int32_t* row, int64_t k, int64_t classes, SeenClasses& seen) {
  for (int64_t i = 0; i < k; ++i) {
    if (row[i] == -1) continue;
    const bool outside = row[i] < 0 || row[i] >= classes;
    if (outside || seen.add(row, i)) return {0, 0, i, row[i], true, !outside};
  }
  for (int64_t i = 0; i < k; ++i) {
    if (row[i] >= 0) seen.remove(row[i]);
  }
  return {};
}

}  // namespace

retort_status SparseTeacherArguments::set(int64_t rows, const int32_t* const* indices,
                                          const float* const* values, int64_t count, int64_t stride,
                                          int64_t k, const float* weights,
                                          const retort_distillation_loss_options& options) {
  if (k < 1 || k > RETORT_MOST_TOP_K) {
    return fail(RETORT_INVALID_ARGUMENT,
                "k, the entries of a teacher's row, must be in [1, %d], got %lld",
                RETORT_MOST_TOP_K, static_cast<long long>(k));
  }
  if (indices == nullptr) return fail(RETORT_INVALID_ARGUMENT, "teacher_indices must not be null");
  if (values == nullptr) return fail(RETORT_INVALID_ARGUMENT, "teacher_values must not be null");
  rows_ = rows;
  stride_ = stride;
  k_ = k;
  RETORT_CHECK(values_.set("teacher", RETORT_F32, rows, k,
                           reinterpret_cast<const void* const*>(values), count, stride, weights));
  RETORT_CHECK(values_.set_temperatures("teacher_temperatures", options.teacher_temperatures,
                                        options.temperature));
  const int64_t counted = values_.logits().count;
  if (counted * k > RETORT_MOST_SPARSE_ENTRIES) {
    return fail(
        RETORT_INVALID_ARGUMENT, "teacher count times k must be at most %d, got %lld times %lld",
        RETORT_MOST_SPARSE_ENTRIES, static_cast<long long>(counted), static_cast<long long>(k));
  }
  for (int64_t teacher = 0; teacher < counted; ++teacher) {
    indices_[teacher] = indices[values_.place(teacher)];
    RETORT_CHECK(check_matrix(this->indices(teacher)));
  }
  return RETORT_OK;
}

retort_status SparseTeacherArguments::check_against(const MatrixArgument& output) const {
  RETORT_CHECK(values_.check_against(output, false));
  for (int64_t teacher = 0; teacher < values_.logits().count; ++teacher)
    RETORT_CHECK(check_apart(output, indices(teacher)));
  return RETORT_OK;
}

retort_status SparseTeacherArguments::check_indices(const DistillationArguments& loss,
                                                    int64_t classes,
                                                    const retort_executor* executor) const {
  const int64_t counted = values_.logits().count;
  const RowTasks tasks(rows_, counted * k_);
  WrongIndex found[RowTasks::kMostTasks];
  run_tasks(executor, tasks.count, [&](int64_t task) {
    SeenClasses seen;
    for (int64_t row = tasks.first(task); row < tasks.end(task); ++row) {
      if (loss.weight(row) == 0) continue;
      for (int64_t teacher = 0; teacher < counted; ++teacher) {
        const WrongIndex wrong = check_row(indices_[teacher] + row * stride_, k_, classes, seen);
        if (!wrong.exists) continue;
        found[task] = wrong;
        found[task].row = row;
        found[task].teacher = values_.place(teacher);
        return;
      }
    }
  });
  for (int64_t task = 0; task < tasks.count; ++task) {
    const WrongIndex& wrong = found[task];
    if (!wrong.exists) continue;
    const auto teacher = static_cast<long long>(wrong.teacher),
               row = static_cast<long long>(wrong.row), place = static_cast<long long>(wrong.place);
    if (wrong.twice) {
      return fail(RETORT_INVALID_ARGUMENT,
                  "teacher_indices[%lld] row %lld position %lld repeats class %d", teacher, row,
                  place, wrong.value);
    }
    return fail(RETORT_INVALID_ARGUMENT,
                "teacher_indices[%lld] row %lld position %lld must be -1 or in [0, %lld), got %d",
                teacher, row, place, static_cast<long long>(classes), wrong.value);
  }
  return RETORT_OK;
}

}  // namespace retort
