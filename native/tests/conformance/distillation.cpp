#include "distillation.h"

#include "ensemble_mean.h"

namespace retort::conformance {
namespace {

template <typename Options>
Options meaning_of(const retort_distillation_loss_options& options,
                   const std::vector<float>& teacher_temperatures) {
  Options meaning;
  meaning.mean = static_cast<decltype(meaning.mean)>(options.mean);
  meaning.temperature = options.temperature;
  meaning.alpha = options.alpha;
  meaning.label_smoothing = options.label_smoothing;
  meaning.scale_by_temperature_squared = options.scale_by_temperature_squared != 0;
  meaning.divergence = static_cast<decltype(meaning.divergence)>(options.divergence);
  meaning.soft_value = static_cast<decltype(meaning.soft_value)>(options.soft_value);
  meaning.teacher_form = static_cast<decltype(meaning.teacher_form)>(options.teacher_form);
  meaning.teacher_temperatures.assign(teacher_temperatures.begin(), teacher_temperatures.end());
  meaning.standardize_logits = options.standardize_logits != 0;
  meaning.standardize_epsilon = options.standardize_epsilon;
  meaning.beta = options.beta;
  meaning.target_weight = options.target_weight;
  meaning.non_target_weight = options.non_target_weight;
  return meaning;
}

// Logits as they are, or the distribution that they are of.
void make_form(retort_form form, Matrix& teacher) {
  if (form == RETORT_LOGITS) return;
  for (int64_t i = 0; i < teacher.rows; ++i) {
    const Row logits = teacher.row(i);
    teacher.set_row(i, form == RETORT_PROBABILITIES ? reference::softmax(logits, 1)
                                                    : reference::log_softmax(logits, 1));
  }
}

void spoil_sides(Random& random, DistillationArguments& a) {
  const Spoiler spoiler = draw_spoiler(random);
  if (spoiler == Spoiler::kNone) return;
  const uint64_t side = random() % 3;
  if (side == 0 || a.teachers.empty()) {
    spoil(random, spoiler, {&a.student});
    return;
  }
  Matrix& teacher = a.teachers[random() % a.teachers.size()];
  if (side == 1) {
    spoil(random, spoiler, {&teacher});
  } else {
    spoil(random, spoiler, {&teacher, &a.student});
  }
}

void draw_teachers(Trial& trial, int64_t count, Values values, DistillationArguments& a) {
  Random& random = trial.random;
  const int64_t stride = draw_stride(random, a.shape.classes);
  for (int64_t k = 0; k < count; ++k) {
    a.teachers.push_back(draw_matrix(trial.memory, random, a.options.dtype, a.shape, stride));
    fill(random, values, a.teachers.back());
  }
  if (count > 1 && one_in(random, 16)) a.teachers[1] = a.teachers[0];
  if (one_in(random, 4)) {
    for (int64_t k = 0; k < count; ++k)
      a.teacher_temperatures.push_back(pick(random, {0.5f, 1.0f, 2.0f, 4.0f}));
  }
  a.teacher_weights = draw_weights(random, count);
}

}  // namespace

void draw_options(Random& random, int64_t teachers, retort_distillation_loss_options& options) {
  options.dtype = draw_dtype(random);
  options.label_type = pick(random, {RETORT_LABELS_I32, RETORT_LABELS_I64});
  options.mean = pick(random, {RETORT_MEAN_OF_LOGITS, RETORT_MEAN_OF_PROBABILITIES});
  options.divergence = pick(
      random, {RETORT_FORWARD_KL, RETORT_FORWARD_KL, RETORT_REVERSE_KL, RETORT_JENSEN_SHANNON,
               RETORT_TOTAL_VARIATION, RETORT_SQUARED_ERROR, RETORT_DECOUPLED, RETORT_NORMALIZED});
  if (options.divergence == RETORT_FORWARD_KL) {
    options.soft_value = pick(random, {RETORT_KL_OF_MEAN, RETORT_MEAN_OF_KL, RETORT_CROSS_ENTROPY});
    if (options.mean == RETORT_MEAN_OF_LOGITS && teachers > 1 &&
        options.soft_value == RETORT_MEAN_OF_KL)
      options.soft_value = RETORT_KL_OF_MEAN;
  }
  options.reduction =
      pick(random, {RETORT_REDUCTION_SUM, RETORT_REDUCTION_MEAN, RETORT_REDUCTION_NONE});
  options.temperature = draw_temperature(random);
  options.alpha = pick(random, {0.0f, 0.3f, 0.9f, 1.0f, 1.0f});
  options.label_smoothing = pick(random, {0.0f, 0.0f, 0.1f, 1.0f});
  options.scale_by_temperature_squared = random() % 2 ? 1 : 0;
  options.standardize_logits = options.divergence != RETORT_NORMALIZED && one_in(random, 4);
  options.standardize_epsilon = pick(random, {1e-7f, 1e-7f, 1.0f});
  options.beta = pick(random, {0.0f, 0.1f, 0.5f, 0.9f, 1.0f});
  options.target_weight = pick(random, {0.0f, 1.0f, 1.5f});
  options.non_target_weight = pick(random, {0.0f, 1.0f, 8.0f});
  options.denominator = pick(random, {0.0, 0.0, 1.0, 7.5});
}

void draw_labels(Trial& trial, DistillationArguments& a) {
  Random& random = trial.random;
  retort_distillation_loss_options& options = a.options;
  const bool needed = options.alpha < 1 || options.divergence == RETORT_DECOUPLED ||
                      options.divergence == RETORT_NORMALIZED;
  if (!needed && one_in(random, 2)) return;
  const int64_t classes = a.shape.classes;
  options.ignore_index = pick<int64_t>(random, {-100, -1, classes / 2, classes, INT32_MAX});
  std::vector<int64_t> labels;
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    const auto any = static_cast<int64_t>(random() % static_cast<uint64_t>(classes));
    labels.push_back(one_in(random, 5)   ? options.ignore_index
                     : one_in(random, 5) ? classes - 1
                                         : any);
  }
  a.labels = trial.memory.integers(labels, options.label_type == RETORT_LABELS_I64 ? 8 : 4);
}

