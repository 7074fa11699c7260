// A fixed set of threads that run one call's tasks at a time. The thread that calls works too, so a
// pool of one starts no thread.
//
// Every thread begins with a run of neighbouring tasks, always at the same place of the whole, and then helps the
// others. Operations cut the same images in the same order, so what a thread reads is mostly what it wrote before, in
// its core's own caches. Fetched from those of another core, perhaps with another last-level cache, it costs several
// times as much.
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "errors.h"

struct retort_thread_pool {
 public:
  explicit retort_thread_pool(int32_t threads)
      : executor_{&run, this, threads}, shares_(static_cast<size_t>(threads)) {
    try {
      for (int32_t i = 1; i < threads; ++i)
        workers_.emplace_back([this, i] { work(static_cast<size_t>(i)); });
    } catch (...) {
      stop();
      throw;
    }
  }

  ~retort_thread_pool() { stop(); }

  const retort_executor* executor() const { return &executor_; }

 private:
  static void run(void* context, int64_t tasks, retort_task task, void* argument) {
    static_cast<retort_thread_pool*>(context)->run_tasks(tasks, task, argument);
  }

  void run_tasks(int64_t tasks, retort_task task, void* argument) {
    if (tasks <= 1 || workers_.empty()) {
      for (int64_t i = 0; i < tasks; ++i) task(argument, i);
      return;
    }
    std::lock_guard<std::mutex> turn(turn_);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      task_ = task;
      argument_ = argument;
      share_out(tasks);
      busy_ = static_cast<int32_t>(workers_.size());
      call_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    drain(0);
    wait_for_workers();
  }

  // A thread's run of tasks, on a line of its own.
  struct alignas(64) Share {
    std::atomic<int64_t> next{0};
    int64_t end = 0;
  };

  void share_out(int64_t tasks) {
    const int64_t count = static_cast<int64_t>(shares_.size());
    int64_t first = 0;
    for (int64_t i = 0; i < count; ++i) {
      Share& share = shares_[static_cast<size_t>(i)];
      share.next.store(first, std::memory_order_relaxed);
      first += (tasks - first) / (count - i);
      share.end = first;
    }
  }

  void drain(size_t thread) {
    for (size_t i = 0; i < shares_.size(); ++i) {
      Share& share = shares_[(thread + i) % shares_.size()];
      for (int64_t task; (task = share.next.fetch_add(1, std::memory_order_relaxed)) < share.end;) {
        task_(argument_, task);
      }
    }
  }

  // Layers follow each other within microseconds, less than a sleeping thread needs to wake: both
  // sides look for a while before they sleep.
  template <typename Condition>
  static bool spin(Condition condition) {
    for (int i = 0; i < kSpins; ++i) {
      if (condition()) return true;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
    return false;
  }

  void wait_for_workers() {
    if (spin([this] { return busy_.load(std::memory_order_acquire) == 0; })) return;
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return busy_.load(std::memory_order_acquire) == 0; });
  }

  void work(size_t thread) {
    for (int64_t seen = 0;;) {
      const auto called = [&] { return call_.load(std::memory_order_acquire) != seen; };
      if (!spin(called)) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, called);
      }
      seen = call_.load(std::memory_order_acquire);
      if (stopping_.load(std::memory_order_acquire)) return;
      drain(thread);
      if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        std::lock_guard<std::mutex> lock(mutex_);
        done_.notify_one();
      }
    }
  }

  void stop() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stopping_.store(true, std::memory_order_release);
      call_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  static constexpr int kSpins = 4000;

  retort_executor executor_;
  std::vector<Share> shares_;
  std::vector<std::thread> workers_;
  std::mutex turn_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<int64_t> call_{0};
  std::atomic<int32_t> busy_{0};
  std::atomic<bool> stopping_{false};
  retort_task task_ = nullptr;
  void* argument_ = nullptr;
};

retort_status retort_thread_pool_create(int32_t threads, retort_thread_pool** pool) {
  if (pool == nullptr) return retort::fail(RETORT_INVALID_ARGUMENT, "pool must not be null");
  if (threads < 1 || threads > 1024) {
    return retort::fail(RETORT_INVALID_ARGUMENT, "threads must be in [1, 1024], got %d", threads);
  }
  try {
    *pool = new retort_thread_pool(threads);
    return RETORT_OK;
  } catch (const std::exception& error) {
    return retort::fail(RETORT_OUT_OF_MEMORY, "a pool of %d threads could not start: %s", threads,
                        error.what());
  }
}

void retort_thread_pool_destroy(retort_thread_pool* pool) { delete pool; }

const retort_executor* retort_thread_pool_executor(const retort_thread_pool* pool) {
  return pool == nullptr ? nullptr : pool->executor();
}
