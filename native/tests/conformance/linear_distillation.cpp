// The distillation loss through linear layers. Hidden states, weights and biases are small whole numbers over a
// power of two, so that the logits are exact in f32 in whatever order they are added up, and the loss is that
// of distillation_loss.cpp on them. But a mean of logits adds products that are scaled already, where each term rounds.
// With G the gradient on the student's logits and its scale S:
//
//   G W, G^T H, sums of G     scales S |W|, S^T |H|, sums of S, each 1 + sqrt(n) / 8 times for a sum of n
#include <algorithm>

#include "distillation_scale.h"
#include "ensemble_mean.h"
#include "loss_outputs.h"

namespace retort::conformance {
namespace {

struct Layer {
  Matrix hidden;
  Matrix weights;
  Matrix bias;  // [1, classes], or empty: null

  retort_linear_layer argument() const {
    return {hidden.classes, static_cast<const float*>(hidden.data()),
            hidden.stride,  static_cast<const float*>(weights.data()),
            weights.stride, static_cast<const float*>(bias.data())};
  }
};

struct LinearArguments : DistillationArguments {
  Layer student_layer;
  std::vector<Layer> teacher_layers;
  // Of the student's layer; each may be empty: null.
  Matrix hidden_gradient, weights_gradient, bias_gradient;
  Matrix workspace;
  int64_t budget = 0;
  LossOutputs outputs;

  retort_status call(const retort_executor* executor) {
    const retort_linear_layer layer = student_layer.argument();
    std::vector<retort_linear_layer> layers;
    for (const Layer& teacher : teacher_layers) layers.push_back(teacher.argument());
    const retort_linear_gradient gradient{
        static_cast<float*>(hidden_gradient.data()), hidden_gradient.stride,
        static_cast<float*>(weights_gradient.data()), weights_gradient.stride,
        static_cast<float*>(bias_gradient.data())};
    return implementation().linear_distillation(
        call_options(), shape.rows, shape.classes, &layer, layers.data(),
        static_cast<int64_t>(layers.size()), weights_or_null(), labels.data(),
        static_cast<const float*>(row_weights.data()), &gradient, outputs.row_loss_or_null(),
        &outputs.totals, budget, static_cast<float*>(workspace.data()), implementation().sgemm,
        executor);
  }
};

// Multiples of 1 / 4 up to 1, times a power of two.
void fill_exactly(Random& random, double factor, Matrix& matrix) {
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.classes; ++j)
      matrix.set(i, j, factor * (static_cast<double>(random() % 9) - 4) / 4);
  }
}

Layer draw_layer(Trial& trial, Shape shape) {
  Random& random = trial.random;
  const auto size = pick<int64_t>(random, {1, 2, 3, 7, 8, 9, 16, 17, 33});
  const double factor = pick(random, {1.0, 1.0, 0.25, 16.0, 0x1p20});
  Layer layer;
  layer.hidden = draw_matrix(trial.memory, random, RETORT_F32, {shape.rows, size});
  layer.weights = draw_matrix(trial.memory, random, RETORT_F32, {shape.classes, size});
  fill_exactly(random, factor, layer.hidden);
  fill_exactly(random, 1, layer.weights);
  if (one_in(random, 6)) {
    const Spoiler spoiler = pick(random, {Spoiler::kNaN, Spoiler::kInfinity});
    spoil(random, spoiler, {&layer.hidden});
  }
  if (one_in(random, 2)) return layer;
  layer.bias = draw_matrix(trial.memory, random, RETORT_F32, {1, shape.classes});
  fill_exactly(random, factor, layer.bias);
  for (int64_t j = 0; j < shape.classes; ++j) {
    if (one_in(random, 40)) layer.bias.set(0, j, -HUGE_VAL);
  }
  return layer;
}

// Of logits, or of the sums of their terms' magnitudes. In memory of the suite's own: no call sees it.
template <typename Term>
Matrix sums_of(const Layer& layer, Term term) {
  Memory memory;
  Matrix logits =
      memory.matrix(RETORT_F32, layer.hidden.rows, layer.weights.rows, layer.weights.rows);
  std::vector<Row> weights;
  for (int64_t j = 0; j < layer.weights.rows; ++j) weights.push_back(layer.weights.row(j));
  for (int64_t i = 0; i < logits.rows; ++i) {
    const Row hidden = layer.hidden.row(i);
    for (size_t j = 0; j < weights.size(); ++j) {
      double sum = layer.bias.buffer ? term(layer.bias.at(0, static_cast<int64_t>(j))) : 0;
      for (size_t h = 0; h < hidden.size(); ++h) sum += term(hidden[h] * weights[j][h]);
      logits.set(i, static_cast<int64_t>(j), sum);
    }
  }
  return logits;
}

