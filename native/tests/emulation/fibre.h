// A stack of its own that runs a function in parts: it goes on from where it suspended itself. The
// switch is Boost.Context's; the sanitizers are told of each, so that they know which stack is in
// use.
#pragma once

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cstddef>
#include <memory>
#include <vector>

namespace retort::emulation {

class Fibre {
 public:
  using Body = void (*)(void* argument);

  Fibre();
  ~Fibre();
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  // Sets what the next resume() begins with; the fibre must be idle. The body must not throw.
  void begin(Body body, void* argument);
  // Runs the fibre until it suspends itself or its body returns; true when it returned.
  bool resume();
  // Called on the fibre: goes back to the caller of resume().
  void suspend();

 private:
  boost::context::fiber serve(boost::context::fiber&& caller);

  boost::context::protected_fixedsize_stack allocator_;
  boost::context::stack_context stack_;
  boost::context::fiber inside_;  // the fibre, while its caller runs
  boost::context::fiber caller_;  // the caller, while the fibre runs
  Body body_ = nullptr;           // null while idle
  void* argument_ = nullptr;
  bool ending_ = false;
  const void* caller_stack_ = nullptr;
  std::size_t caller_stack_bytes_ = 0;
};

// Idle fibres of this thread of the host, for the next to use: a fibre never moves between threads.
// The one put back last is taken first, so threads that never wait share one warm stack.
class FibrePool {
 public:
  static FibrePool& of_this_thread();
  Fibre* take();
  void put_back(Fibre* fibre) { idle_.push_back(fibre); }

 private:
  std::vector<std::unique_ptr<Fibre>> fibres_;
  std::vector<Fibre*> idle_;
};

}  // namespace retort::emulation
