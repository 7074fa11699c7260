// The order in which a launch runs blocks, warps and lanes. The hardware promises none, so a kernel
// must be right in each: `forward` runs the lowest index first, `reversed` the highest, `random`
// draws anew each time.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "launch_shape.h"

namespace retort::emulation {

struct Order {
  enum class Kind { kForward, kReversed, kRandom };
  Kind kind = Kind::kForward;
  std::uint64_t seed = 0;

  static Order forward() { return {}; }
  static Order reversed() { return {Kind::kReversed, 0}; }
  static Order random(std::uint64_t seed) { return {Kind::kRandom, seed}; }
  // `forward`, `reversed` or `random:SEED`; anything else is an Error.
  static Order parse(const std::string& text);
  // As parse() reads it.
  std::string name() const;
};

// The order of every launch from now on, in all threads. Until it is set it is what the environment
// variable RETORT_EMULATION_ORDER says, or forward.
void set_order(const Order& order);
Order order();

// One launch's sequences in its order. A random one depends on the seed and the shape of the launch
// alone, so a launch that failed can be run again by itself.
class Schedule {
 public:
  Schedule(const Order& order, const Launch& launch);

  // The numbers below `count`.
  std::vector<unsigned> sequence(unsigned count);
  // Gives a sequence its next order: another one when it is random.
  void renew(std::vector<unsigned>& sequence);

 private:
  Order order_;
  std::mt19937_64 random_;
};

}  // namespace retort::emulation
