// Whatever the arguments are, a call returns: raw bytes become options, sizes, strides and pointers, with
// buffers behind those that are in range. A call that fails leaves its outputs as they were and names an
// argument in retort_last_error; a call that succeeds writes nothing but its outputs. With AddressSanitizer
// and UndefinedBehaviorSanitizer; the fuzz preset builds it.
#include <fuzzer/FuzzedDataProvider.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "retort/retort.h"

namespace {

constexpr int64_t kBufferBytes = 1 << 13;
constexpr int64_t kMostTeachers = 4;

// An input or output: bytes of its own, of which AddressSanitizer guards the ends.
struct Operand {
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kBufferBytes, 0x3c);
  void* pointer = nullptr;
};

// The bytes decide first. What they are too short for, a generator seeded with them decides: otherwise a short
// input would be a call of zeros, which the first check refuses.
class Arguments {
 public:
  Arguments(const uint8_t* data, size_t size) : data_(data, size) {
    std::seed_seq seed(data, data + size);
    random_.seed(seed);
  }

  // Mostly small and permitted, at times any number at all.
  int64_t size(int64_t most) { return unusual() ? any<int64_t>() : within<int64_t>(0, most); }
  float number(std::initializer_list<float> usual) {
    if (!unusual()) return usual.begin()[within<size_t>(0, usual.size() - 1)];
    const auto bits = any<uint32_t>();
    float x;
    std::memcpy(&x, &bits, sizeof x);
    return x;
  }
  template <typename Enum>
  Enum choice(int count) {
    const int value = unusual() ? any<int>() : within(0, count - 1);
    Enum result;
    static_assert(sizeof result == sizeof value, "an enum of C is an int");
    std::memcpy(&result, &value, sizeof result);
    return result;
  }
  bool unusual() { return within(0, 49) == 0; }
  bool coin() { return within(0, 1) == 0; }

  // Somewhere in the operand's bytes with `needed` behind it, null, or misaligned.
  void* place(Operand& operand, int64_t needed) {
    const int64_t room = kBufferBytes - needed;
    int64_t offset = room <= 0 ? 0 : within<int64_t>(0, room) / 8 * 8;
    if (unusual()) offset = room <= 1 ? 0 : 1;
    operand.pointer = unusual() ? nullptr : operand.bytes.data() + offset;
    return operand.pointer;
  }

  // No byte is spent on contents, of which there are many.
  void fill(Operand& operand) {
    for (int i = 0; i < 64; ++i)
      operand.bytes[random_() % kBufferBytes] = static_cast<uint8_t>(random_());
  }

  void scramble(Operand& operand) {
    for (uint8_t& byte : operand.bytes) byte = static_cast<uint8_t>(random_());
  }

 private:
  template <typename Integer>
  Integer any() {
    return within(std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max());
  }
  template <typename Integer>
  Integer within(Integer least, Integer most) {
    if (data_.remaining_bytes() > 0) return data_.ConsumeIntegralInRange(least, most);
    return std::uniform_int_distribution<Integer>(least, most)(random_);
  }

  FuzzedDataProvider data_;
  std::mt19937_64 random_;
};

[[noreturn]] void broken(const char* what) {
  std::fprintf(stderr, "%s; the last error was: %s\n", what, retort_last_error());
  std::abort();
}

// Sizes that no matrix has, or none that needs reading; the bytes of some overflow 64 bits.
bool is_refused(int64_t rows, int64_t classes, int64_t stride) {
  return rows <= 0 || classes <= 0 || stride < classes ||
         stride > std::numeric_limits<int64_t>::max() / 8 / rows;
}

// Whether [rows, classes] at a stride lies within an operand; the library must refuse, or not read, the rest.
bool fits(int64_t rows, int64_t classes, int64_t stride) {
  if (is_refused(rows, classes, stride)) return true;
  if (rows > kBufferBytes || stride > kBufferBytes) return false;
  return ((rows - 1) * stride + classes) * 4 <= kBufferBytes - 64;
}

int64_t bytes_of(int64_t rows, int64_t classes, int64_t stride) {
  return is_refused(rows, classes, stride) ? 64 : ((rows - 1) * stride + classes) * 4;
}