void draw_row_weights(Trial& trial, DistillationArguments& a) {
  if (one_in(trial.random, 2)) return;
  a.row_weights = trial.memory.matrix(RETORT_F32, 1, a.shape.rows, a.shape.rows,
                                      static_cast<int64_t>(trial.random() % 4));
  for (int64_t i = 0; i < a.shape.rows; ++i)
    a.row_weights.set(0, i, pick(trial.random, {0.0, 0.5, 1.0, 1.0, 3.0}));
}

double DistillationArguments::denominator() const {
  if (options.reduction != RETORT_REDUCTION_MEAN) return 1;
  if (options.denominator > 0) return options.denominator;
  double sum = 0;
  for (int64_t i = 0; i < shape.rows; ++i) sum += weight(i);
  return sum;
}

std::vector<Row> DistillationArguments::teacher_rows(int64_t row) const {
  std::vector<Row> rows;
  for (const Matrix& teacher : teachers) rows.push_back(teacher.row(row));
  return rows;
}

Row DistillationArguments::shares() const {
  return teacher_weights.empty() ? Row(teachers.size(), 1.0)
                                 : Row(teacher_weights.begin(), teacher_weights.end());
}

reference::DistillationOptions DistillationArguments::meaning() const {
  return meaning_of<reference::DistillationOptions>(options, teacher_temperatures);
}

naive::DistillationOptions DistillationArguments::naive_meaning() const {
  return meaning_of<naive::DistillationOptions>(options, teacher_temperatures);
}

DistillationArguments draw_distillation(Trial& trial, bool tangent) {
  Random& random = trial.random;
  DistillationArguments a;
  const int64_t count = draw_count(random);
  draw_options(random, count, a.options);
  a.options.teacher_form =
      pick(random, {RETORT_LOGITS, RETORT_LOGITS, RETORT_LOG_PROBABILITIES, RETORT_PROBABILITIES});
  if (tangent && a.options.teacher_form == RETORT_PROBABILITIES)
    a.options.teacher_form = RETORT_LOGITS;
  a.shape = draw_shape(random, tangent ? 2 * count + 2 : count + 2);
  const Values values = draw_values(random);
  trial.describe("values", static_cast<int>(values));
  a.student = draw_matrix(trial.memory, random, a.options.dtype, a.shape);
  fill(random, values, a.student);
  draw_teachers(trial, count, values, a);
  spoil_sides(random, a);
  for (size_t k = 0; k < a.teachers.size(); ++k) {
    if (k == 0 || a.teachers[k].buffer != a.teachers[0].buffer)
      make_form(a.options.teacher_form, a.teachers[k]);
  }
  draw_labels(trial, a);
  draw_row_weights(trial, a);
  return a;
}

void describe(Trial& trial, const DistillationArguments& a) {
  const retort_distillation_loss_options& o = a.options;
  trial.describe(a.shape, "dtype", o.dtype, "label_type", o.label_type, "mean", o.mean,
                 "teacher_form", o.teacher_form, "divergence", o.divergence, "soft_value",
                 o.soft_value, "reduction", o.reduction, "temperature", o.temperature, "alpha",
                 o.alpha, "label_smoothing", o.label_smoothing, "T^2",
                 o.scale_by_temperature_squared, "standardize", o.standardize_logits,
                 o.standardize_epsilon, "beta", o.beta, "target", o.target_weight, "non_target",
                 o.non_target_weight, "ignore", o.ignore_index, "denominator", o.denominator,
                 "teachers", a.teachers.size());
  trial.describe("weights");
  for (const float weight : a.teacher_weights) trial.describe(weight);
  trial.describe("temperatures");
  for (const float temperature : a.teacher_temperatures) trial.describe(temperature);
}

}  // namespace retort::conformance
