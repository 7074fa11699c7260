// Streams: a stream's work stays in its order, streams run beside each other in the order that is set, and a wait that is
// missing shows.
#include <functional>

#include "emulation_testing.h"

namespace retort::emulation {
namespace {

struct TwoStreams {
  Streams streams;
  Stream* first = streams.create();
  Stream* second = streams.create();
  std::string trace;

  std::function<void()> note(char letter) {
    return [this, letter] { trace += letter; };
  }
};

TEST(Streams, NothingRunsBeforeSomebodyWaits) {
  TwoStreams two;
  two.first->run(two.note('a'));
  two.second->run(two.note('b'));
  EXPECT_EQ(two.trace, "");
  EXPECT_TRUE(two.first->is_busy());
  two.streams.synchronize(two.first);
  EXPECT_NE(two.trace.find('a'), std::string::npos);
  EXPECT_FALSE(two.first->is_busy());
}

TEST(Streams, AStreamKeepsItsOrderWhateverTheOthersDo) {
  for (const Order& order : orders()) {
    const InOrder scope(order);
    TwoStreams two;
    for (const char letter : {'a', 'b', 'c'}) two.first->run(two.note(letter));
    for (const char letter : {'x', 'y', 'z'}) two.second->run(two.note(letter));
    two.streams.synchronize(two.first);
    two.streams.synchronize(two.second);
    for (const char* own : {"abc", "xyz"}) {
      size_t place = 0;
      for (const char* letter = own; *letter != 0; ++letter) {
        place = two.trace.find(*letter, place);
        ASSERT_NE(place, std::string::npos) << two.trace;
      }
    }
  }
}

std::string trace_of(const Order& order, bool waits) {
  const InOrder scope(order);
  TwoStreams two;
  Event event;
  for (const char letter : {'a', 'b'}) two.first->run(two.note(letter));
  two.first->record(&event);
  two.first->run(two.note('c'));
  if (waits) two.second->wait_for(event);
  two.second->run(two.note('x'));
  two.streams.synchronize(two.second);
  two.streams.synchronize(two.first);
  return two.trace;
}

TEST(Streams, AStreamRunsAsEarlyOrAsLateAsItsWaitsAllow) {
  EXPECT_EQ(trace_of(Order::forward(), true), "abcx");
  EXPECT_EQ(trace_of(Order::reversed(), true), "abxc");
  EXPECT_EQ(trace_of(Order::reversed(), false), "xabc");
}

TEST(Streams, AnEventIsWhatItWasWhenTheWaitWasAsked) {
  const InOrder scope(Order::reversed());
  TwoStreams two;
  Event event;
  two.second->wait_for(event);  // never recorded
  two.second->run(two.note('x'));
  two.first->run(two.note('a'));
  two.first->record(&event);
  two.second->wait_for(event);
  two.second->run(two.note('y'));
  two.first->run(two.note('b'));
  two.first->record(&event);
  two.streams.synchronize(two.second);
  EXPECT_EQ(two.trace, "xay");
}

TEST(Streams, TheStreamThatRunsAtOnceWaitsForTheOthers) {
  TwoStreams two;
  Event event;
  two.first->run(two.note('a'));
  two.first->record(&event);
  two.first->run(two.note('b'));
  wait_for(&event, nullptr);
  EXPECT_EQ(two.trace, "a");
  record(&event, nullptr);
  two.second->wait_for(event);
  two.second->run(two.note('x'));
  two.streams.synchronize(two.second);
  EXPECT_NE(two.trace.find('x'), std::string::npos);
}

TEST(Streams, AWaitThatNobodyEndsIsDiagnosed) {
  TwoStreams two;
  EXPECT_THROW(two.streams.run_until([] { return false; }), Error);
}

__global__ void add(int* sum, int term) { atomicAdd(sum, term); }

TEST(Streams, AKernelTakesItsArgumentsWithIt) {
  TwoStreams two;
  int sum = 0;
  for (int term = 1; term <= 3; ++term) launch_on(two.first, {1, 4}, add, &sum, term);
  EXPECT_EQ(sum, 0);
  two.streams.synchronize(two.first);
  EXPECT_EQ(sum, 4 * (1 + 2 + 3));
  launch_on(nullptr, {1, 4}, add, &sum, 1);
  EXPECT_EQ(sum, 4 * (1 + 2 + 3 + 1));
}

TEST(Streams, AShapeThatNoDeviceRunsIsRefusedAtOnce) {
  TwoStreams two;
  int sum = 0;
  EXPECT_THROW(launch_on(two.first, {1, 4096}, add, &sum, 1), Error);
  EXPECT_FALSE(two.first->is_busy());
}

}  // namespace
}  // namespace retort::emulation
