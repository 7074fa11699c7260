#include "fibre.h"

#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

namespace retort::emulation {
namespace {

#if defined(__SANITIZE_ADDRESS__)
// Redzones around every variable make a frame several times as large.
constexpr std::size_t kStackBytes = 256 * 1024;

void announce_switch(void** left, const void* stack, std::size_t bytes) {
  __sanitizer_start_switch_fiber(left, stack, bytes);
}
void finish_switch(void* left, const void** stack, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(left, stack, bytes);
}
#else
constexpr std::size_t kStackBytes = 64 * 1024;

void announce_switch(void** /*left*/, const void* /*stack*/, std::size_t /*bytes*/) {}
void finish_switch(void* /*left*/, const void** /*stack*/, std::size_t* /*bytes*/) {}
#endif

}  // namespace

Fibre::Fibre()
    : allocator_(kStackBytes),
      stack_(allocator_.allocate()),
      inside_(std::allocator_arg, boost::context::preallocated(stack_.sp, stack_.size, stack_),
              allocator_,
              [this](boost::context::fiber&& caller) { return serve(std::move(caller)); }) {}

Fibre::~Fibre() {
  ending_ = true;
  resume();
}

void Fibre::begin(Body body, void* argument) {
  body_ = body;
  argument_ = argument;
}

bool Fibre::resume() {
  void* left = nullptr;
  announce_switch(&left, static_cast<const char*>(stack_.sp) - stack_.size, stack_.size);
  inside_ = std::move(inside_).resume();
  finish_switch(left, nullptr, nullptr);
  return body_ == nullptr;
}

void Fibre::suspend() {
  void* left = nullptr;
  announce_switch(&left, caller_stack_, caller_stack_bytes_);
  caller_ = std::move(caller_).resume();
  finish_switch(left, &caller_stack_, &caller_stack_bytes_);
}

boost::context::fiber Fibre::serve(boost::context::fiber&& caller) {
  finish_switch(nullptr, &caller_stack_, &caller_stack_bytes_);
  caller_ = std::move(caller);
  while (!ending_) {
    body_(argument_);
    body_ = nullptr;
    suspend();
  }
  announce_switch(nullptr, caller_stack_, caller_stack_bytes_);
  return std::move(caller_);
}

FibrePool& FibrePool::of_this_thread() {
  thread_local FibrePool pool;
  return pool;
}

Fibre* FibrePool::take() {
  if (idle_.empty()) {
    fibres_.push_back(std::make_unique<Fibre>());
    return fibres_.back().get();
  }
  Fibre* fibre = idle_.back();
  idle_.pop_back();
  return fibre;
}

}  // namespace retort::emulation
