// Linear distillation beside the matrix products that it cannot do without: those of all layers and of
// the two gradients, of whole matrices. OpenBLAS multiplies everywhere.
//
//   linear_distillation_benchmark [threads, default 2] [seconds per shape, default 4] [rows hidden_size
//   classes teachers, default a table of them]
//
// The products alone are cut into blocks as Retort does ("blocks") or left to OpenBLAS's own threads.
// Everything is timed once a round, for at least three rounds, and a figure is the best of the rounds.
#include <cblas.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

#include "retort/linear_distillation.h"

namespace retort::benchmark {
namespace {

using Floats = std::vector<float>;

struct Shape {
  int64_t rows;
  int64_t hidden_size;
  int64_t classes;
  int64_t teachers;
};

constexpr Shape kShapes[] = {{1024, 256, 8000, 1},  {1024, 256, 8000, 4},  {2048, 512, 8000, 1},
                             {1024, 512, 32000, 1}, {512, 1024, 32000, 1}, {512, 1024, 32000, 4}};
// For some 2^26 cycles after a product OpenBLAS's threads keep a processor busy, waiting for another.
constexpr std::chrono::milliseconds kOpenBlasThreadsSpin{50};
constexpr int64_t kChunkRows[] = {64, 256, 512};

template <typename Body>
double seconds_of(const Body& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double best(const std::vector<double>& seconds) {
  return *std::min_element(seconds.begin(), seconds.end());
}

void check(retort_status status) {
  if (status == RETORT_OK) return;
  std::fprintf(stderr, "%s\n", retort_last_error());
  std::exit(1);
}

void lent_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                const float* a, int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(static_cast<CBLAS_ORDER>(order), static_cast<CBLAS_TRANSPOSE>(transpose_a),
              static_cast<CBLAS_TRANSPOSE>(transpose_b), m, n, k, alpha, a, lda, b, ldb, beta, c,
              ldc);
}

// Arguments of one shape. Teachers share their weights' values, not their memory.
struct Tensors {
  Shape shape;
  Floats hidden, hidden_gradient, weights_gradient, bias_gradient, logits, teacher_logits;
  std::vector<Floats> weights;  // the student's first
  std::vector<int32_t> labels;

  explicit Tensors(const Shape& s) : shape(s) {
    std::mt19937_64 random(1);
    const auto normal = [&](int64_t size, float scale) {
      std::normal_distribution<float> distribution(0, scale);
      Floats values(static_cast<size_t>(size));
      for (float& x : values) x = distribution(random);
      return values;
    };
    const float scale = 3 / std::sqrt(static_cast<float>(s.hidden_size));
    hidden = normal(s.rows * s.hidden_size, 1);
    weights.push_back(normal(s.classes * s.hidden_size, scale));
    for (int64_t k = 0; k < s.teachers; ++k) weights.push_back(weights[0]);
    hidden_gradient.resize(hidden.size());
    weights_gradient.resize(weights[0].size());
    bias_gradient.resize(static_cast<size_t>(s.classes));
    logits = normal(s.rows * s.classes, 3);
    teacher_logits = logits;
    for (int64_t i = 0; i < s.rows; ++i)
      labels.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(s.classes)));
  }

  retort_linear_layer layer(size_t k) const {
    return {shape.hidden_size, hidden.data(),     shape.hidden_size,
            weights[k].data(), shape.hidden_size, nullptr};
  }
};

retort_distillation_loss_options options_of(retort_mean mean) {
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  options.mean = mean;
  options.temperature = 2;
  return options;
}

// The products of all layers and of both gradients; multiply(transpose_a, transpose_b, m, n, k, a, b, c).
template <typename Multiply>
void multiply_all(Tensors& t, const Multiply& multiply) {
  const Shape& s = t.shape;
  for (const Floats& weights : t.weights) {
    multiply(false, true, s.rows, s.classes, s.hidden_size, t.hidden.data(), weights.data(),
             t.logits.data());
  }
  multiply(false, false, s.rows, s.hidden_size, s.classes, t.logits.data(), t.weights[0].data(),
           t.hidden_gradient.data());
  multiply(true, false, s.classes, s.hidden_size, s.rows, t.logits.data(), t.hidden.data(),
           t.weights_gradient.data());
}

void multiply_in_blocks(Tensors& t, const retort_executor* executor) {
  multiply_all(t, [&](bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                      const float* a, const float* b, float* c) {
    check(retort_matrix_product(transpose_a, transpose_b, m, n, k, a, transpose_a ? m : k, b,
                                transpose_b ? k : n, 0, c, n, lent_sgemm, executor));
  });
}

void multiply_by_openblas(Tensors& t) {
  multiply_all(t, [&](bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k,
                      const float* a, const float* b, float* c) {
    lent_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
               transpose_b ? CblasTrans : CblasNoTrans, static_cast<int>(m), static_cast<int>(n),
               static_cast<int>(k), 1, a, static_cast<int>(transpose_a ? m : k), b,
               static_cast<int>(transpose_b ? k : n), 0, c, static_cast<int>(n));
  });
}

// The loss of whole logits, with the gradient in the student's place.
void compute_loss(Tensors& t, retort_mean mean, const retort_executor* executor) {
  const retort_distillation_loss_options options = options_of(mean);
  const Shape& s = t.shape;
  const std::vector<const void*> teachers(static_cast<size_t>(s.teachers), t.teacher_logits.data());
  retort_distillation_totals totals;
  check(retort_distillation_loss(&options, s.rows, s.classes, t.logits.data(), s.classes,
                                 teachers.data(), s.teachers, s.classes, nullptr, t.labels.data(),
                                 nullptr, t.logits.data(), s.classes, nullptr, &totals, executor));
}

