// The dynamic shared memory of one block, between two bands that nobody may touch. It holds NaNs when the block starts
// and again when the block has ended, when a peer of its cluster may no longer reach it. The address sanitizer
// sees a stray access at once; without it, a stray write is found when the block or its cluster ends.
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

  // The block starts: NaNs everywhere.
  void open();
  // The block has ended.
  void close();
  // Each returns how far from data() a stray write went, or kNone. For an open memory: outside it.
  std::ptrdiff_t stray_write() const;
  // For a closed one: anywhere.
  std::ptrdiff_t late_write() const;

  static constexpr std::ptrdiff_t kNone = PTRDIFF_MIN;

 private:
  void forbid(const unsigned char* begin, const unsigned char* end) const;
  void allow_all() const;

  std::size_t bytes_;
  std::vector<unsigned char> storage_;
  unsigned char* data_;
};

}  // namespace retort::emulation
