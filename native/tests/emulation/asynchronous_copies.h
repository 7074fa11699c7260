// Copies from global to shared memory that the hardware makes beside the thread (cp.async). The
// emulation makes each at the last moment the hardware may: when the thread that issued it waits
// for it. From the issue until then the destination holds NaNs, so a missing wait shows, and a copy
// into memory that others still read shows too.
#pragma once

#include <cstddef>
#include <vector>

#include "diagnosis.h"

namespace retort::emulation {

// Copies `source_bytes` and fills the rest of `bytes` (4, 8 or 16) with zeros. Both addresses are
// multiples of `bytes`, and `shared` lies in the shared memory of the block.
void copy_async(void* shared, const void* global, unsigned bytes, unsigned source_bytes,
                Site site = Site::current());
// Closes the group of the copies issued since the last call.
void commit_copies();
// Waits for all groups but the `pending_groups` last ones.
void wait_copies(unsigned pending_groups);

// Those of one thread.
class AsynchronousCopies {
 public:
  void issue(void* shared, const void* global, unsigned bytes, unsigned source_bytes,
             const Site& site);
  void commit();
  void wait(unsigned pending_groups);
  // The first copy that was issued and not waited for; null when there is none.
  const Site* outstanding() const;
  void clear();

 private:
  struct Copy {
    void* shared;
    const void* global;
    unsigned bytes;
    unsigned source_bytes;
    Site site;

    void perform() const;
  };
  std::vector<Copy> copies_;         // in the order of their issue
  std::vector<std::size_t> groups_;  // copies in each closed group
  std::size_t uncommitted_ = 0;
};

}  // namespace retort::emulation
