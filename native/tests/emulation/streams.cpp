#include "streams.h"

#include <algorithm>
#include <utility>

#include "diagnosis.h"

namespace retort::emulation {

void Stream::run(std::function<void()> work) { tasks_.push_back({std::move(work), nullptr}); }

void Stream::record(Event* event) {
  const auto passed = std::make_shared<bool>(false);
  event->passed_ = passed;
  event->streams_ = streams_;
  run([passed] { *passed = true; });
}

void Stream::wait_for(const Event& event) {
  tasks_.push_back({[] {}, event.passed_});
}

bool Stream::can_go_on() const {
  return is_busy() && (tasks_.front().awaited == nullptr || *tasks_.front().awaited);
}

void Stream::go_on() {
  const Task task = std::move(tasks_.front());
  tasks_.pop_front();
  task.work();
}

Streams::Streams() : schedule_(order(), Launch{}) {}

Stream* Streams::create() {
  streams_.emplace_back(new Stream(this));
  return streams_.back().get();
}

void Streams::synchronize(const Stream* stream) {
  run_until([stream] { return !stream->is_busy(); });
}

void Streams::run_until(const std::function<bool()>& reached) {
  std::vector<unsigned> sequence = schedule_.sequence(static_cast<unsigned>(streams_.size()));
  while (!reached()) {
    const auto next = std::find_if(sequence.begin(), sequence.end(),
                                   [this](unsigned index) { return streams_[index]->can_go_on(); });
    if (next == sequence.end()) throw Error("every stream waits for an event that none records");
    streams_[*next]->go_on();
    schedule_.renew(sequence);
  }
}

void run_on(void* stream, std::function<void()> work) {
  if (stream == nullptr) return work();
  static_cast<Stream*>(stream)->run(std::move(work));
}

void record(void* event, void* stream) {
  auto* const recorded = static_cast<Event*>(event);
  if (stream != nullptr) return static_cast<Stream*>(stream)->record(recorded);
  recorded->passed_ = std::make_shared<bool>(true);
  recorded->streams_ = nullptr;
}

void wait_for(void* event, void* stream) {
  const auto& awaited = *static_cast<const Event*>(event);
  if (stream != nullptr) return static_cast<Stream*>(stream)->wait_for(awaited);
  if (awaited.streams_ == nullptr) return;
  awaited.streams_->run_until([passed = awaited.passed_] { return *passed; });
}

}  // namespace retort::emulation