// The whole operation, in chunks of so many rows.
class Fused {
 public:
  Fused(Tensors& tensors, retort_mean mean, int64_t chunk_rows)
      : t_(tensors), options_(options_of(mean)), chunk_rows_(chunk_rows) {
    const Shape& s = t_.shape;
    budget_ = chunk_rows *
              retort_linear_distillation_workspace(&options_, 1, s.classes, s.teachers, INT64_MAX);
    bytes_ =
        retort_linear_distillation_workspace(&options_, s.rows, s.classes, s.teachers, budget_);
    workspace_.resize(static_cast<size_t>(bytes_) / sizeof(float));
    for (size_t k = 0; k < t_.weights.size(); ++k) layers_.push_back(t_.layer(k));
  }

  void compute(const retort_executor* executor) {
    const Shape& s = t_.shape;
    const retort_linear_gradient gradient{t_.hidden_gradient.data(), s.hidden_size,
                                          t_.weights_gradient.data(), s.hidden_size,
                                          t_.bias_gradient.data()};
    retort_distillation_totals totals;
    check(retort_linear_distillation(&options_, s.rows, s.classes, &layers_[0], &layers_[1],
                                     s.teachers, nullptr, t_.labels.data(), nullptr, &gradient,
                                     nullptr, &totals, budget_, workspace_.data(), lent_sgemm,
                                     executor));
  }

  int64_t chunk_rows() const { return chunk_rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  Tensors& t_;
  retort_distillation_loss_options options_;
  int64_t chunk_rows_;
  int64_t budget_;
  int64_t bytes_;
  Floats workspace_;
  std::vector<retort_linear_layer> layers_;  // the student's first
};

void print_shape(Tensors& t, retort_mean mean, double seconds, int threads,
                 const retort_executor* executor) {
  const Shape& s = t.shape;
  std::vector<Fused> fused;
  for (const int64_t rows : kChunkRows) {
    if (rows <= s.rows) fused.emplace_back(t, mean, rows);
  }
  std::vector<double> blocks, openblas, loss;
  std::vector<std::vector<double>> whole(fused.size());
  double total = 0;
  while (total < seconds || blocks.size() < 3) {
    total += seconds_of([&] {
      openblas_set_num_threads(threads);
      openblas.push_back(seconds_of([&] { multiply_by_openblas(t); }));
      openblas_set_num_threads(1);
      std::this_thread::sleep_for(kOpenBlasThreadsSpin);
      blocks.push_back(seconds_of([&] { multiply_in_blocks(t, executor); }));
      loss.push_back(seconds_of([&] { compute_loss(t, mean, executor); }));
      for (size_t i = 0; i < fused.size(); ++i)
        whole[i].push_back(seconds_of([&] { fused[i].compute(executor); }));
    });
  }
  const double flops = 2.0 * static_cast<double>(3 + s.teachers) *
                       static_cast<double>(s.rows * s.hidden_size) * static_cast<double>(s.classes);
  const double mib = 1024.0 * 1024.0;
  std::printf(
      "%d x %d, %d classes, %d %s%s: products %.0f ms in blocks (%.0f GFLOP/s), %.0f ms by "
      "OpenBLAS; loss of whole logits %.0f ms; whole logits %.0f MiB\n",
      static_cast<int>(s.rows), static_cast<int>(s.hidden_size), static_cast<int>(s.classes),
      static_cast<int>(s.teachers), s.teachers == 1 ? "teacher" : "teachers",
      s.teachers == 1                 ? ""
      : mean == RETORT_MEAN_OF_LOGITS ? ", mean of logits"
                                      : ", mean of probabilities",
      best(blocks) * 1e3, flops / best(blocks) * 1e-9, best(openblas) * 1e3, best(loss) * 1e3,
      4.0 * static_cast<double>((1 + s.teachers) * s.rows * s.classes) / mib);
  for (size_t i = 0; i < fused.size(); ++i) {
    std::printf(
        "  chunks of %4d rows, workspace %6.1f MiB: %6.0f ms, %.3f of the blocks, %.3f of "
        "OpenBLAS\n",
        static_cast<int>(fused[i].chunk_rows()), static_cast<double>(fused[i].bytes()) / mib,
        best(whole[i]) * 1e3, best(whole[i]) / best(blocks), best(whole[i]) / best(openblas));
  }
  std::fflush(stdout);
}

void print_shape(const Shape& shape, double seconds, int threads, const retort_executor* executor) {
  Tensors t(shape);
  print_shape(t, RETORT_MEAN_OF_LOGITS, seconds, threads, executor);
  if (shape.teachers > 1) print_shape(t, RETORT_MEAN_OF_PROBABILITIES, seconds, threads, executor);
}

int run(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 2;
  const double seconds = count > 2 ? std::atof(arguments[2]) : 4;
  retort_thread_pool* pool = nullptr;
  check(retort_thread_pool_create(threads, &pool));
  const retort_executor* executor = retort_thread_pool_executor(pool);
  std::printf("%s, %d threads\n", retort_instruction_set(), threads);
  if (count > 6) {
    print_shape({std::atoll(arguments[3]), std::atoll(arguments[4]), std::atoll(arguments[5]),
                 std::atoll(arguments[6])},
                seconds, threads, executor);
  } else {
    for (const Shape& shape : kShapes) print_shape(shape, seconds, threads, executor);
  }
  retort_thread_pool_destroy(pool);
  return 0;
}

}  // namespace
}  // namespace retort::benchmark

int main(int count, char** arguments) { return retort::benchmark::run(count, arguments); }
