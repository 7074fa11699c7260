// The dynamic shared memory of one block, between two bands that nobody may touch. It is open while
// the block runs, and closed before its first instruction and after its last, when no peer of its
// cluster may reach it. Every byte that nobody wrote is 0xFF, so that numbers are NaNs. The address
// sanitizer sees a forbidden access at once; without it, a forbidden write is found afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace retort::emulation {

class SharedMemory {
 public:
  explicit SharedMemory(std::size_t bytes);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  unsigned char* data() const { return data_; }
  std::size_t size() const { return bytes_; }
  bool contains(const void* address, std::size_t bytes) const;

  // A memory is closed at first.
  void open();
  void close();
  // Where, from data() on, someone wrote that may not: outside an open memory, anywhere in a closed
  // one. kNone when nobody did.
  std::ptrdiff_t forbidden_write() const;

  static constexpr std::ptrdiff_t kNone = PTRDIFF_MIN;

 private:
  void apply_permissions() const;
  void allow_all() const;

  std::size_t bytes_;
  std::vector<unsigned char> storage_;
  unsigned char* data_;
  bool open_ = false;
};

}  // namespace retort::emulation
