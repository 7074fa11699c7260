// What a launch throws when a kernel breaks a rule, and the words for places, lanes and source
// lines in it.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>

#include "vector_types.h"

namespace retort::emulation {

// Names the block, the warp, the lanes, the rule they broke and the scheduling order that showed
// it.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A line of a kernel's source: as a default argument, that of the call.
struct Site {
  const char* file = "";
  int line = 0;

  static constexpr Site current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    Site site;
    site.file = file;
    site.line = line;
    return site;
  }
};

inline bool operator==(const Site& a, const Site& b) {
  return a.line == b.line && std::strcmp(a.file, b.file) == 0;
}

std::string text_of(uint3 place);       // (2,0,0)
std::string text_of(const Site& site);  // softmax.cuh:12
std::string lanes_of(unsigned mask);    // lane 3; lanes 0-15, 31
std::string text_of_mask(unsigned mask);

// The running thread broke a rule: throws an Error that names it.
[[noreturn]] void fail_here(const std::string& rule);

}  // namespace retort::emulation
