"""A step of the multi-view networks in NumPy, all networks at once or one after another.

First a line of the BLAS that NumPy multiplies with; then, for every line on the standard input, a
step and a line with the mean loss before it. The arguments: a file of patches (f32), labels (i32)
and weights (f32), the sizes and constants in the order below, and "together" or "one-by-one".
"""

import sys

import numpy as np


def blas():
    with open("/proc/self/maps") as maps:
        files = {line.split()[-1] for line in maps if "/libblas" in line}
    return " ".join(sorted(files))


def step(patches, labels, weights, samples, classes, degree, threshold, learning_rate):
    """weights [networks, classes, neurons, dimension], in place; returns the sum of the losses."""
    networks, _, neurons, dimension = weights.shape
    flat = weights.reshape(-1, dimension)
    a = patches @ flat.T
    t = np.clip(a / threshold, 0, 1)
    power = t.copy()  # t ** (degree - 1): products are several times faster than a power
    for _ in range(degree - 2):
        power *= t
    relu = power * t * (threshold / degree) + np.maximum(a - threshold, 0)
    outputs = relu.reshape(samples, -1, networks, classes, neurons).sum(axis=(1, 4))
    outputs -= outputs.max(axis=2, keepdims=True)
    p = np.exp(outputs)
    total = p.sum(axis=2, keepdims=True)
    rows = np.arange(samples)
    loss = (np.log(total[:, :, 0]) - outputs[rows, :, labels]).mean(axis=0).sum()
    p /= total
    p[rows, :, labels] -= 1
    p /= samples
    gradient = power.reshape(samples, -1, networks, classes, neurons) * p[:, None, :, :, None]
    flat -= learning_rate * (gradient.reshape(a.shape).T @ patches)
    return float(loss)


def main():
    file, *sizes = sys.argv[1:9]
    samples, patches_of_sample, dimension, networks, classes, neurons, degree = map(int, sizes)
    threshold, learning_rate = map(np.float32, sys.argv[9:11])
    with open(file, "rb") as data:
        patches = np.fromfile(data, np.float32, samples * patches_of_sample * dimension)
        labels = np.fromfile(data, np.int32, samples)
        weights = np.fromfile(data, np.float32, networks * classes * neurons * dimension)
    patches = patches.reshape(-1, dimension)
    weights = weights.reshape(networks, classes, neurons, dimension)
    at_once = networks if sys.argv[11] == "together" else 1
    print(blas(), flush=True)
    for _ in sys.stdin:
        losses = [
            step(patches, labels, weights[n : n + at_once], samples, classes, degree, threshold, learning_rate)
            for n in range(0, networks, at_once)
        ]
        print(sum(losses) / networks, flush=True)


main()
