#include "diagnosis.h"

#include <cstdio>
#include <cstring>

#include "thread.h"
#include "warp.h"

namespace retort::emulation {

std::string text_of(uint3 place) {
  return "(" + std::to_string(place.x) + "," + std::to_string(place.y) + "," +
         std::to_string(place.z) + ")";
}

std::string text_of(const Site& site) {
  const char* slash = std::strrchr(site.file, '/');
  return std::string(slash == nullptr ? site.file : slash + 1) + ":" + std::to_string(site.line);
}

std::string lanes_of(unsigned mask) {
  std::string text = (mask & (mask - 1)) == 0 ? "lane " : "lanes ";
  const char* separator = "";
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    if ((mask >> lane & 1U) == 0) continue;
    unsigned last = lane;
    while (last + 1 < kWarpSize && (mask >> (last + 1) & 1U) != 0) ++last;
    text += separator + std::to_string(lane);
    if (last > lane) text += "-" + std::to_string(last);
    separator = ", ";
    lane = last;
  }
  return text;
}

std::string text_of_mask(unsigned mask) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%08x", mask);
  return text;
}

void fail_here(const std::string& rule) {
  if (here == nullptr) throw Error("outside a launch: " + rule);
  const Thread& thread = Thread::current();
  throw Error(thread.warp().name() + ", " + lanes_of(1U << thread.lane()) + ": " + rule);
}

}  // namespace retort::emulation
