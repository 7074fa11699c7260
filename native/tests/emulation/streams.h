// Streams and events. What a stream is given runs when somebody waits for it: in the stream's own order, behind the events
// that it waits for, and beside other streams in an order that the hardware does not promise either. Streams are taken
// in turns by Order: `forward` runs the first one made for as long as it can go on, `reversed` the last one made, so
// that one runs as early as it may and the other as late.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "order.h"

namespace retort::emulation {

class Streams;

// The place in a stream where it was last recorded; one that never was holds nobody up.
class Event {
 private:
  friend class Stream;
  friend void record(void* event, void* stream);
  friend void wait_for(void* event, void* stream);

  std::shared_ptr<bool> passed_;
  Streams* streams_ = nullptr;
};

class Stream {
 public:
  void run(std::function<void()> work);
  void record(Event* event);
  void wait_for(const Event& event);

  // Whether it holds work that has not run.
  bool is_busy() const { return !tasks_.empty(); }

 private:
  friend class Streams;
  struct Task {
    std::function<void()> work;
    std::shared_ptr<const bool> awaited;  // or null
  };

  explicit Stream(Streams* streams) : streams_(streams) {}
  bool can_go_on() const;
  void go_on();

  Streams* streams_;
  std::deque<Task> tasks_;
};

// The streams of a device, for one thread of the host.
class Streams {
 public:
  Streams();
  Stream* create();

  // Runs what the stream holds, and of the others what the order lets them run before it has ended. Throws what a
  // kernel throws, and an Error where streams wait for one another.
  void synchronize(const Stream* stream);
  void run_until(const std::function<bool()>& reached);

 private:
  std::vector<std::unique_ptr<Stream>> streams_;
  Schedule schedule_;
};

// As kernels' callers know them: a Stream, or null for the one that runs everything at once.
void run_on(void* stream, std::function<void()> work);
void record(void* event, void* stream);
void wait_for(void* event, void* stream);

}  // namespace retort::emulation
