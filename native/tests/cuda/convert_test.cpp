// retort_cuda_convert, over the emulation, against the definition of the formats.
#include "narrow_format.h"
#include "network_testing.h"
#include "retort/cuda_network.h"

namespace retort::testing {
namespace {

constexpr uint16_t kGuardBits = 0xabcd;

// 16-bit numbers between guards.
class Halves {
 public:
  explicit Halves(size_t size, size_t offset = 1)
      : size_(size), offset_(offset), bits_(size + offset + 16, kGuardBits) {}

  uint16_t* data() { return bits_.data() + offset_; }
  uint16_t& operator[](size_t i) { return data()[i]; }
  bool guards_hold() const {
    for (size_t i = 0; i < bits_.size(); ++i) {
      if ((i < offset_ || i >= offset_ + size_) && bits_[i] != kGuardBits) return false;
    }
    return true;
  }

 private:
  size_t size_;
  size_t offset_;
  std::vector<uint16_t, RETORT_TEST_ALLOCATOR<uint16_t>> bits_;
};

void convert(retort_dtype from, retort_dtype to, int64_t size, const void* input, void* output) {
  ASSERT_EQ(retort_cuda_convert(from, to, size, input, output, nullptr), RETORT_OK)
      << retort_cuda_last_error();
  wait_for_device();
}

void expect_float(float actual, float expected) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(actual));
  } else {
    EXPECT_EQ(actual, expected);
    EXPECT_EQ(std::signbit(actual), std::signbit(expected));
  }
}

bool is_nan(const Format& format, uint16_t bits) { return std::isnan(decode(format, bits)); }

TEST(CudaConvert, EveryNarrowNumberBecomesTheFloatThatItIs) {
  for (const Format& format : kFormats) {
    Halves input(65536, 0);
    Floats output(65536);
    for (size_t i = 0; i < 65536; ++i) input[i] = static_cast<uint16_t>(i);
    convert(format.dtype, RETORT_F32, 65536, input.data(), output.data());
    for (int64_t i = 0; i < 65536; ++i) {
      SCOPED_TRACE(i);
      expect_float(output[i], decode(format, static_cast<uint16_t>(i)));
    }
    EXPECT_TRUE(output.guards_hold());
  }
}

// Every finite narrow number, the middle between it and the next, and what lies beside that.
TEST(CudaConvert, AFloatIsRoundedToTheNearestTiesToEven) {
  for (const Format& format : kFormats) {
    const auto infinity =
        static_cast<uint16_t>((2 * format.highest_exponent + 1) << format.fraction_bits);
    std::vector<float> values = {kNaN, -kNaN, kInfinity, -kInfinity, 3e38f, -3e38f, 1e-45f};
    for (uint16_t bits = 0; bits < infinity; ++bits) {
      const float low = decode(format, bits);
      const float high = bits + 1 < infinity
                             ? decode(format, static_cast<uint16_t>(bits + 1))
                             : static_cast<float>(std::ldexp(1.0, format.highest_exponent + 1));
      const auto middle = static_cast<float>((static_cast<double>(low) + high) / 2);
      for (const float x : {low, middle, std::nextafter(middle, 0.0f),
                            std::nextafter(middle, kInfinity), -middle}) {
        values.push_back(x);
      }
    }
    Floats input(static_cast<int64_t>(values.size()), 0);
    for (size_t i = 0; i < values.size(); ++i) input[static_cast<int64_t>(i)] = values[i];
    Halves output(values.size(), 0);
    convert(RETORT_F32, format.dtype, input.size(), input.data(), output.data());
    for (size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) {
        EXPECT_TRUE(is_nan(format, output[i])) << i;
      } else {
        ASSERT_EQ(output[i], encode(format, values[i])) << values[i];
      }
    }
    EXPECT_TRUE(output.guards_hold());
  }
}

