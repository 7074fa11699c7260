// What the emulation's tests share: running a kernel in every order, and the diagnosis that a
// launch ends with.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cuda_emulation.h"

namespace retort::emulation {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#else
constexpr bool kAddressSanitizer = false;
#endif

inline std::vector<Order> orders() {
  return {Order::forward(), Order::reversed(), Order::random(1), Order::random(2)};
}

// Sets the order for one scope.
class InOrder {
 public:
  explicit InOrder(const Order& order) : before_(emulation::order()) { set_order(order); }
  ~InOrder() { set_order(before_); }
  InOrder(const InOrder&) = delete;
  InOrder& operator=(const InOrder&) = delete;

 private:
  Order before_;
};

// What the launch throws; empty when it ends well.
template <typename Kernel, typename... Arguments>
std::string diagnosis(const Launch& shape, Kernel* kernel, const Arguments&... arguments) {
  try {
    launch(shape, kernel, arguments...);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "'" << part << "' is not in '" << text << "'";
}

}  // namespace retort::emulation

#define EXPECT_DIAGNOSIS(text, part) EXPECT_TRUE(::retort::emulation::contains(text, part))
