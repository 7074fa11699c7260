"""Triton's peers: a program a row, which holds the row whole, or goes over it twice in blocks."""

import torch
import triton
import triton.language as tl

from cases import ALPHA, TEMPERATURE

LONGEST_BLOCK = 16384  # of a row that a program holds whole
BLOCK = 4096  # of one that it goes over twice


@triton.jit
def _online(z, keep, peak, total):
    """Takes a block into the running maximum and the sum of exponentials."""
    z = tl.where(keep, z, -float("inf"))
    higher = tl.maximum(peak, tl.max(z, 0))
    return higher, total * tl.exp(peak - higher) + tl.sum(tl.exp(z - higher), 0)


@triton.jit
def _log_p(teachers, row, columns, keep, classes, matrix, peak, log_sum, K: tl.constexpr, T: tl.constexpr,
           OF_LOGITS: tl.constexpr, peaks, log_sums):
    """log p of a block. Of logits: `peak` and `log_sum` are the mean's; of probabilities each teacher's are stored."""
    mean = tl.zeros_like(columns).to(tl.float32)
    for k in tl.static_range(K):
        z = tl.load(teachers + k * matrix + row * classes + columns, mask=keep, other=0.0).to(tl.float32) / T
        if OF_LOGITS:
            mean += z / K
        else:
            mean += tl.exp(z - tl.load(peaks + row * K + k) - tl.load(log_sums + row * K + k)) / K
    if OF_LOGITS:
        return mean - peak - log_sum
    return tl.log(mean)


@triton.jit
def _row(student, teachers, labels, gradient, losses, peaks, log_sums, classes, matrix, K: tl.constexpr,
         T: tl.constexpr, SHARE: tl.constexpr, OF_LOGITS: tl.constexpr, SIZE: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    matrix = tl.cast(matrix, tl.int64)
    offsets = tl.arange(0, SIZE)
    infinity = float("inf")
    peak_q, total_q, total_hard, peak_hard = -infinity, 0.0, 0.0, -infinity
    peak_p, total_p = -infinity, 0.0
    for first in range(0, classes, SIZE):
        columns = first + offsets
        keep = columns < classes
        z = tl.load(student + row * classes + columns, mask=keep, other=0.0).to(tl.float32)
        peak_q, total_q = _online(z / T, keep, peak_q, total_q)
        peak_hard, total_hard = _online(z, keep, peak_hard, total_hard)
        if OF_LOGITS:
            mean = tl.zeros_like(z)
            for k in tl.static_range(K):
                mean += tl.load(teachers + k * matrix + row * classes + columns, mask=keep, other=0.0).to(
                    tl.float32) / (K * T)
            peak_p, total_p = _online(mean, keep, peak_p, total_p)
    if not OF_LOGITS:
        for k in tl.static_range(K):
            peak_k, total_k = -infinity, 0.0
            for first in range(0, classes, SIZE):
                columns = first + offsets
                keep = columns < classes
                z = tl.load(teachers + k * matrix + row * classes + columns, mask=keep, other=0.0)
                peak_k, total_k = _online(z.to(tl.float32) / T, keep, peak_k, total_k)
            tl.store(peaks + row * K + k, peak_k)
            tl.store(log_sums + row * K + k, tl.log(total_k))
        tl.debug_barrier()
    label = tl.load(labels + row)
    soft = 0.0
    for first in range(0, classes, SIZE):
        columns = first + offsets
        keep = columns < classes
        z = tl.load(student + row * classes + columns, mask=keep, other=0.0).to(tl.float32)
        log_q = z / T - peak_q - tl.log(total_q)
        log_p = _log_p(teachers, row, columns, keep, classes, matrix, peak_p, tl.log(total_p), K, T, OF_LOGITS,
                       peaks, log_sums)
        p = tl.where(keep, tl.exp(log_p), 0.0)
        soft += tl.sum(tl.where(keep, p * (log_p - log_q), 0.0), 0)
        hard = tl.exp(z - peak_hard - tl.log(total_hard)) - tl.where(columns == label, 1.0, 0.0)
        g = SHARE * T * (tl.exp(log_q) - p) + (1 - SHARE) * hard
        tl.store(gradient + row * classes + columns, g.to(gradient.dtype.element_ty), mask=keep)
    at_label = tl.load(student + row * classes + label).to(tl.float32)
    of_hard = peak_hard + tl.log(total_hard) - at_label
    tl.store(losses + row, SHARE * T * T * soft + (1 - SHARE) * of_hard)


def row_by_row(case):
    size = triton.next_power_of_2(case.classes) if case.classes <= LONGEST_BLOCK else BLOCK
    warps = 4 if size <= 1024 else 8 if size <= 4096 else 16

    def step(student, teachers, labels):
        gradient = torch.empty_like(student)
        losses = torch.empty(case.rows, dtype=torch.float32, device=student.device)
        sums = torch.empty(2, case.rows, case.teachers, dtype=torch.float32, device=student.device)
        _row[(case.rows,)](student, teachers, labels, gradient, losses, sums[0], sums[1], case.classes,
                           case.rows * case.classes, K=case.teachers, T=TEMPERATURE, SHARE=ALPHA,
                           OF_LOGITS=case.mean == "logits", SIZE=size, num_warps=warps)
        return losses, gradient

    return step


PEERS = {"triton-row-by-row": row_by_row}