TEST(CudaConvert, BetweenNarrowTypesTheFloatIsRoundedOnce) {
  for (const bool to_f16 : {false, true}) {
    const Format &from = kFormats[to_f16 ? 1 : 0], &to = kFormats[to_f16 ? 0 : 1];
    Halves input(65536), output(65536);
    for (size_t i = 0; i < 65536; ++i) input[i] = static_cast<uint16_t>(i);
    convert(from.dtype, to.dtype, 65536, input.data(), output.data());
    for (size_t i = 0; i < 65536; ++i) {
      const float x = decode(from, static_cast<uint16_t>(i));
      if (std::isnan(x)) {
        EXPECT_TRUE(is_nan(to, output[i])) << i;
      } else {
        ASSERT_EQ(output[i], encode(to, x)) << x;
      }
    }
    EXPECT_TRUE(output.guards_hold());
  }
}

TEST(CudaConvert, AnySizeAnywhereAndInPlaceToo) {
  std::mt19937_64 random(1);
  for (const int64_t size : {0, 1, 7, 8, 9, 2047, 2048, 2049, 5000}) {
    for (const int64_t offset : {0, 1, 2, 3, 5}) {
      SCOPED_TRACE(::testing::Message() << size << " at " << offset);
      Floats input(size, offset), copy(size, (offset + 1) % 4);
      input.fill_normal(random, 1);
      Halves narrow(static_cast<size_t>(size), static_cast<size_t>(offset));
      convert(RETORT_F32, RETORT_F16, size, input.data(), narrow.data());
      convert(RETORT_F16, RETORT_BF16, size, narrow.data(), narrow.data());
      convert(RETORT_BF16, RETORT_F32, size, narrow.data(), copy.data());
      for (int64_t i = 0; i < size; ++i) {
        const uint16_t half = encode(kFormats[0], input[i]);
        const uint16_t brain = encode(kFormats[1], decode(kFormats[0], half));
        ASSERT_EQ(narrow[static_cast<size_t>(i)], brain);
        ASSERT_EQ(copy[i], decode(kFormats[1], brain));
      }
      EXPECT_TRUE(narrow.guards_hold() && copy.guards_hold());
      convert(RETORT_F32, RETORT_F32, size, input.data(), copy.data());
      EXPECT_EQ(copy.values(), input.values());
    }
  }
}

void expect_refused_by_cuda(retort_status status, const char* argument) {
  EXPECT_EQ(status, RETORT_INVALID_ARGUMENT) << argument;
  EXPECT_NE(std::strstr(retort_cuda_last_error(), argument), nullptr)
      << "expected " << argument << " in: " << retort_cuda_last_error();
}

TEST(CudaConvert, ABadArgumentIsNamed) {
  Floats a(16, 0), b(16, 0);
  auto* const narrow = reinterpret_cast<uint16_t*>(b.data());
  const auto bad = static_cast<retort_dtype>(3);
  expect_refused_by_cuda(retort_cuda_convert(bad, RETORT_F32, 8, a.data(), b.data(), nullptr),
                         "from must be a retort_dtype, got 3");
  expect_refused_by_cuda(retort_cuda_convert(RETORT_F32, bad, 8, a.data(), b.data(), nullptr),
                         "to must be a retort_dtype, got 3");
  expect_refused_by_cuda(retort_cuda_convert(RETORT_F32, RETORT_F16, -1, a.data(), narrow, nullptr),
                         "size");
  expect_refused_by_cuda(
      retort_cuda_convert(RETORT_F32, RETORT_F16, INT64_MAX, a.data(), narrow, nullptr), "input");
  expect_refused_by_cuda(retort_cuda_convert(RETORT_F32, RETORT_F16, 8, nullptr, narrow, nullptr),
                         "input");
  expect_refused_by_cuda(retort_cuda_convert(RETORT_F32, RETORT_F16, 8, a.data(), nullptr, nullptr),
                         "output");
  expect_refused_by_cuda(
      retort_cuda_convert(RETORT_F32, RETORT_F16, 8, narrow + 1, a.data(), nullptr),
      "input must be aligned");
  expect_refused_by_cuda(
      retort_cuda_convert(RETORT_F32, RETORT_F16, 8, a.data(), a.data(), nullptr), "overlap");
  expect_refused_by_cuda(
      retort_cuda_convert(RETORT_F16, RETORT_BF16, 8, narrow, narrow + 1, nullptr), "overlap");
}

}  // namespace
}  // namespace retort::testing
