// The blocks that live at the same time and reach into each other's shared memory. Runs one block
// for as long as it can go on, then the next.
#pragma once

#include <memory>
#include <vector>

#include "block.h"
#include "launch_shape.h"
#include "order.h"

namespace retort::emulation {

class Cluster {
 public:
  Cluster(const Launch& launch, const Kernel& kernel, Schedule& schedule);

  // Runs the `index`th cluster of the grid to its end.
  void run(std::size_t index);

  unsigned size() const { return static_cast<unsigned>(blocks_.size()); }
  const Block& block(unsigned rank) const { return *blocks_[rank]; }

 private:
  void start(std::size_t index);
  void run_to_end();

  dim3 grid_;
  std::vector<std::unique_ptr<Block>> blocks_;
  Schedule& schedule_;
  std::vector<unsigned> sequence_;
};

}  // namespace retort::emulation
