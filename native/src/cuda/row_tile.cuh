// Which columns of a row a thread has, and what it reads and writes of them.
//
// A row is cut into tiles of as many columns as its team holds in registers; most rows are one tile, read once.
// Within a tile, chunks go to the team's threads in turn, so that neighbours read neighbouring memory.
#pragma once

#include "elements.cuh"
#include "team.cuh"

namespace retort::cuda {

// How rows of some number of classes are worked on.
template <typename TeamType, int kColumnsOfThread, bool kWideChunks>
struct RowShape {
  using Team = TeamType;
  static constexpr int kColumns = kColumnsOfThread;  // of a thread, in a tile
  static constexpr bool kWide = kWideChunks;         // chunks of 16 bytes, or of one element
  // Of a tile, for a team of one block.
  static constexpr int kTile = Team::kThreadsPerRow * kColumns;
};

template <typename Element, typename Shape>
class Columns {
 public:
  static constexpr int kCount = Shape::kColumns;
  static constexpr int kChunk = Shape::kWide ? 16 / static_cast<int>(sizeof(Element)) : 1;
  static constexpr int kChunks = kCount / kChunk;
  static_assert(kCount % kChunk == 0, "a thread has whole chunks");

  __device__ Columns(const typename Shape::Team& team, int classes)
      : classes(classes),
        offset_(team.rank() * kChunk),
        step_(team.size() * kChunk),
        tile_(team.size() * kCount) {}

  __device__ bool one_tile() const { return classes <= tile_; }

  // body(this thread's first column) for every tile.
  template <typename Body>
  __device__ void for_each_tile(Body body) const {
    for (int first = 0; first < classes; first += tile_) body(first + offset_);
  }

  // The thread's first column of the first tile.
  __device__ int first() const { return offset_; }
  __device__ int chunk(int first, int c) const { return first + c * step_; }
  __device__ int column(int first, int i) const { return chunk(first, i / kChunk) + i % kChunk; }
  __device__ bool has(int first, int i) const { return column(first, i) < classes; }

  const int classes;

 private:
  int offset_;
  int step_;
  int tile_;
};

// A thread's elements of one tile, as they lie in memory.
template <typename Element, typename Shape>
struct RowTile {
  using Places = Columns<Element, Shape>;
  Chunk<Element, Places::kChunk> chunks[Places::kChunks];

  __device__ void load(const Places& places, const void* matrix, int64_t offset, int first,
                       Element rest) {
    const Element* const row = static_cast<const Element*>(matrix) + offset;
#pragma unroll
    for (int c = 0; c < Places::kChunks; ++c) {
      chunks[c].load(row, places.chunk(first, c), places.classes, rest);
    }
  }

  __device__ float at(int i) const { return chunks[i / Places::kChunk].at(i % Places::kChunk); }
};

template <typename Element>
__device__ Element element_of(float x) {
  Element element;
  from_float(x, &element);
  return element;
}

// z[i]: the thread's elements of a tile; `rest` past the end of the row.
template <typename Element, typename Shape>
__device__ void load_tile(const Columns<Element, Shape>& places, const void* matrix, int64_t offset,
                          int first, float rest, float (&z)[Shape::kColumns]) {
  RowTile<Element, Shape> tile;
  tile.load(places, matrix, offset, first, element_of<Element>(rest));
#pragma unroll
  for (int i = 0; i < Shape::kColumns; ++i) z[i] = tile.at(i);
}

// Writes value(i) to the thread's columns of a tile.
template <typename Element, typename Shape, typename Value>
__device__ void store_tile(const Columns<Element, Shape>& places, void* matrix, int64_t offset,
                           int first, Value value) {
  using Places = Columns<Element, Shape>;
  Element* const row = static_cast<Element*>(matrix) + offset;
#pragma unroll
  for (int c = 0; c < Places::kChunks; ++c) {
    Chunk<Element, Places::kChunk> chunk;
#pragma unroll
    for (int i = 0; i < Places::kChunk; ++i) chunk.set(i, value(c * Places::kChunk + i));
    chunk.store(row, places.chunk(first, c), places.classes);
  }
}

}  // namespace retort::cuda
