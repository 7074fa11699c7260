#include "asynchronous_copies.h"

#include <cstdint>
#include <cstring>
#include <numeric>

#include "block.h"
#include "thread.h"

namespace retort::emulation {

void copy_async(void* shared, const void* global, unsigned bytes, unsigned source_bytes,
                Site site) {
  Thread& thread = Thread::current();
  const std::string copy = "the copy at " + text_of(site);
  if (bytes != 4 && bytes != 8 && bytes != 16) {
    fail_here(copy + " has " + std::to_string(bytes) + " bytes, but must have 4, 8 or 16");
  }
  if (source_bytes > bytes) {
    fail_here(copy + " reads " + std::to_string(source_bytes) + " of " + std::to_string(bytes) +
              " bytes");
  }
  for (const void* address : {static_cast<const void*>(shared), global}) {
    if (reinterpret_cast<std::uintptr_t>(address) % bytes != 0) {
      fail_here(copy + " has an address that is no multiple of its " + std::to_string(bytes) +
                " bytes");
    }
  }
  if (!thread.block().shared().contains(shared, bytes)) {
    fail_here(copy + " writes outside the shared memory of its block");
  }
  thread.copies().issue(shared, global, bytes, source_bytes, site);
}

void commit_copies() { Thread::current().copies().commit(); }

void wait_copies(unsigned pending_groups) { Thread::current().copies().wait(pending_groups); }

void AsynchronousCopies::issue(void* shared, const void* global, unsigned bytes,
                               unsigned source_bytes, const Site& site) {
  std::memset(shared, 0xFF, bytes);
  copies_.push_back({shared, global, bytes, source_bytes, site});
  ++uncommitted_;
}

void AsynchronousCopies::commit() {
  groups_.push_back(uncommitted_);
  uncommitted_ = 0;
}

void AsynchronousCopies::wait(unsigned pending_groups) {
  if (groups_.size() <= pending_groups) return;
  const auto first_pending = groups_.end() - pending_groups;
  const auto done =
      static_cast<std::ptrdiff_t>(std::accumulate(groups_.begin(), first_pending, std::size_t{0}));
  for (auto copy = copies_.begin(); copy != copies_.begin() + done; ++copy) copy->perform();
  copies_.erase(copies_.begin(), copies_.begin() + done);
  groups_.erase(groups_.begin(), first_pending);
}

void AsynchronousCopies::Copy::perform() const {
  auto* bytes_of_shared = static_cast<unsigned char*>(shared);
  if (source_bytes > 0) std::memcpy(shared, global, source_bytes);
  std::memset(bytes_of_shared + source_bytes, 0, bytes - source_bytes);
}

const Site* AsynchronousCopies::outstanding() const {
  return copies_.empty() ? nullptr : &copies_.front().site;
}

void AsynchronousCopies::clear() {
  copies_.clear();
  groups_.clear();
  uncommitted_ = 0;
}

}  // namespace retort::emulation
