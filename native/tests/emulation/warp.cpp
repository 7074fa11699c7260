#include "warp.h"

namespace retort::emulation {
namespace {

// What an undefined value is on purpose.
constexpr std::uint64_t kUndefined = 0xDEADBEEFDEADBEEFU;

bool same(const WarpOperation& a, const WarpOperation& b) {
  return a.kind == b.kind && a.mask == b.mask && a.bytes == b.bytes;
}

const char* name_of(WarpOperation::Kind kind) {
  switch (kind) {
    case WarpOperation::Kind::kSynchronize:
      return "__syncwarp";
    case WarpOperation::Kind::kShuffle:
      return "__shfl_sync";
    case WarpOperation::Kind::kShuffleUp:
      return "__shfl_up_sync";
    case WarpOperation::Kind::kShuffleDown:
      return "__shfl_down_sync";
    case WarpOperation::Kind::kShuffleXor:
      return "__shfl_xor_sync";
    case WarpOperation::Kind::kVote:
      return "a vote";
  }
  return "";
}

std::string text_of(const WarpOperation& operation) {
  return std::string(name_of(operation.kind)) + " at " + text_of(operation.site) + " with mask " +
         text_of_mask(operation.mask);
}

}  // namespace

Warp::Warp(const Kernel& kernel, Block& block, unsigned index, unsigned lanes, Schedule& schedule)
    : index_(index),
      present_(lanes == kWarpSize ? ~0U : (1U << lanes) - 1),
      schedule_(schedule),
      sequence_(schedule.sequence(lanes)) {
  for (unsigned lane = 0; lane < lanes; ++lane) {
    threads_.push_back(std::make_unique<Thread>(kernel, block, *this, lane));
  }
}

void Warp::start(const Place& block) {
  ready_ = present_;
  at_operation_ = at_barrier_[0] = at_barrier_[1] = ended_ = 0;
  Place place = block;
  for (unsigned lane = 0; lane < threads_.size(); ++lane) {
    place.thread_index = place_in(block.block_size, std::size_t{index_} * kWarpSize + lane);
    threads_[lane]->start(place);
  }
}

bool Warp::run() {
  if (ready_ == 0) return false;
  while (ready_ != 0) {
    schedule_.renew(sequence_);
    for (const unsigned lane : sequence_) {
      if ((ready_ & bit(lane)) != 0) threads_[lane]->resume();
    }
  }
  if (at_operation_ != 0) throw Error(name() + ", " + describe_stuck());
  const std::string divergence = describe_divergence();
  if (!divergence.empty()) throw Error(name() + ", " + divergence);
  return true;
}

void Warp::cancel() {
  for (const auto& thread : threads_) thread->cancel();
}

std::uint64_t Warp::exchange(Thread& thread, const WarpOperation& operation) {
  const unsigned self = bit(thread.lane());
  if ((operation.mask & self) == 0)
    fail_here("is not in the mask of its own " + text_of(operation));
  if ((operation.mask & ~present_) != 0) {
    fail_here(text_of(operation) + " names " + lanes_of(operation.mask & ~present_) +
              ", which the block does not have");
  }
  thread.operation = operation;
  ready_ &= ~self;
  at_operation_ |= self;
  if (complete(operation)) {
    at_operation_ &= ~operation.mask;
    ready_ |= operation.mask;
  }
  thread.wait();
  return thread.result;
}

// Once every lane of the mask waits at the same operation, gives each its result.
bool Warp::complete(const WarpOperation& operation) {
  const unsigned mask = operation.mask;
  if ((at_operation_ & mask) != mask) return false;
  unsigned ballot = 0;
  for (unsigned lane = 0; lane < threads_.size(); ++lane) {
    if ((mask & bit(lane)) == 0) continue;
    const WarpOperation& other = threads_[lane]->operation;
    if (!same(other, operation)) return false;
    if (other.value != 0) ballot |= bit(lane);
  }
  for (const auto& thread : threads_) {
    if ((mask & bit(thread->lane())) == 0) continue;
    const unsigned source = thread->operation.source;
    if (operation.kind == WarpOperation::Kind::kVote) {
      thread->result = ballot;
    } else {
      thread->result = (mask & bit(source)) != 0 ? threads_[source]->operation.value : kUndefined;
    }
  }
  return true;
}

void Warp::wait_at(Barrier barrier, Thread& thread, const Site& site) {
  thread.site = site;
  ready_ &= ~bit(thread.lane());
  at_barrier_[static_cast<int>(barrier)] |= bit(thread.lane());
  thread.wait();
}

void Warp::mark_ended(unsigned lane) {
  ready_ &= ~bit(lane);
  ended_ |= bit(lane);
}

void Warp::release(Barrier barrier) {
  unsigned& waiting = at_barrier_[static_cast<int>(barrier)];
  ready_ |= waiting;
  waiting = 0;
}

const Site& Warp::barrier_site() const {
  const unsigned waiting = at_barrier_[0] | at_barrier_[1];
  return threads_[static_cast<unsigned>(__builtin_ctz(waiting))]->site;
}

std::string Warp::name() const {
  return "block " + text_of(threads_[0]->block_index) + ", warp " + std::to_string(index_);
}

// Lanes wait at an operation of their warp, and none that could complete it can run.
std::string Warp::describe_stuck() const {
  const auto first = static_cast<unsigned>(__builtin_ctz(at_operation_));
  const WarpOperation& operation = threads_[first]->operation;
  unsigned alike = 0;
  for (const auto& thread : threads_) {
    const unsigned lane = bit(thread->lane());
    if ((at_operation_ & lane) != 0 && same(thread->operation, operation)) alike |= lane;
  }
  std::string text = lanes_of(alike) + ": wait for ever at " + text_of(operation) + ", for";
  const unsigned missing = operation.mask & ~alike;
  const auto add = [&text](unsigned lanes, const std::string& state) {
    if (lanes != 0) text += " " + lanes_of(lanes) + ", " + state + ";";
  };
  add(missing & ended_, "which have ended");
  add(missing & at_barrier_[0], "which wait at the barrier of their block");
  add(missing & at_barrier_[1], "which wait at the barrier of their cluster");
  for (unsigned others = missing & at_operation_; others != 0; others &= others - 1) {
    const auto lane = static_cast<unsigned>(__builtin_ctz(others));
    add(bit(lane), "which waits at " + text_of(threads_[lane]->operation));
  }
  text.pop_back();
  return text;
}

// Empty when all lanes that wait at a barrier wait at the same one.
std::string Warp::describe_divergence() const {
  const unsigned waiting = at_barrier_[0] | at_barrier_[1];
  if (waiting == 0) return "";
  const Site& site = barrier_site();
  const unsigned kind =
      (at_barrier_[0] & (waiting & -waiting)) != 0 ? at_barrier_[0] : at_barrier_[1];
  unsigned alike = 0;
  for (const auto& thread : threads_) {
    const unsigned lane = bit(thread->lane());
    if ((kind & lane) != 0 && thread->site == site) alike |= lane;
  }
  if (alike == waiting) return "";
  const unsigned others = waiting & ~alike;
  const auto other = static_cast<unsigned>(__builtin_ctz(others));
  return lanes_of(alike) + ": wait at the barrier at " + text_of(site) + ", and " +
         lanes_of(others) + " at the one at " + text_of(threads_[other]->site);
}

}  // namespace retort::emulation
