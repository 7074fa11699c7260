// The distillation loss beside a copy of the bytes it must move: (K + 2) * classes * element size a row, K
// teachers and the student read, the gradient written.
//
//   distillation_loss_benchmark [--classes 10,100,1000,10000,32000] [--teachers 1,4,16]
//       [--mean logits,probabilities] [--dtype f32,bf16,f16] [--temperature 4] [--alpha 0.9]
//       [--threads 2] [--megabytes 256] [--repeats 11]
//
// Loss and copy take turns on the same threads, over a working set far past the last cache. A figure is
// the median of the repetitions, with the 20th and 80th percentile behind it; the share is the copy's
// median over the loss's.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "retort/retort.h"

namespace retort::benchmark {
namespace {

struct Settings {
  std::vector<int64_t> classes{10, 100, 1000, 10000, 32000};
  std::vector<int64_t> teachers{1, 4, 16};
  std::vector<std::string> means{"logits", "probabilities"};
  std::vector<std::string> dtypes{"f32", "bf16"};
  float temperature = 4;
  float alpha = 0.9f;
  int32_t threads = 2;
  int64_t megabytes = 256;
  int repeats = 11;
};

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> items(1);
  for (const char c : list) {
    if (c == ',') {
      items.emplace_back();
    } else {
      items.back() += c;
    }
  }
  return items;
}

std::vector<int64_t> numbers(const std::string& list) {
  std::vector<int64_t> values;
  for (const std::string& item : split(list)) values.push_back(std::atoll(item.c_str()));
  return values;
}

Settings parse(int count, char** arguments) {
  Settings settings;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = arguments[i], value = arguments[i + 1];
    if (name == "--classes") {
      settings.classes = numbers(value);
    } else if (name == "--teachers") {
      settings.teachers = numbers(value);
    } else if (name == "--mean") {
      settings.means = split(value);
    } else if (name == "--dtype") {
      settings.dtypes = split(value);
    } else if (name == "--temperature") {
      settings.temperature = std::strtof(value.c_str(), nullptr);
    } else if (name == "--alpha") {
      settings.alpha = std::strtof(value.c_str(), nullptr);
    } else if (name == "--threads") {
      settings.threads = std::atoi(value.c_str());
    } else if (name == "--megabytes") {
      settings.megabytes = std::atoll(value.c_str());
    } else if (name == "--repeats") {
      settings.repeats = std::atoi(value.c_str());
    } else {
      std::fprintf(stderr, "unknown option %s\n", name.c_str());
      std::exit(2);
    }
  }
  return settings;
}

struct Seconds {
  std::vector<double> values;