// Calls, and checks what a failure must leave.
template <typename Call>
void check(std::initializer_list<const Operand*> outputs, Call call) {
  std::vector<std::vector<uint8_t>> before;
  for (const Operand* output : outputs) before.push_back(output->bytes);
  const retort_status status = call();
  if (status == RETORT_OK) return;
  if (status != RETORT_INVALID_ARGUMENT && status != RETORT_UNSUPPORTED)
    broken("an unknown status");
  size_t i = 0;
  for (const Operand* output : outputs) {
    if (output->bytes != before[i++]) broken("a call that failed has written");
  }
  static const char* const names[] = {
      "rows",        "classes",     "logits",        "output",   "gradient",
      "temperature", "student",     "teacher",       "label",    "alpha",
      "smoothing",   "mean",        "member",        "dtype",    "divergence",
      "soft_value",  "beta",        "target_weight", "tangent",  "denominator",
      "reduction",   "standardize", "weight",        "row_loss", "options"};
  for (const char* name : names) {
    if (std::strstr(retort_last_error(), name) != nullptr) return;
  }
  broken("the message names no argument");
}

void softmax(Arguments& arguments, bool logarithm) {
  Operand in, out;
  arguments.fill(in);
  const auto dtype = arguments.choice<retort_dtype>(3);
  const int64_t rows = arguments.size(9), classes = arguments.size(70);
  const int64_t in_stride = arguments.coin() ? classes : arguments.size(80),
                out_stride = arguments.coin() ? classes : arguments.size(80);
  const float temperature = arguments.number({0.5f, 1, 4});
  if (!fits(rows, classes, in_stride) || !fits(rows, classes, out_stride)) return;
  const void* logits = arguments.place(in, bytes_of(rows, classes, in_stride));
  void* output = arguments.place(out, bytes_of(rows, classes, out_stride));
  check({&in, &out}, [&] {
    return (logarithm ? retort_log_softmax : retort_softmax)(
        dtype, rows, classes, logits, in_stride, temperature, output, out_stride, nullptr);
  });
}

void softmax_backward(Arguments& arguments, bool logarithm) {
  Operand y, g, out;
  arguments.fill(y);
  const auto dtype = arguments.choice<retort_dtype>(3);
  const int64_t rows = arguments.size(9), classes = arguments.size(70),
                stride = arguments.coin() ? classes : arguments.size(80);
  const float temperature = arguments.number({0.5f, 1, 4});
  if (!fits(rows, classes, stride)) return;
  const int64_t bytes = bytes_of(rows, classes, stride);
  const void *output = arguments.place(y, bytes), *gradient = arguments.place(g, bytes);
  void* result = arguments.unusual() ? const_cast<void*>(output) : arguments.place(out, bytes);
  check({&out}, [&] {
    return (logarithm ? retort_log_softmax_backward : retort_softmax_backward)(
        dtype, rows, classes, output, stride, gradient, stride, temperature, result, stride,
        nullptr);
  });
}

void ensemble_mean(Arguments& arguments) {
  Operand members[kMostTeachers], out;
  retort_ensemble_mean_options options{};
  options.dtype = arguments.choice<retort_dtype>(3);
  options.mean = arguments.choice<retort_mean>(2);
  options.output = arguments.choice<retort_form>(3);
  options.temperature = arguments.number({0.5f, 1, 4});
  float weights[kMostTeachers];
  for (float& weight : weights) weight = arguments.number({0, 1, 3});
  if (arguments.coin()) options.member_weights = weights;
  const int64_t rows = arguments.size(9), classes = arguments.size(70),
                stride = arguments.coin() ? classes : arguments.size(80);
  int64_t count = arguments.size(kMostTeachers);
  // An array is as long as its count says; beyond the range there is none to read.
  if (count > kMostTeachers && count <= 1024) count = kMostTeachers;
  if (!fits(rows, classes, stride)) return;
  const void* pointers[kMostTeachers];
  for (int64_t k = 0; k < kMostTeachers; ++k) {
    arguments.fill(members[k]);
    pointers[k] = arguments.place(members[k], bytes_of(rows, classes, stride));
  }
  void* output = arguments.place(out, bytes_of(rows, classes, stride));
  check({&out}, [&] {
    return retort_ensemble_mean(arguments.unusual() ? nullptr : &options, rows, classes,
                                arguments.unusual() ? nullptr : pointers, count, stride, output,
                                stride, nullptr);
  });
}

retort_distillation_loss_options distillation_options(Arguments& arguments) {
  retort_distillation_loss_options options{};
  options.dtype = arguments.choice<retort_dtype>(3);
  options.label_type = arguments.choice<retort_label_type>(2);
  options.mean = arguments.choice<retort_mean>(2);
  options.teacher_form = arguments.choice<retort_form>(3);
  options.divergence = arguments.choice<retort_divergence>(7);
  options.soft_value =
      arguments.coin() ? RETORT_KL_OF_MEAN : arguments.choice<retort_soft_value>(3);
  options.reduction = arguments.choice<retort_reduction>(3);
  options.temperature = arguments.number({0.5f, 1, 2, 4});
  options.alpha = arguments.number({0, 0.5f, 1});
  options.label_smoothing = arguments.number({0, 0.1f, 1});
  options.scale_by_temperature_squared = arguments.coin() ? 1 : 0;
  options.standardize_logits = arguments.unusual() ? 1 : 0;
  options.standardize_epsilon = arguments.number({0, 1e-7f});
  options.beta = arguments.number({0, 0.5f, 1});
  options.target_weight = arguments.number({0, 1});
  options.non_target_weight = arguments.number({0, 1, 8});
  options.ignore_index = arguments.coin() ? -100 : arguments.size(70);
  options.denominator = static_cast<double>(arguments.number({0, 7.5f}));
  return options;
}

