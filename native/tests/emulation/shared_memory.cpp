#include "shared_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) \
  (static_cast<void>(address), static_cast<void>(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) \
  (static_cast<void>(address), static_cast<void>(bytes))
#endif

namespace retort::emulation {
namespace {

constexpr std::size_t kBand = 1024;
// The hardware aligns the start no further than this.
constexpr std::size_t kAlignment = 1024;
constexpr unsigned char kFill = 0xFF;

std::ptrdiff_t first_change(const unsigned char* begin, const unsigned char* end,
                            const unsigned char* origin) {
  if (begin == end) return SharedMemory::kNone;
  const auto bytes = static_cast<std::size_t>(end - begin);
  if (begin[0] == kFill && std::memcmp(begin, begin + 1, bytes - 1) == 0) {
    return SharedMemory::kNone;
  }
  const unsigned char* changed =
      std::find_if(begin, end, [](unsigned char byte) { return byte != kFill; });
  return changed == end ? SharedMemory::kNone : changed - origin;
}

}  // namespace

SharedMemory::SharedMemory(std::size_t bytes)
    : bytes_(bytes), storage_(kBand + kAlignment + bytes + kBand) {
  const auto first = reinterpret_cast<std::uintptr_t>(storage_.data()) + kBand;
  data_ = storage_.data() + kBand + (kAlignment - first % kAlignment) % kAlignment;
  close();
}

SharedMemory::~SharedMemory() { allow_all(); }

bool SharedMemory::contains(const void* address, std::size_t bytes) const {
  const auto* first = static_cast<const unsigned char*>(address);
  return first >= data_ && first <= data_ + bytes_ &&
         bytes <= static_cast<std::size_t>(data_ + bytes_ - first);
}

void SharedMemory::open() {
  open_ = true;
  apply_permissions();
}

void SharedMemory::close() {
  allow_all();
  std::memset(data_ - kBand, kFill, kBand + bytes_ + kBand);
  open_ = false;
  apply_permissions();
}

std::ptrdiff_t SharedMemory::forbidden_write() const {
  const unsigned char* end = data_ + bytes_;
  allow_all();
  std::ptrdiff_t change = first_change(data_ - kBand, data_, data_);
  if (change == kNone) change = first_change(end, end + kBand, data_);
  if (change == kNone && !open_) change = first_change(data_, end, data_);
  apply_permissions();
  return change;
}

void SharedMemory::apply_permissions() const {
  ASAN_POISON_MEMORY_REGION(data_ - kBand, kBand + bytes_ + kBand);
  if (open_) ASAN_UNPOISON_MEMORY_REGION(data_, bytes_);
}

void SharedMemory::allow_all() const {
  ASAN_UNPOISON_MEMORY_REGION(storage_.data(), storage_.size());
}

}  // namespace retort::emulation
