// Runs a kernel over a grid, in place of <<<grid, block, shared_bytes>>>.
#pragma once

#include "diagnosis.h"
#include "launch_shape.h"
#include "order.h"
#include "streams.h"

namespace retort::emulation {

void run(const Launch& launch, void (*call)(const void* arguments), const void* arguments);

// Runs the grid to its end on the calling thread of the host; several may launch at once. Throws an
// Error when the kernel broke a rule, and whatever the kernel itself threw; a kernel must not be
// noexcept for that.
template <typename Function, typename... Arguments>
void launch(const Launch& launch, Function* kernel, const Arguments&... arguments) {
  const auto call = [&] { kernel(arguments...); };
  run(
      launch, [](const void* bound) { (*static_cast<const decltype(call)*>(bound))(); }, &call);
}

// The same in its turn on a stream, or at once where that is null. An Error of the kernel is thrown by whoever waits.
template <typename Function, typename... Arguments>
void launch_on(void* stream, const Launch& launch, Function* kernel,
               const Arguments&... arguments) {
  check(launch);
  run_on(stream, [=] { emulation::launch(launch, kernel, arguments...); });
}

}  // namespace retort::emulation