void distillation(Arguments& arguments, bool tangent) {
  Operand student, teachers[kMostTeachers], labels, row_weights, gradients[kMostTeachers], row_loss,
      u;
  retort_distillation_loss_options options = distillation_options(arguments);
  float weights[kMostTeachers], temperatures[kMostTeachers];
  for (float& weight : weights) weight = arguments.number({0, 1, 3});
  for (float& temperature : temperatures) temperature = arguments.number({1, 2});
  if (arguments.unusual()) options.teacher_temperatures = temperatures;
  const int64_t rows = arguments.size(9), classes = arguments.size(70),
                stride = arguments.coin() ? classes : arguments.size(80);
  int64_t count = arguments.size(kMostTeachers);
  if (count > kMostTeachers && count <= 1024) count = kMostTeachers;
  if (!fits(rows, classes, stride) || rows > kBufferBytes / 16) return;
  const int64_t bytes = bytes_of(rows, classes, stride), row_bytes = rows <= 0 ? 64 : rows * 8;
  std::memset(labels.bytes.data(), 0, labels.bytes.size());
  std::memset(row_weights.bytes.data(), 0, row_weights.bytes.size());
  if (arguments.unusual()) arguments.scramble(labels);
  if (arguments.unusual()) arguments.scramble(row_weights);
  arguments.fill(student);
  const void* pointers[kMostTeachers];
  void* outputs[kMostTeachers];
  for (int64_t k = 0; k < kMostTeachers; ++k) {
    arguments.fill(teachers[k]);
    pointers[k] = arguments.place(teachers[k], bytes);
    outputs[k] = arguments.place(gradients[k], bytes);
  }
  const void* logits = arguments.place(student, bytes);
  const void* label_pointer = arguments.place(labels, row_bytes);
  const auto* weight_pointer =
      arguments.coin() ? nullptr
                       : static_cast<const float*>(arguments.place(row_weights, row_bytes));
  const retort_distillation_loss_options* given = arguments.unusual() ? nullptr : &options;
  const void* const* teacher_array = arguments.unusual() ? nullptr : pointers;
  const float* teacher_weights = arguments.coin() ? nullptr : weights;
  if (tangent) {
    const void* direction = arguments.place(u, bytes);
    void* const* output_array = arguments.unusual() ? nullptr : outputs;
    check({&gradients[0], &gradients[1], &gradients[2], &gradients[3]}, [&] {
      return retort_distillation_tangent(given, rows, classes, logits, stride, teacher_array, count,
                                         stride, teacher_weights, label_pointer, weight_pointer,
                                         direction, stride, output_array, stride, nullptr);
    });
    return;
  }
  void* gradient = arguments.unusual() ? const_cast<void*>(logits) : outputs[0];
  auto* losses = static_cast<float*>(arguments.place(row_loss, row_bytes));
  retort_distillation_totals totals{};
  check({&student, &gradients[0], &row_loss}, [&] {
    return retort_distillation_loss(given, rows, classes, logits, stride, teacher_array, count,
                                    stride, teacher_weights, label_pointer, weight_pointer,
                                    gradient, stride, losses, arguments.coin() ? &totals : nullptr,
                                    nullptr);
  });
}

void thread_pool(Arguments& arguments) {
  retort_thread_pool* pool = nullptr;
  int32_t threads = static_cast<int32_t>(arguments.size(3));
  if (threads > 3 && threads <= 1024) threads = 3;
  if (retort_thread_pool_create(threads, arguments.unusual() ? nullptr : &pool) == RETORT_OK)
    retort_thread_pool_destroy(pool);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Arguments arguments(data + 1, size - 1);
  switch (data[0] % 32) {
    case 0:
      thread_pool(arguments);
      break;
    case 1:
    case 2:
      softmax(arguments, data[0] % 2 == 0);
      break;
    case 3:
    case 4:
      softmax_backward(arguments, data[0] % 2 == 0);
      break;
    case 5:
    case 6:
    case 7:
      ensemble_mean(arguments);
      break;
    default:
      distillation(arguments, data[0] % 2 == 0);
  }
  return 0;
}
