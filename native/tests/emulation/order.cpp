#include "order.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <numeric>

#include "diagnosis.h"

namespace retort::emulation {
namespace {

struct Setting {
  std::mutex mutex;
  bool known = false;
  Order order;

  static Setting& instance() {
    static Setting setting;
    return setting;
  }
};

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15U;
}

}  // namespace

Order Order::parse(const std::string& text) {
  if (text == "forward") return forward();
  if (text == "reversed") return reversed();
  const std::string prefix = "random:";
  const std::string digits = text.substr(std::min(prefix.size(), text.size()));
  if (text.rfind(prefix, 0) == 0 && !digits.empty() && digits.size() < 20 &&
      digits.find_first_not_of("0123456789") == std::string::npos) {
    return random(std::stoull(digits));
  }
  throw Error("the order is '" + text + "', but must be forward, reversed or random:SEED");
}

std::string Order::name() const {
  if (kind == Kind::kRandom) return "random:" + std::to_string(seed);
  return kind == Kind::kForward ? "forward" : "reversed";
}

void set_order(const Order& order) {
  Setting& setting = Setting::instance();
  const std::lock_guard<std::mutex> lock(setting.mutex);
  setting.order = order;
  setting.known = true;
}

Order order() {
  Setting& setting = Setting::instance();
  const std::lock_guard<std::mutex> lock(setting.mutex);
  if (!setting.known) {
    const char* text = std::getenv("RETORT_EMULATION_ORDER");
    if (text != nullptr) setting.order = Order::parse(text);
    setting.known = true;
  }
  return setting.order;
}

Schedule::Schedule(const Order& order, const Launch& launch) : order_(order) {
  std::uint64_t seed = order.seed;
  for (const std::uint64_t part :
       {count_of(launch.grid), count_of(launch.block), std::size_t{launch.cluster}}) {
    seed = mix(seed, part);
  }
  random_.seed(seed);
}

std::vector<unsigned> Schedule::sequence(unsigned count) {
  std::vector<unsigned> sequence(count);
  std::iota(sequence.begin(), sequence.end(), 0U);
  if (order_.kind == Order::Kind::kReversed) std::reverse(sequence.begin(), sequence.end());
  renew(sequence);
  return sequence;
}

void Schedule::renew(std::vector<unsigned>& sequence) {
  if (order_.kind == Order::Kind::kRandom) {
    std::shuffle(sequence.begin(), sequence.end(), random_);
  }
}

}  // namespace retort::emulation