Matrix logits_of(const Layer& layer) {
  return sums_of(layer, [](double x) { return x; });
}

Matrix draw_gradient(Trial& trial, const Matrix& of) {
  if (one_in(trial.random, 4)) return {};
  return draw_matrix(trial.memory, trial.random, RETORT_F32, {of.rows, of.classes});
}

void draw_workspace(Trial& trial, LinearArguments& a) {
  const auto teachers = static_cast<int64_t>(a.teacher_layers.size());
  // One row, a few, a multiple of what chunks are rounded to, or all at once.
  const int64_t row = 4 * a.shape.classes * (1 + teachers);
  a.budget = row * pick<int64_t>(trial.random, {1, 3, 16, 1000});
  const int64_t bytes = implementation().linear_distillation_workspace(
      a.call_options(), a.shape.rows, a.shape.classes, teachers, a.budget);
  if (bytes < 0 || bytes > a.budget)
    trial.fail("a workspace of " + std::to_string(bytes) + " bytes");
  a.workspace = trial.memory.matrix(RETORT_F32, 1, std::max<int64_t>(bytes, 0) / 4,
                                    std::max<int64_t>(bytes, 0) / 4);
}

LinearArguments draw(Trial& trial) {
  Random& random = trial.random;
  LinearArguments a;
  const int64_t count = draw_count(random);
  draw_options(random, count, a.options);
  a.options.dtype = RETORT_F32;
  a.options.teacher_form = RETORT_LOGITS;
  a.shape = draw_shape(random, 8 * (count + 1));
  a.student_layer = draw_layer(trial, a.shape);
  a.student = logits_of(a.student_layer);
  for (int64_t k = 0; k < count; ++k) {
    a.teacher_layers.push_back(draw_layer(trial, a.shape));
    a.teachers.push_back(logits_of(a.teacher_layers.back()));
    a.teacher_terms.push_back(sums_of(a.teacher_layers.back(), magnitude));
  }
  if (one_in(random, 4)) {
    for (int64_t k = 0; k < count; ++k)
      a.teacher_temperatures.push_back(pick(random, {0.5f, 1.0f, 2.0f, 4.0f}));
  }
  a.teacher_weights = draw_weights(random, count);
  draw_labels(trial, a);
  draw_row_weights(trial, a);
  a.hidden_gradient = draw_gradient(trial, a.student_layer.hidden);
  a.weights_gradient = draw_gradient(trial, a.student_layer.weights);
  if (one_in(random, 2))
    a.bias_gradient = draw_matrix(trial.memory, random, RETORT_F32, {1, a.shape.classes});
  a.outputs.row_loss = trial.memory.matrix(RETORT_F32, 1, a.shape.rows, a.shape.rows);
  draw_workspace(trial, a);
  for (const Matrix& written :
       {a.hidden_gradient, a.weights_gradient, a.bias_gradient, a.workspace}) {
    if (written.buffer) a.outputs.others.push_back(written);
  }
  describe(trial, a);
  trial.describe("hidden", a.student_layer.hidden.classes, "budget", a.budget);
  return a;
}

JudgedRow judged_row(const LinearArguments& a, int64_t row) {
  const Row student = a.student.row(row);
  const std::vector<Row> teachers = a.teacher_rows(row);
  const reference::DistillationLoss expected =
      reference::distillation_loss(a.meaning(), student, teachers, a.shares(), a.label(row));
  const naive::DistillationLoss naive = naive::distillation_loss(
      a.naive_meaning(), narrow(student), narrow(teachers), narrow(a.shares()), a.label(row));
  DistillationScale scale = scale_of(a, row);
  // Members are mixed two at a time, and the logarithms of a mixture are rounded each time.
  const double mixtures =
      a.options.mean == RETORT_MEAN_OF_PROBABILITIES ? static_cast<double>(teachers.size()) : 1;
  for (double& g : scale.gradient) g *= mixtures;
  return {{expected.gradient, expected.hard, expected.soft, expected.total},
          {widen(naive.gradient), naive.hard, naive.soft, naive.total},
          {scale.gradient, scale.hard * mixtures, scale.soft * mixtures, scale.total * mixtures},
          scale.intermediate};
}

// The gradients on the logits of rows that count, weighted; others are empty.
struct LogitsGradients {
  std::vector<Row> expected, naive, scale;
  Row intermediate;

  explicit LogitsGradients(size_t rows)
      : expected(rows), naive(rows), scale(rows), intermediate(rows, 0.0) {}

