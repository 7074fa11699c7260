// What cuda_network.h refuses: as the CPU does, word for word, and sizes beyond what a thread counts.
#include "network_testing.h"
#include "reachable_memory.h"
#include "retort/cuda_network.h"

namespace retort::testing {
namespace {

// Both refuse, and say the same.
void expect_same_refusal(retort_status on_cuda, retort_status on_cpu) {
  EXPECT_EQ(on_cpu, RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(on_cuda, on_cpu);
  EXPECT_STREQ(retort_cuda_last_error(), retort_last_error());
}

TEST(CudaNetworkLimits, AMessageIsTheCpus) {
  Floats a(64), b(64), c(64);
  const retort_pooling pooling{1, 4, 4, 2, 3, 1, 3};
  expect_same_refusal(retort_cuda_max_pool_forward(&pooling, a.data(), b.data(), nullptr),
                      retort_max_pool_forward(&pooling, a.data(), b.data(), nullptr));
  const retort_batch_norm batch_norm{2, 3, -1, 0, nullptr};
  expect_same_refusal(retort_cuda_batch_norm_inference(&batch_norm, a.data(), b.data(), b.data(),
                                                       b.data(), b.data(), c.data(), nullptr),
                      retort_batch_norm_inference(&batch_norm, a.data(), b.data(), b.data(),
                                                  b.data(), b.data(), c.data(), nullptr));
  expect_same_refusal(retort_cuda_relu_forward(-7, a.data(), b.data(), nullptr),
                      retort_relu_forward(-7, a.data(), b.data(), nullptr));
  const retort_smoothed_relu_sum sum{1, 1, 1, 1, 1, 65, 1};
  expect_same_refusal(retort_cuda_smoothed_relu_sum_forward(&sum, a.data(), b.data(), nullptr),
                      retort_smoothed_relu_sum_forward(&sum, a.data(), b.data(), nullptr));
  expect_same_refusal(
      retort_cuda_sgd_step(4, 0.1f, -1, 0, 0, a.data(), b.data(), c.data(), nullptr),
      retort_sgd_step(4, 0.1f, -1, 0, 0, a.data(), b.data(), c.data(), nullptr));
}

void expect_unsupported(retort_status status, const char* size) {
  EXPECT_EQ(status, RETORT_UNSUPPORTED) << size;
  EXPECT_NE(std::strstr(retort_cuda_last_error(), size), nullptr)
      << "expected " << size << " in: " << retort_cuda_last_error();
}

// Without rows or images no array has elements, and a size alone is refused.
TEST(CudaNetworkLimits, SizesBeyondWhatAThreadCountsAreUnsupported) {
  constexpr int64_t kTooMany = (int64_t{1} << 30) + 1, kTooLong = (int64_t{1} << 28) + 1;
  float x = 0, y = 0;
  const auto pool = [&](const retort_pooling& pooling) {
    return retort_cuda_max_pool_forward(&pooling, &x, &y, nullptr);
  };
  expect_unsupported(pool({0, kTooLong, kTooLong, 1, kTooLong, 1, 1}), "kernel");
  expect_unsupported(pool({0, kTooLong, 8, 1, 2, 1, 1}), "input_height");
  expect_unsupported(pool({0, 8, kTooLong, 1, 2, 1, 1}), "input_width");
  expect_unsupported(pool({0, 8, 8, kTooMany, 2, 1, 1}), "channels");
  expect_unsupported(pool({0, 8, 8, kTooMany / 4, 2, 1, 1}), "width x channels");
  // Addresses that are far apart and never followed.
  auto* const far = reinterpret_cast<float*>(int64_t{1} << 40);
  auto* const farther = reinterpret_cast<float*>(int64_t{1} << 50);
  const retort_pooling many_images{kTooMany / 2, 3, 1, 1, 1, 1, 0};
  expect_unsupported(retort_cuda_max_pool_forward(&many_images, far, farther, nullptr),
                     "images x height");
  const retort_batch_norm batch_norm{0, kTooMany, 1e-5f, 0, nullptr};
  expect_unsupported(retort_cuda_batch_norm_inference(&batch_norm, &x, &x, &x, &x, &x, &y, nullptr),
                     "channels");
  EXPECT_EQ(retort_cuda_batch_norm_workspace(&batch_norm), -1);
  expect_unsupported(retort_cuda_column_sums(0, kTooMany, &x, &y, nullptr, nullptr), "columns");
  EXPECT_EQ(retort_cuda_column_sums_workspace(0, kTooMany), -1);
}

TEST(CudaNetworkLimits, AStrideBeyondEverySideLeavesOneWindow) {
  const retort_pooling pooling{2, 5, 6, 3, 3, int64_t{1} << 31, 1};
  std::mt19937_64 random(1);
  const Floats x = Floats::normal(random, 2 * 5 * 6 * 3), dy = Floats::normal(random, 6);
  Floats y(6), expected_y(6), dx(x.size()), expected_dx(x.size());
  ASSERT_EQ(retort_cuda_max_pool_forward(&pooling, x.data(), y.data(), nullptr), RETORT_OK);
  ASSERT_EQ(retort_cuda_average_pool_backward(&pooling, dy.data(), dx.data(), nullptr), RETORT_OK);
  wait_for_device();
  retort_max_pool_forward(&pooling, x.data(), expected_y.data(), nullptr);
  retort_average_pool_backward(&pooling, dy.data(), expected_dx.data(), nullptr);
  EXPECT_EQ(y.values(), expected_y.values());
  EXPECT_EQ(dx.values(), expected_dx.values());
  EXPECT_TRUE(y.guards_hold() && dx.guards_hold());
}

}  // namespace
}  // namespace retort::testing
