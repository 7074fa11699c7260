// Writes past the cache, for a result that is larger than it: a line that is written whole need not be read
// first, which saves the result's bytes once. Results rest in a staging buffer until their lines are whole.
#pragma once

#include "vector.h"

namespace {

class OutgoingLines {
 public:
  // `staging` is aligned to a line; its room is for the longest run and kRoomBesides bytes more.
  static constexpr int64_t kRoomBesides = 128;
  explicit OutgoingLines(void* staging) : staging_(static_cast<char*>(staging)) {}

  // Where to write the elements that belong at `destination`; send() follows. Of a run that begins where the
  // last one ended no line is written in part.
  template <typename Element>
  Element* place(Element* destination, int64_t count) {
    char* const first = reinterpret_cast<char*>(destination);
    const bool joins = first == to_ + end_;
    if (joins) {
      const int64_t whole = end_ / kLine * kLine;
      if (whole > 0) memcpy(staging_, staging_ + whole, kLine);
      begin_ -= whole;
      end_ -= whole;
      to_ += whole;
    } else {
      copy_until(end_);
      begin_ = end_ = static_cast<int64_t>(reinterpret_cast<uintptr_t>(first) % kLine);
      to_ = first - begin_;
    }
    Element* const staged = reinterpret_cast<Element*>(staging_ + end_);
    end_ += count * static_cast<int64_t>(sizeof(Element));
    return staged;
  }

  // Sends the whole lines that are written, of which the first may be ours in part.
  void send() {
    const int64_t whole = end_ / kLine * kLine;
    if (begin_ >= whole) return;
    if (begin_ % kLine != 0) copy_until(begin_ / kLine * kLine + kLine);
    for (; begin_ < whole; begin_ += kLine) stream_line(to_ + begin_, staging_ + begin_);
  }

  // Sends the rest too; another thread may read everything then.
  void finish() {
    copy_until(end_);
    finish_streams();
  }

 private:
  static constexpr int64_t kLine = 64;

  // Through the cache.
  void copy_until(int64_t end) {
    if (begin_ == end) return;
    memcpy(to_ + begin_, staging_ + begin_, static_cast<size_t>(end - begin_));
    begin_ = end;
  }

  char* staging_;
  char* to_ = nullptr;  // where the staging buffer's first byte belongs, which begins a line
  int64_t begin_ = 0;   // the first byte that is not sent
  int64_t end_ = 0;
};

}  // namespace
