#include <atomic>
#include <thread>

#include "testing.h"

namespace retort::testing {
namespace {

TEST(ThreadPool, EveryTaskRunsOnceForAnyNumberOfThreads) {
  for (const int32_t threads : {1, 2, 7}) {
    const Pool pool = make_pool(threads);
    const retort_executor* executor = retort_thread_pool_executor(pool.get());
    EXPECT_EQ(executor->threads, threads);
    for (const int64_t tasks : {0, 1, 2, 100, 1000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(tasks));
      executor->run(
          executor->context, tasks,
          [](void* argument, int64_t i) {
            ++(*static_cast<std::vector<std::atomic<int>>*>(argument))[static_cast<size_t>(i)];
          },
          &runs);
      for (const std::atomic<int>& count : runs) EXPECT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, CallsFromSeveralThreadsTakeTurns) {
  const Pool pool = make_pool(3);
  const retort_executor* executor = retort_thread_pool_executor(pool.get());
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int call = 0; call < 50; ++call) {
        executor->run(
            executor->context, 10,
            [](void* argument, int64_t i) { *static_cast<std::atomic<int64_t>*>(argument) += i; },
            &sum);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 4 * 50 * 45);
}

TEST(ThreadPool, ABadSizeIsRefused) {
  retort_thread_pool* pool = nullptr;
  for (const int32_t threads : {-1, 0, 1025}) {
    EXPECT_EQ(retort_thread_pool_create(threads, &pool), RETORT_INVALID_ARGUMENT);
    EXPECT_NE(std::strstr(retort_last_error(), "threads"), nullptr);
  }
  EXPECT_EQ(retort_thread_pool_create(1, nullptr), RETORT_INVALID_ARGUMENT);
  EXPECT_EQ(retort_thread_pool_executor(nullptr), nullptr);
  retort_thread_pool_destroy(nullptr);
}

TEST(InstructionSet, TheEnvironmentForcesOneThatTheProcessorHas) {
  const char* wanted = std::getenv("RETORT_ISA");
  if (wanted == nullptr) GTEST_SKIP() << "RETORT_ISA is not set";
#if defined(__x86_64__)
  if (std::strcmp(wanted, "avx2") == 0 && !__builtin_cpu_supports("avx2"))
    GTEST_SKIP() << "no AVX2";
  if (std::strcmp(wanted, "avx512") == 0 && !__builtin_cpu_supports("avx512dq"))
    GTEST_SKIP() << "no AVX-512";
#endif
  EXPECT_STREQ(retort_instruction_set(), wanted);
}

}  // namespace
}  // namespace retort::testing