  double at(double share) {
    std::sort(values.begin(), values.end());
    return values[static_cast<size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  }
};

double seconds_of(const std::function<void()>& body) {
  const auto start = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The operands of one case in one arena, and room for a copy of half of it.
class Case {
 public:
  Case(const Settings& settings, int64_t classes, int64_t teachers, const std::string& mean,
       const std::string& dtype)
      : classes_(classes), teachers_(teachers), element_(dtype == "f32" ? 4 : 2) {
    options_.dtype = dtype == "f32" ? RETORT_F32 : dtype == "f16" ? RETORT_F16 : RETORT_BF16;
    options_.mean = mean == "logits" ? RETORT_MEAN_OF_LOGITS : RETORT_MEAN_OF_PROBABILITIES;
    options_.temperature = settings.temperature;
    options_.alpha = settings.alpha;
    rows_ = std::max<int64_t>(1, (settings.megabytes << 20) / row_bytes());
    arena_.reset(static_cast<char*>(std::aligned_alloc(64, rounded(rows_ * row_bytes()))));
    copy_.reset(static_cast<char*>(std::aligned_alloc(64, rounded(rows_ * row_bytes() / 2))));
    std::memset(copy_.get(), 1, static_cast<size_t>(rows_ * row_bytes() / 2));
    fill();
    for (int64_t k = 0; k < teachers; ++k) teacher_data_.push_back(matrix(k + 1));
    for (int64_t i = 0; i < rows_; ++i) labels_.push_back(static_cast<int32_t>(i * 7 % classes));
  }

  int64_t rows() const { return rows_; }
  int64_t row_bytes() const { return (teachers_ + 2) * classes_ * element_; }

  void loss(const retort_executor* executor) {
    retort_distillation_totals totals;
    const retort_status status = retort_distillation_loss(
        &options_, rows_, classes_, matrix(0), classes_, teacher_data_.data(), teachers_, classes_,
        nullptr, labels_.data(), nullptr, matrix(teachers_ + 1), classes_, nullptr, &totals,
        executor);
    if (status == RETORT_OK) return;
    std::fprintf(stderr, "%s\n", retort_last_error());
    std::exit(1);
  }

  // One run of bytes a thread.
  void copy(const retort_executor* executor) {
    const auto task = [](void* argument, int64_t index) {
      const Case& c = *static_cast<const Case*>(argument);
      const int64_t bytes = c.rows_ * c.row_bytes() / 2, piece = bytes / c.copies_;
      std::memcpy(c.copy_.get() + index * piece, c.arena_.get() + index * piece,
                  static_cast<size_t>(piece));
    };
    copies_ = executor->threads;
    executor->run(executor->context, copies_, task, this);
  }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  static size_t rounded(int64_t bytes) { return static_cast<size_t>((bytes + 63) / 64 * 64); }
  void* matrix(int64_t i) const { return arena_.get() + i * rows_ * classes_ * element_; }

  // A normal deviate of 3 for each element, of a table: the draw itself takes longer than the loss.
  void fill() {
    std::mt19937_64 random(1);
    std::normal_distribution<float> normal(0, 3);
    std::vector<float> table(65521);
    for (float& x : table) x = normal(random);
    const int64_t elements = rows_ * classes_ * (teachers_ + 2);
    for (int64_t i = 0; i < elements; ++i) {
      const float x = table[static_cast<size_t>(i) % table.size()];
      if (options_.dtype == RETORT_F32) {
        std::memcpy(arena_.get() + 4 * i, &x, 4);
      } else {
        // The upper half of an f32 is a bfloat16; as a binary16 it is a number near 2.
        uint32_t bits;
        std::memcpy(&bits, &x, 4);
        if (options_.dtype == RETORT_F16) bits = 0x40000000 | (bits & 0x83ff0000);
        const auto half = static_cast<uint16_t>(bits >> 16);
        std::memcpy(arena_.get() + 2 * i, &half, 2);
      }
    }
  }

  int64_t classes_;
  int64_t teachers_;
  int64_t element_;
  int64_t rows_ = 0;
  int64_t copies_ = 1;
  retort_distillation_loss_options options_ = retort_distillation_loss_options_default();
  std::unique_ptr<char, Free> arena_, copy_;
  std::vector<const void*> teacher_data_;
  std::vector<int32_t> labels_;
};

void measure(const Settings& settings, int64_t classes, int64_t teachers, const std::string& mean,
             const std::string& dtype, const retort_executor* executor) {
  Case c(settings, classes, teachers, mean, dtype);
  Seconds loss, copy;
  c.loss(executor);
  c.copy(executor);
  for (int i = 0; i < settings.repeats; ++i) {
    loss.values.push_back(seconds_of([&] { c.loss(executor); }));
    copy.values.push_back(seconds_of([&] { c.copy(executor); }));
  }
  const auto rows = static_cast<double>(c.rows());
  const double nanoseconds = 1e9 / rows,
               gigabytes = rows * static_cast<double>(c.row_bytes()) / 1e9;
  std::printf(
      "%7lld %4lld %-13s %-4s %9.1f (%.1f-%.1f) ns/row  %5.1f (%.1f-%.1f) GB/s  copy %5.1f "
      "(%.1f-%.1f) GB/s  %5.1f %%\n",
      static_cast<long long>(classes), static_cast<long long>(teachers), mean.c_str(),
      dtype.c_str(), loss.at(0.5) * nanoseconds, loss.at(0.2) * nanoseconds,
      loss.at(0.8) * nanoseconds, gigabytes / loss.at(0.5), gigabytes / loss.at(0.8),
      gigabytes / loss.at(0.2), gigabytes / copy.at(0.5), gigabytes / copy.at(0.8),
      gigabytes / copy.at(0.2), 100 * copy.at(0.5) / loss.at(0.5));
  std::fflush(stdout);
}

int run(const Settings& settings) {
  retort_thread_pool* pool = nullptr;
  if (retort_thread_pool_create(settings.threads, &pool) != RETORT_OK) {
    std::fprintf(stderr, "%s\n", retort_last_error());
    return 1;
  }
  std::printf("%s, %d threads, %lld MB, median (p20-p80) of %d; temperature %g, alpha %g\n",
              retort_instruction_set(), settings.threads,
              static_cast<long long>(settings.megabytes), settings.repeats,
              static_cast<double>(settings.temperature), static_cast<double>(settings.alpha));
  std::printf("classes    K mean          dtype\n");
  for (const std::string& dtype : settings.dtypes) {
    for (const std::string& mean : settings.means) {
      for (const int64_t teachers : settings.teachers) {
        for (const int64_t classes : settings.classes) {
          measure(settings, classes, teachers, mean, dtype, retort_thread_pool_executor(pool));
        }
      }
    }
  }
  retort_thread_pool_destroy(pool);
  return 0;
}

}  // namespace
}  // namespace retort::benchmark

int main(int count, char** arguments) {
  return retort::benchmark::run(retort::benchmark::parse(count, arguments));
}
