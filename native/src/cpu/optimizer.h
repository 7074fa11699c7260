// Optimiser steps.
//
// Bytes: gradient read, everything else read and written once: 20 an element for SGD with momentum
// (12 without), 28 for Adam. A vector holds neighbouring elements, a task a run of them.
#pragma once

#include "kernels.h"
#include "optimizer_update.h"
#include "vector.h"

namespace {

void sgd_step(const retort::SgdStep& step, int64_t size, const float* gradient, float* velocity,
              float* parameter) {
  const SgdUpdate update(step);
  for_each_vector(size, [&](int64_t i, auto lanes) {
    const Vector g = lanes.load(gradient + i, 0);
    Vector p = lanes.load(parameter + i, 0);
    if (velocity == nullptr) {
      p = update.parameter(g, p);
    } else {
      Vector v = lanes.load(velocity + i, 0);
      update.apply(g, &v, &p);
      lanes.store(velocity + i, v);
    }
    lanes.store(parameter + i, p);
  });
}

void adam_step(const retort::AdamStep& step, int64_t size, const float* gradient,
               float* first_moment, float* second_moment, float* parameter) {
  const AdamUpdate update(step);
  for_each_vector(size, [&](int64_t i, auto lanes) {
    Vector m = lanes.load(first_moment + i, 0);
    Vector s = lanes.load(second_moment + i, 0);
    Vector p = lanes.load(parameter + i, 0);
    update.apply(lanes.load(gradient + i, 0), &m, &s, &p);
    lanes.store(first_moment + i, m);
    lanes.store(second_moment + i, s);
    lanes.store(parameter + i, p);
  });
}

}  // namespace