  void set(size_t row, const JudgedRow& judged, double share) {
    expected[row] = judged.expected.gradient;
    naive[row] = judged.naive.gradient;
    scale[row] = judged.scale.gradient;
    intermediate[row] = judged.intermediate;
    for (Row* gradient : {&expected[row], &naive[row], &scale[row]}) {
      for (double& g : *gradient) g *= share;
    }
  }
};

// sum_i factor_i row_i of rows that are not empty, in f32 for the naive computation.
template <typename Real>
Row combined(const Row& factors, const std::vector<Row>& rows, size_t columns) {
  std::vector<Real> sums(columns, 0);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t h = 0; h < rows[i].size(); ++h)
      sums[h] += static_cast<Real>(factors[i]) * static_cast<Real>(rows[i][h]);
  }
  return {sums.begin(), sums.end()};
}

std::vector<Row> magnitudes(std::vector<Row> rows) {
  for (Row& row : rows) {
    for (double& x : row) x = magnitude(x);
  }
  return rows;
}

Row column(const std::vector<Row>& gradients, size_t j) {
  Row values;
  for (const Row& row : gradients) values.push_back(row.empty() ? 0 : row[j]);
  return values;
}

// Judges gradient[row], which combines `rows` with the three kinds of factors.
void judge_combination(Trial& trial, const char* name, const Matrix& gradient, int64_t row,
                       const Row& expected, const Row& naive, const Row& scale,
                       const std::vector<Row>& rows, double intermediate) {
  const auto columns = static_cast<size_t>(gradient.classes);
  Row size = combined<double>(scale, magnitudes(rows), columns);
  for (double& x : size) x *= 1 + std::sqrt(static_cast<double>(rows.size())) / 8;
  trial.judge(name, row, RETORT_F32,
              {gradient.result(row), combined<double>(expected, rows, columns),
               combined<float>(naive, rows, columns), size, intermediate});
}

void judge_gradients(Trial& trial, const LinearArguments& a, const LogitsGradients& g) {
  std::vector<Row> weights, hidden, ones;
  for (int64_t j = 0; j < a.shape.classes; ++j) weights.push_back(a.student_layer.weights.row(j));
  for (int64_t i = 0; i < a.shape.rows; ++i) {
    const bool counts = a.weight(i) > 0;
    hidden.push_back(counts ? a.student_layer.hidden.row(i) : Row{});
    ones.push_back(counts ? Row{1} : Row{});
  }
  const double largest = largest_magnitude(g.intermediate);
  for (int64_t i = 0; i < a.shape.rows && a.hidden_gradient.buffer; ++i) {
    const auto row = static_cast<size_t>(i);
    const Row zero(weights.size(), 0.0);
    const bool counts = a.weight(i) > 0;
    judge_combination(trial, "hidden_gradient", a.hidden_gradient, i,
                      counts ? g.expected[row] : zero, counts ? g.naive[row] : zero,
                      counts ? g.scale[row] : zero, weights, g.intermediate[row]);
  }
  for (int64_t j = 0; j < a.shape.classes; ++j) {
    const auto place = static_cast<size_t>(j);
    const Row expected = column(g.expected, place), naive = column(g.naive, place),
              scale = column(g.scale, place);
    if (a.weights_gradient.buffer) {
      judge_combination(trial, "weights_gradient", a.weights_gradient, j, expected, naive, scale,
                        hidden, largest);
    }
    if (!a.bias_gradient.buffer) continue;
    const double rows = 1 + std::sqrt(static_cast<double>(ones.size())) / 8;
    trial.judge("bias_gradient", j, RETORT_F32,
                {{a.bias_gradient.result(0)[place]},
                 combined<double>(expected, ones, 1),
                 combined<float>(naive, ones, 1),
                 {combined<double>(scale, ones, 1)[0] * rows},
                 largest});
  }
}

void run(Trial& trial) {
  if (implementation().linear_distillation == nullptr) return;
  LinearArguments a = draw(trial);
  if (!trial.failure().empty()) return;
  LogitsGradients gradients(static_cast<size_t>(a.shape.rows));
  check_loss(
      trial, a, a.outputs, [&](const retort_executor* executor) { return a.call(executor); },
      [&](int64_t row) {
        JudgedRow judged = judged_row(a, row);
        gradients.set(static_cast<size_t>(row), judged, a.share(row));
        return judged;
      });
  if (trial.failure().empty()) judge_gradients(trial, a, gradients);
}

const Operation kLinearDistillation("linear_distillation", run);

}  // namespace
}  // namespace retort::conformance
