// Every operation of the CUDA library on a GPU, beside a copy of the bytes it must move (gpu_operation.cu counts them) and
// beside the peak of the memory. Prints CSV, one line a case:
//
//   gpu_benchmark --device-name "H200" --commit "$(git rev-parse --short HEAD)"
//   gpu_benchmark --operations distillation-loss,softmax --classes 1000 --dtype bf16
//
// Every repetition is timed by events on one stream and begins with a cold second-level cache: twice its size is
// written first. Operation and copy take turns. A figure is the median of the repetitions, with the 20th and 80th
// percentile beside it; the share is the copy's median over the operation's. The first two lines are of the copy of
// the whole working set and of the memory's peak, its clock times its width, which is what the datasheet names.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "gpu_operation.h"
#include "gpu_timing.h"

namespace retort::benchmark {
namespace {

struct Settings {
  std::vector<std::string> operations;
  std::vector<int64_t> classes{10, 100, 256, 1000, 8192, 32000, 128256, 262144};
  std::vector<int64_t> teachers{1, 4, 16};
  std::vector<std::string> dtypes{"f32", "bf16"};
  int64_t megabytes = 1024;
  int repeats = 51;
  std::string device_name;
  std::string commit = "unknown";

  int64_t bytes() const { return megabytes << 20; }
};

const std::map<std::string, retort_dtype> kDtypes{
    {"f32", RETORT_F32}, {"f16", RETORT_F16}, {"bf16", RETORT_BF16}};

// A line of the table; the dtype of a copy is empty, and its other sizes 0.
struct Line {
  std::string kernel, provider, dtype;
  int64_t rows = 0, classes = 0, teachers = 0, model_bytes = 0;
  double median = 0, fast = 0, slow = 0, of_copy = 1;

  void print(const Settings& settings) const {
    std::printf("%s,%s,%lld,%lld,%lld,%s,,%.0f,%.0f,%.0f,%lld,%.1f,%.4f,\"%s\",%s\n",
                kernel.c_str(), provider.c_str(), static_cast<long long>(rows),
                static_cast<long long>(classes), static_cast<long long>(teachers), dtype.c_str(),
                median, fast, slow, static_cast<long long>(model_bytes),
                static_cast<double>(model_bytes) / median, of_copy, settings.device_name.c_str(),
                settings.commit.c_str());
    std::fflush(stdout);
  }
};

// Half of the bytes are read, half are written.
class Copy {
 public:
  explicit Copy(int64_t bytes)
      : half_(static_cast<size_t>(bytes / 2)), from_(half_ + 1), to_(half_ + 1) {}

  void operator()() const {
    check(cudaMemcpyAsync(to_.bytes(), from_.bytes(), half_, cudaMemcpyDeviceToDevice), "copying");
  }

 private:
  size_t half_;
  DeviceMemory from_, to_;
};

void measure(const Settings& settings, const Timer& timer, const Operation& operation, Line line) {
  const Copy copy(operation.model_bytes);
  Times own, copies;
  constexpr int kWarmUps = 5;
  for (int i = 0; i < kWarmUps + settings.repeats; ++i) {
    const double of_operation = timer.nanoseconds(operation.call);
    const double of_copy = timer.nanoseconds([&] { copy(); });
    if (i < kWarmUps) continue;
    own.values.push_back(of_operation);
    copies.values.push_back(of_copy);
  }
  line.kernel = operation.kernel;
  line.provider = operation.provider;
  line.rows = operation.rows;
  line.model_bytes = operation.model_bytes;
  line.median = own.at(0.5);
  line.fast = own.at(0.2);
  line.slow = own.at(0.8);
  line.of_copy = copies.at(0.5) / line.median;
  line.print(settings);
}

double attribute(cudaDeviceAttr which) {
  int device = 0, value = 0;
  check(cudaGetDevice(&device), "looking for a GPU");
  check(cudaDeviceGetAttribute(&value, which, device), "asking for the memory");
  return value;
}

// What memory can do: a copy of the working set, and the clock (kHz, two transfers each) times the width (bits).
void measure_memory(const Settings& settings, const Timer& timer) {
  const Copy copy(settings.bytes());
  Times times;
  for (int i = 0; i < settings.repeats; ++i)
    times.values.push_back(timer.nanoseconds([&] { copy(); }));
  Line line{"copy", "cudaMemcpyAsync", ""};
  line.model_bytes = settings.bytes();
  line.median = times.at(0.5);
  line.fast = times.at(0.2);
  line.slow = times.at(0.8);
  line.print(settings);
  const double bytes_per_nanosecond = attribute(cudaDevAttrMemoryClockRate) * 1e3 * 2 *
                                      attribute(cudaDevAttrGlobalMemoryBusWidth) / 8 * 1e-9;
  if (bytes_per_nanosecond == 0) return;  // some drivers do not tell
  Line peak{"copy", "datasheet", ""};
  peak.model_bytes = settings.bytes();
  peak.median = peak.fast = peak.slow =
      static_cast<double>(settings.bytes()) / bytes_per_nanosecond;
  peak.of_copy = line.median / peak.median;
  peak.print(settings);
}

void measure_kind(const Settings& settings, const Timer& timer, const OperationKind& kind) {
  for (const std::string& dtype : settings.dtypes) {
    for (const int64_t teachers : kind.has_teachers ? settings.teachers : std::vector<int64_t>{1}) {
      for (const int64_t classes : settings.classes) {
        Line line{"", "", dtype};
        line.classes = classes;
        line.teachers = teachers;
        for (const Operation& operation :
             kind.make({kDtypes.at(dtype), classes, teachers}, settings.bytes()))
          measure(settings, timer, operation, line);
      }
    }
  }
}

std::string name_of_device() {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, 0), "looking for a GPU");
  return properties.name;
}

int run(int argc, char** argv) {
  Settings settings;
  std::vector<std::string> known;
  for (const OperationKind& kind : operation_kinds()) known.push_back(kind.name);
  settings.operations = known;
  CLI::App app{"The operations of the CUDA library beside a copy of the same bytes, as CSV"};
  app.add_option("--operations", settings.operations, "Which of them")
      ->delimiter(',')
      ->check(CLI::IsMember(known))
      ->capture_default_str();
  app.add_option("--classes", settings.classes, "Class counts")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--teachers", settings.teachers, "Numbers of teachers")
      ->delimiter(',')
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--dtype", settings.dtypes, "f32, f16, bf16")
      ->delimiter(',')
      ->check(CLI::IsMember(kDtypes))
      ->capture_default_str();
  app.add_option("--megabytes", settings.megabytes, "The working set")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--repeats", settings.repeats, "Repetitions a case")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--device-name", settings.device_name,
                 "As the results name the GPU; the driver's name by default");
  app.add_option("--commit", settings.commit, "As the results name the code")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  if (settings.device_name.empty()) settings.device_name = name_of_device();
  const Timer timer;
  std::printf(
      "kernel,provider,rows,classes,teachers,dtype,threads,median_ns,p20_ns,p80_ns,model_bytes,"
      "gigabytes_per_second,share_of_copy,machine,commit\n");
  measure_memory(settings, timer);
  for (const OperationKind& kind : operation_kinds()) {
    const auto& wanted = settings.operations;
    if (std::find(wanted.begin(), wanted.end(), kind.name) != wanted.end())
      measure_kind(settings, timer, kind);
  }
  return 0;
}

}  // namespace
}  // namespace retort::benchmark

int main(int argc, char** argv) {
  try {
    return retort::benchmark::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
