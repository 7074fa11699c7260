#include "memory.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "../narrow_format.h"
#include "implementation.h"

namespace retort::conformance {
namespace {

const testing::Format& format_of(retort_dtype dtype) {
  return testing::kFormats[dtype == RETORT_F16 ? 0 : 1];
}

// Every number of a format, by its bits.
const std::vector<float>& numbers_of(retort_dtype dtype) {
  const auto all = [](const testing::Format& format) {
    std::vector<float> numbers;
    for (int bits = 0; bits < 65536; ++bits)
      numbers.push_back(testing::decode(format, static_cast<uint16_t>(bits)));
    return numbers;
  };
  static const std::vector<float> f16 = all(testing::kFormats[0]), bf16 = all(testing::kFormats[1]);
  return dtype == RETORT_F16 ? f16 : bf16;
}

double decode(retort_dtype dtype, const uint8_t* bytes) {
  if (dtype == RETORT_F32) {
    float x;
    std::memcpy(&x, bytes, sizeof x);
    return x;
  }
  uint16_t bits;
  std::memcpy(&bits, bytes, sizeof bits);
  return numbers_of(dtype)[bits];
}

void encode(retort_dtype dtype, double x, uint8_t* bytes) {
  if (dtype == RETORT_F32) {
    const auto narrow = static_cast<float>(x);
    std::memcpy(bytes, &narrow, sizeof narrow);
    return;
  }
  const uint16_t bits = testing::encode(format_of(dtype), x);
  std::memcpy(bytes, &bits, sizeof bits);
}

int fraction_bits(retort_dtype dtype) {
  return dtype == RETORT_F32 ? 23 : format_of(dtype).fraction_bits;
}
int lowest_exponent(retort_dtype dtype) {
  return dtype == RETORT_F32 ? -126 : format_of(dtype).lowest_exponent;
}
int highest_exponent(retort_dtype dtype) {
  return dtype == RETORT_F32 ? 127 : format_of(dtype).highest_exponent;
}

reference::Row decoded(retort_dtype dtype, int64_t classes, const uint8_t* bytes) {
  reference::Row row(static_cast<size_t>(classes));
  for (double& x : row) {
    x = decode(dtype, bytes);
    bytes += size_of(dtype);
  }
  return row;
}

}  // namespace

int64_t size_of(retort_dtype dtype) { return dtype == RETORT_F32 ? 4 : 2; }

double rounded(retort_dtype dtype, double x) {
  uint8_t bytes[4];
  encode(dtype, x, bytes);
  return decode(dtype, bytes);
}

double spacing(retort_dtype dtype, double x) {
  if (!std::isfinite(x)) return 0;
  const int exponent = x == 0 ? lowest_exponent(dtype) : std::ilogb(x);
  return std::ldexp(1.0, std::max(exponent, lowest_exponent(dtype)) - fraction_bits(dtype));
}

double largest(retort_dtype dtype) {
  return std::ldexp(2 - std::ldexp(1.0, -fraction_bits(dtype)), highest_exponent(dtype));
}

double smallest(retort_dtype dtype) {
  return std::ldexp(1.0, lowest_exponent(dtype) - fraction_bits(dtype));
}

Buffer::Buffer(int64_t bytes, int64_t offset, int64_t guard)
    : start_(64 + offset), before_(static_cast<size_t>(start_ + bytes + guard)) {
  for (size_t i = 0; i + 1 < before_.size(); i += 2) {
    before_[i] = static_cast<uint8_t>(0x81 + i / 2 * 37 % 0x7e);
    before_[i + 1] = 0xff;
  }
  memory_ = static_cast<uint8_t*>(implementation().allocate(before_.size()));
}

Buffer::~Buffer() { implementation().release(memory_); }

void Buffer::send() { implementation().write(memory_, before_.data(), before_.size()); }

void Buffer::receive() {
  after_.resize(before_.size());
  implementation().read(after_.data(), memory_, after_.size());
}

void Matrix::set(int64_t row, int64_t column, double x) {
  encode(dtype, x, buffer->before() + place(row, column));
}

void Matrix::set_row(int64_t row, const reference::Row& values) {
  for (int64_t j = 0; j < classes; ++j) set(row, j, values[static_cast<size_t>(j)]);
}

double Matrix::at(int64_t row, int64_t column) const {
  return decode(dtype, buffer->before() + place(row, column));
}

reference::Row Matrix::row(int64_t row) const {
  return decoded(dtype, classes, buffer->before() + place(row, 0));
}

reference::Row Matrix::result(int64_t row) const {
  return decoded(dtype, classes, buffer->after() + place(row, 0));
}

std::string Matrix::bits(int64_t row) const {
  const uint8_t* first = buffer->after() + place(row, 0);
  return {first, first + classes * size_of(dtype)};
}

std::shared_ptr<Buffer> Memory::buffer(int64_t bytes, int64_t offset, int64_t guard) {
  buffers_.push_back(std::make_shared<Buffer>(bytes, offset, guard));
  return buffers_.back();
}

Matrix Memory::matrix(retort_dtype dtype, int64_t rows, int64_t classes, int64_t stride,
                      int64_t offset, int64_t guard) {
  // The last row ends with its classes, not with its stride.
  const int64_t elements = rows == 0 ? 0 : (rows - 1) * stride + classes;
  const int64_t size = size_of(dtype);
  return {buffer(elements * size, offset * size, guard), dtype, rows, classes, stride};
}

Integers Memory::integers(const std::vector<int64_t>& values, int64_t bytes_each) {
  Integers integers{buffer(static_cast<int64_t>(values.size()) * bytes_each, 0, 64), values};
  uint8_t* place = integers.buffer->before();
  for (const int64_t value : values) {
    // Little-endian: the low bytes come first.
    std::memcpy(place, &value, static_cast<size_t>(bytes_each));
    place += bytes_each;
  }
  return integers;
}

void Memory::send() const {
  for (const auto& buffer : buffers_) buffer->send();
}

void Memory::receive() const {
  for (const auto& buffer : buffers_) buffer->receive();
}

std::string Memory::changed_outside(const std::vector<Matrix>& outputs) const {
  for (size_t b = 0; b < buffers_.size(); ++b) {
    const Buffer& buffer = *buffers_[b];
    std::vector<uint8_t> expected = buffer.all_before();
    for (const Matrix& output : outputs) {
      if (output.buffer != buffers_[b]) continue;
      const int64_t bytes = output.classes * size_of(output.dtype);
      for (int64_t i = 0; i < output.rows; ++i) {
        const int64_t first = buffer.start() + i * output.stride * size_of(output.dtype);
        std::memcpy(expected.data() + first, buffer.all_after().data() + first,
                    static_cast<size_t>(bytes));
      }
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      if (expected[i] == buffer.all_after()[i]) continue;
      return "byte " + std::to_string(static_cast<int64_t>(i) - buffer.start()) + " of buffer " +
             std::to_string(b) + " was written, which is no output";
    }
  }
  return "";
}

std::vector<uint8_t> Memory::after() const {
  std::vector<uint8_t> all;
  for (const auto& buffer : buffers_)
    all.insert(all.end(), buffer->all_after().begin(), buffer->all_after().end());
  return all;
}

}  // namespace retort::conformance
