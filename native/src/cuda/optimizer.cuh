// Optimiser steps; optimizer_update.h has what becomes of an element.
//
// Bytes: gradient read, everything else read and written once: 20 an element for SGD with momentum (12 without), 28
// for Adam. A thread has a quad of each array, as in every elementwise operation.
#pragma once

#include "elementwise.cuh"
#include "optimizer_update.h"

namespace retort::cuda {

struct SgdWithoutVelocity {
  SgdStep step;
  const float* gradient;
  float* parameter;

  template <typename Place>
  __device__ void operator()(const Place& place, int64_t first) const {
    const SgdUpdate update(step);
    const Quad g = place.load(gradient + first), p = place.load(parameter + first);
    place.store(parameter + first,
                quad_of([&](int i) { return update.parameter(g.at(i), p.at(i)); }));
  }
};

struct SgdWithVelocity {
  SgdStep step;
  const float* gradient;
  float* velocity;
  float* parameter;

  template <typename Place>
  __device__ void operator()(const Place& place, int64_t first) const {
    const SgdUpdate update(step);
    const Quad g = place.load(gradient + first);
    Quad v = place.load(velocity + first), p = place.load(parameter + first);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      float velocity_of_element = v.at(i), parameter_of_element = p.at(i);
      update.apply(g.at(i), &velocity_of_element, &parameter_of_element);
      v.set(i, velocity_of_element);
      p.set(i, parameter_of_element);
    }
    place.store(velocity + first, v);
    place.store(parameter + first, p);
  }
};

struct Adam {
  AdamStep step;
  const float* gradient;
  float* first_moment;
  float* second_moment;
  float* parameter;

  template <typename Place>
  __device__ void operator()(const Place& place, int64_t first) const {
    const AdamUpdate update(step);
    const Quad g = place.load(gradient + first);
    Quad m = place.load(first_moment + first), s = place.load(second_moment + first);
    Quad p = place.load(parameter + first);
#pragma unroll
    for (int i = 0; i < kQuad; ++i) {
      float moment = m.at(i), square = s.at(i), parameter_of_element = p.at(i);
      update.apply(g.at(i), &moment, &square, &parameter_of_element);
      m.set(i, moment);
      s.set(i, square);
      p.set(i, parameter_of_element);
    }
    place.store(first_moment + first, m);
    place.store(second_moment + first, s);
    place.store(parameter + first, p);
  }
};

}  // namespace retort::cuda
