// The matrices of one call. Each lies in a buffer whose every other byte, between its rows and around it,
// holds a pattern that is a NaN in every dtype; what the call leaves there is compared byte for byte.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "reference/reference.h"
#include "retort/retort.h"

namespace retort::conformance {

int64_t size_of(retort_dtype dtype);
// The nearest number of the dtype, ties to even.
double rounded(retort_dtype dtype, double x);
// The distance to the next number of the dtype, near x.
double spacing(retort_dtype dtype, double x);
double largest(retort_dtype dtype);
double smallest(retort_dtype dtype);

// The implementation's bytes, and beside them what they were before the call and are after it.
class Buffer {
 public:
  // `offset`: of the first byte from an alignment of 64; `guard`: bytes on either side.
  Buffer(int64_t bytes, int64_t offset, int64_t guard);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void send();
  void receive();

  uint8_t* before() { return before_.data() + start_; }
  const uint8_t* before() const { return before_.data() + start_; }
  const uint8_t* after() const { return after_.data() + start_; }
  uint8_t* memory() const { return memory_ + start_; }

  // All of it, guards included.
  const std::vector<uint8_t>& all_before() const { return before_; }
  const std::vector<uint8_t>& all_after() const { return after_; }
  int64_t start() const { return start_; }

 private:
  int64_t start_;
  std::vector<uint8_t> before_;
  std::vector<uint8_t> after_;
  uint8_t* memory_;
};

// A view of a buffer; copies are of the same memory.
struct Matrix {
  std::shared_ptr<Buffer> buffer;
  retort_dtype dtype = RETORT_F32;
  int64_t rows = 0;
  int64_t classes = 0;
  int64_t stride = 0;

  // The pointer that the implementation is given.
  void* data() const { return buffer ? buffer->memory() : nullptr; }

  void set(int64_t row, int64_t column, double x);
  void set_row(int64_t row, const reference::Row& values);
  double at(int64_t row, int64_t column) const;
  reference::Row row(int64_t row) const;
  // After the call.
  reference::Row result(int64_t row) const;
  // The bytes of a row after the call.
  std::string bits(int64_t row) const;

 private:
  int64_t place(int64_t row, int64_t column) const {
    return (row * stride + column) * size_of(dtype);
  }
};

// Whole numbers, such as labels.
struct Integers {
  std::shared_ptr<Buffer> buffer;
  std::vector<int64_t> values;

  const void* data() const { return buffer ? buffer->memory() : nullptr; }
};

class Memory {
 public:
  Matrix matrix(retort_dtype dtype, int64_t rows, int64_t classes, int64_t stride,
                int64_t offset = 0, int64_t guard = 64);
  Integers integers(const std::vector<int64_t>& values, int64_t bytes_each);

  void send() const;
  void receive() const;
  // What the last call changed outside of the outputs; empty where nothing.
  std::string changed_outside(const std::vector<Matrix>& outputs) const;
  // Every byte after the last call.
  std::vector<uint8_t> after() const;

 private:
  std::shared_ptr<Buffer> buffer(int64_t bytes, int64_t offset, int64_t guard);

  std::vector<std::shared_ptr<Buffer>> buffers_;
};

}  // namespace retort::conformance
