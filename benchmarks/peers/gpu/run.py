#!/usr/bin/env python3
"""Times the distillation loss in PyTorch, Triton and JAX on this host's GPU, and prints CSV.

The columns are those of gpu_benchmark. Each peer is checked against the reference before it is
timed; every repetition is timed by events and begins with a cold second-level cache (JAX: by the clock, with a warm
one); a copy of as many bytes takes turns with the peer. A package that is not installed is left out with a line on stderr.
"""

import argparse
import dataclasses
import importlib
import os
import statistics
import sys
import time

import numpy

from cases import Case, check, random_operands, reference

HEADER = ("kernel,provider,rows,classes,teachers,dtype,threads,median_ns,p20_ns,p80_ns,model_bytes,"
          "gigabytes_per_second,share_of_copy,machine,commit")
CHECKED_ROWS = 7


class TorchOperands:
    """A case's operands as PyTorch's tensors, and what times a call on them."""

    def __init__(self, case, device):
        import torch

        self.torch, self.device, self.dtype = torch, device, {"f32": torch.float32, "bf16": torch.bfloat16}[case.dtype]
        generator = torch.Generator(device=device).manual_seed(1)
        self.teachers = torch.randn(case.teachers, case.rows, case.classes, device=device, dtype=self.dtype,
                                    generator=generator)
        self.student = torch.randn(case.rows, case.classes, device=device, dtype=self.dtype, generator=generator)
        self.labels = torch.randint(case.classes, (case.rows,), device=device, generator=generator)
        self.half = torch.empty(case.model_bytes // 2, device=device, dtype=torch.uint8)
        self.other_half = torch.empty_like(self.half)
        self.cold = torch.empty(1, device=device) if device == "cpu" else torch.empty(
            2 * torch.cuda.get_device_properties(0).L2_cache_size, device=device, dtype=torch.uint8)

    def set_first_rows(self, student, teachers, labels):
        tensor, rows = self.torch.from_numpy, len(student)
        self.student[:rows] = tensor(student).to(self.device, self.dtype)
        self.teachers[:, :rows] = tensor(teachers).to(self.device, self.dtype)
        self.labels[:rows] = tensor(labels).to(self.device)

    def to_numpy(self, x):
        return x.float().cpu().numpy()

    def copy(self):
        self.other_half.copy_(self.half)

    def nanoseconds(self, body):
        self.cold.zero_()
        if self.device == "cpu":
            start = time.perf_counter_ns()
            body()
            return time.perf_counter_ns() - start
        # The GPU is kept busy while Python makes the call, so that its time is not in the events'.
        self.torch.cuda._sleep(2_000_000)
        start, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        body()
        end.record()
        end.synchronize()
        return start.elapsed_time(end) * 1e6


class JaxOperands:
    """The same for JAX, which gives no events: its times hold the call's own, and its cache is warm."""

    def __init__(self, case, device):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # PyTorch has the rest
        import jax
        import jax.numpy as jnp

        if (jax.default_backend() == "gpu") != (device == "cuda"):
            raise ImportError(f"JAX runs on {jax.default_backend()}")
        self.jax, self.dtype = jax, {"f32": jnp.float32, "bf16": jnp.bfloat16}[case.dtype]
        student, teachers, labels = jax.random.split(jax.random.PRNGKey(1), 3)
        shape = (case.rows, case.classes)
        self.student = jax.random.normal(student, shape, self.dtype)
        self.teachers = jax.random.normal(teachers, (case.teachers, *shape), self.dtype)
        self.labels = jax.random.randint(labels, (case.rows,), 0, case.classes)
        self.half = jnp.zeros(case.model_bytes // 2, jnp.uint8)
        self.copied = jax.jit(lambda x: x.at[0].add(1))

    def set_first_rows(self, student, teachers, labels):
        rows = len(student)
        self.student = self.student.at[:rows].set(student.astype(self.dtype))
        self.teachers = self.teachers.at[:, :rows].set(teachers.astype(self.dtype))
        self.labels = self.labels.at[:rows].set(labels.astype("int32"))

    def to_numpy(self, x):
        return numpy.asarray(x.astype("float32"))

    def copy(self):
        return self.copied(self.half)

    def nanoseconds(self, body):
        start = time.perf_counter_ns()
        self.jax.block_until_ready(body())
        return time.perf_counter_ns() - start


MODULES = {"pytorch_peers": TorchOperands, "triton_peers": TorchOperands, "jax_peers": JaxOperands}


def check_first_rows(provider, step, case, operands, expected):
    """Raises where a peer disagrees with the reference on the rows that were set."""
    losses, gradient = step(operands.student, operands.teachers, operands.labels)
    rows = len(expected[0])
    gradient = operands.to_numpy(gradient[:rows])
    if provider == "pytorch-textbook":
        if case.dtype == "bf16":
            return  # as people write it, softmax and logarithm are rounded to bf16 on their way
        check(case, expected[0], gradient * case.rows, expected)  # it gives one mean
    else:
        check(case, operands.to_numpy(losses[:rows]), gradient, expected)


def measure(provider, make, case, operands, expected, arguments):
    """One line of results, or None where the peer does not compute the case."""
    step = make(case)
    if step is None:
        return None
    check_first_rows(provider, step, case, operands, expected)
    of_peer, of_copy = [], []
    for repeat in range(arguments.warm_ups + arguments.repeats):
        peer = operands.nanoseconds(lambda: step(operands.student, operands.teachers, operands.labels))
        copy = operands.nanoseconds(operands.copy)
        if repeat >= arguments.warm_ups:
            of_peer.append(peer)
            of_copy.append(copy)
    median = statistics.median(of_peer)
    p20, p80 = numpy.quantile(of_peer, [0.2, 0.8])
    return (f"distillation-loss-of-{case.mean},{provider},{case.rows},{case.classes},{case.teachers},{case.dtype},,"
            f"{median:.0f},{p20:.0f},{p80:.0f},{case.model_bytes},{case.model_bytes / median:.1f},"
            f'{statistics.median(of_copy) / median:.4f},"{arguments.device_name}",{arguments.commit}')


def measure_module(name, case, arguments):
    """Prints a line for each of a module's peers, and returns how many failed."""
    try:
        peers = importlib.import_module(name).PEERS
        operands = MODULES[name](case, arguments.device)
    except ImportError as missing:
        print(f"{name} is left out: {missing}", file=sys.stderr)
        return 0
    failures = 0
    few = dataclasses.replace(case, rows=min(case.rows, CHECKED_ROWS))
    given = random_operands(few)
    operands.set_first_rows(*given)
    expected = reference(few, *given)
    for provider, make in peers.items():
        try:
            line = measure(provider, make, case, operands, expected, arguments)
        except Exception as failure:  # a peer that cannot must not keep the others from being measured
            print(f"{provider} failed on {case}: {failure}", file=sys.stderr)
            failures += 1
            continue
        if line:
            print(line, flush=True)
    return failures


def parsed_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    numbers = lambda text: [int(part) for part in text.split(",")]
    words = lambda text: text.split(",")
    parser.add_argument("--classes", type=numbers, default=[10, 100, 256, 1000, 8192, 32000, 128256, 262144])
    parser.add_argument("--teachers", type=numbers, default=[1, 4, 16])
    parser.add_argument("--mean", type=words, default=["logits", "probabilities"])
    parser.add_argument("--dtype", type=words, default=["f32", "bf16"])
    parser.add_argument("--megabytes", type=int, default=1024, help="the working set")
    parser.add_argument("--repeats", type=int, default=101)
    parser.add_argument("--warm-ups", type=int, default=20)
    parser.add_argument("--modules", type=words, default=list(MODULES))
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--device-name", default="", help="as the results name the GPU")
    parser.add_argument("--commit", default="unknown")
    return parser.parse_args()


def main():
    arguments = parsed_arguments()
    print(HEADER)
    failures = 0
    for dtype in arguments.dtype:
        for teachers in arguments.teachers:
            for classes in arguments.classes:
                for mean in arguments.mean:
                    case = Case(1, classes, teachers, mean, dtype).with_megabytes(arguments.megabytes)
                    for name in arguments.modules:
                        failures += measure_module(name, case, arguments)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
