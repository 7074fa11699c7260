// Convolutions of small networks: GFLOP/s of the three operations, and their share of the FMA peak
// of the same threads, beside OpenBLAS and oneDNN where the build found them.
//
//   convolution_benchmark [threads, default 2] [seconds per figure, default 0.2] [only row, default
//   all]
//
// A figure is the best of the repetitions that fit in its time. Every contestant's results are
// compared with Retort's first.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "convolution_contestant.h"
#include "fma_peak.h"

namespace retort::benchmark {
namespace {

struct Contestant {
  const char* name;
  MakeConvolution* make;
};

const Contestant kContestants[] = {
    {"retort", make_retort},
#if defined(RETORT_WITH_OPENBLAS)
    {"im2col + OpenBLAS", make_openblas},
#endif
#if defined(RETORT_WITH_ONEDNN)
    {"oneDNN, NHWC", make_onednn_channels_last},
    {"oneDNN, own layout", make_onednn_own_layout},
#endif
};

struct Layer {
  int64_t size;
  int64_t input_channels;
  int64_t output_channels;
  int64_t kernel;
  int64_t stride;
};

constexpr Layer kLayers[] = {{28, 1, 16, 3, 1},  {28, 16, 16, 3, 1},  {14, 16, 32, 3, 1},
                             {14, 32, 32, 3, 1}, {7, 32, 64, 3, 1},   {28, 16, 32, 3, 1},
                             {32, 3, 16, 3, 1},  {32, 16, 32, 3, 1},  {32, 32, 32, 3, 1},
                             {16, 64, 64, 3, 1}, {8, 128, 128, 3, 1}, {32, 32, 64, 3, 2},
                             {32, 32, 64, 1, 2}};

Floats normal(int64_t size, std::mt19937_64& random) {
  std::normal_distribution<float> distribution;
  Floats values(static_cast<size_t>(size));
  for (float& x : values) x = distribution(random);
  return values;
}

ConvolutionTensors make_tensors(const Layer& layer, int64_t images) {
  std::mt19937_64 random(1);
  const int64_t padding = layer.kernel / 2;
  const int64_t output_size = (layer.size + 2 * padding - layer.kernel) / layer.stride + 1;
  const int64_t input = images * layer.size * layer.size * layer.input_channels;
  const int64_t weights =
      layer.output_channels * layer.kernel * layer.kernel * layer.input_channels;
  const int64_t output = images * output_size * output_size * layer.output_channels;
  return {{images, layer.size, layer.size, layer.input_channels, layer.output_channels,
           layer.kernel, layer.kernel, layer.stride, padding},
          output_size,
          output_size,
          normal(input, random),
          normal(weights, random),
          normal(output, random),
          Floats(static_cast<size_t>(output)),
          Floats(static_cast<size_t>(input)),
          Floats(static_cast<size_t>(weights))};
}

template <typename Body>
double best_seconds(double budget, const Body& body) {
  using Clock = std::chrono::steady_clock;
  body();
  double best = INFINITY, total = 0;
  while (total < budget) {
    const auto start = Clock::now();
    body();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::fmin(best, seconds);
    total += seconds;
  }
  return best;
}

// The distance between two results, relative to the first.
double distance(const Floats& a, const Floats& b) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - b[i], 2);
    size += std::pow(static_cast<double>(a[i]), 2);
  }
  return std::sqrt(difference / size);
}

void run_all(ConvolutionContestant& contestant) {
  contestant.forward();
  contestant.backward_input();
  contestant.backward_weights();
  contestant.copy_results();
}

void check_against_retort(const Contestant& contestant, const Layer& layer, int64_t images,
                          const retort_executor* executor) {
  ConvolutionTensors ours = make_tensors(layer, images), theirs = make_tensors(layer, images);
  run_all(*make_retort(ours, executor));
  run_all(*contestant.make(theirs, executor));
  const double worst =
      std::fmax(distance(ours.output, theirs.output),
                std::fmax(distance(ours.input_gradient, theirs.input_gradient),
                          distance(ours.weights_gradient, theirs.weights_gradient)));
  if (worst < 1e-4) return;
  std::fprintf(stderr, "%s differs from retort by %g of the result\n", contestant.name, worst);
  std::exit(1);
}

void print_layer(const Layer& layer, int64_t images, double budget, double peak,
                 const retort_executor* executor) {
  for (const Contestant& contestant : kContestants) {
    check_against_retort(contestant, layer, images, executor);
    ConvolutionTensors tensors = make_tensors(layer, images);
    const auto made = contestant.make(tensors, executor);
    const double flops = 2.0 * static_cast<double>(tensors.output.size()) *
                         static_cast<double>(tensors.weights.size()) /
                         static_cast<double>(layer.output_channels);
    std::printf("%2dx%-2d %3d ->%3d k%d s%d  %-20s", static_cast<int>(layer.size),
                static_cast<int>(layer.size), static_cast<int>(layer.input_channels),
                static_cast<int>(layer.output_channels), static_cast<int>(layer.kernel),
                static_cast<int>(layer.stride), contestant.name);
    const auto figure = [&](double seconds) {
      const double gflops = flops / seconds * 1e-9;
      std::printf(" %7.1f (%3.0f %%)", gflops, 100 * gflops / peak);
    };
    figure(best_seconds(budget, [&] { made->forward(); }));
    figure(best_seconds(budget, [&] { made->backward_input(); }));
    figure(best_seconds(budget, [&] { made->backward_weights(); }));
    std::printf("\n");
    std::fflush(stdout);
  }
}

int run(int threads, double budget, int64_t images) {
  retort_thread_pool* pool = nullptr;
  if (retort_thread_pool_create(threads, &pool) != RETORT_OK) {
    std::fprintf(stderr, "%s\n", retort_last_error());
    return 1;
  }
  const retort_executor* executor = retort_thread_pool_executor(pool);
  const double peak = fma_peak(executor);
  std::printf("%s, %d threads, batch %d, FMA peak %.1f GFLOP/s\n", retort_instruction_set(),
              threads, static_cast<int>(images), peak);
  std::printf("%-44s %15s %15s %16s\n", "GFLOP/s (share of the peak)", "forward", "backward input",
              "backward weights");
  for (const Layer& layer : kLayers) print_layer(layer, images, budget, peak, executor);
  retort_thread_pool_destroy(pool);
  return 0;
}

}  // namespace
}  // namespace retort::benchmark

int main(int count, char** arguments) {
  const int threads = count > 1 ? std::atoi(arguments[1]) : 2;
  const double budget = count > 2 ? std::atof(arguments[2]) : 0.2;
  const int images = count > 3 ? std::atoi(arguments[3]) : 128;
  return retort::benchmark::run(threads, budget, images);
}
