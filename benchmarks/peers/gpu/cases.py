"""What every peer computes: the distillation loss of each row and the gradient of their sum.

    p = softmax of the teachers' mean at temperature T (of their logits, or of their probabilities)
    q = softmax(student / T)
    loss = alpha T^2 KL(p || q) + (1 - alpha) cross entropy of the label

The reference is that in double precision. A peer is checked against it before it is timed.
"""

import dataclasses

import numpy

TEMPERATURE = 4.0
ALPHA = 0.9
EPSILON = {"f32": 2.0**-23, "bf16": 2.0**-7}


@dataclasses.dataclass(frozen=True)
class Case:
    """One shape; logits [rows, classes] of one student and of `teachers` teachers."""

    rows: int
    classes: int
    teachers: int
    mean: str  # logits or probabilities
    dtype: str  # f32 or bf16

    @property
    def model_bytes(self):
        """Each input read once, the gradient written once."""
        element = 4 if self.dtype == "f32" else 2
        return (self.teachers + 2) * self.rows * self.classes * element

    def with_megabytes(self, megabytes):
        """The same classes, and as many rows as make a working set of that size."""
        one = dataclasses.replace(self, rows=1)
        return dataclasses.replace(self, rows=max(1, (megabytes << 20) // one.model_bytes))


def random_operands(case, seed=0):
    """Student [rows, classes], teachers [teachers, rows, classes] and labels, as NumPy arrays in float32.

    Numbers are multiples of 1/32 up to 4, which bf16 holds as they are.
    """
    generator = numpy.random.default_rng(seed)
    shape = (case.teachers + 1, case.rows, case.classes)
    logits = generator.integers(-127, 128, shape).astype(numpy.float32) / 32
    labels = generator.integers(0, case.classes, case.rows)
    return logits[0], logits[1:], labels


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - numpy.log(numpy.exp(x).sum(-1, keepdims=True))


def reference(case, student, teachers, labels):
    """Losses [rows] and gradient [rows, classes] in double precision."""
    student, teachers = student.astype(numpy.float64), teachers.astype(numpy.float64)
    if case.mean == "logits":
        log_p = log_softmax(teachers.mean(0) / TEMPERATURE)
    else:
        log_p = numpy.log(numpy.exp(log_softmax(teachers / TEMPERATURE)).mean(0))
    log_q, log_q_at_one = log_softmax(student / TEMPERATURE), log_softmax(student)
    p, one_hot = numpy.exp(log_p), numpy.eye(case.classes)[labels]
    soft = (p * (log_p - log_q)).sum(-1)
    hard = -(one_hot * log_q_at_one).sum(-1)
    loss = ALPHA * TEMPERATURE**2 * soft + (1 - ALPHA) * hard
    gradient = ALPHA * TEMPERATURE * (numpy.exp(log_q) - p)
    return loss, gradient + (1 - ALPHA) * (numpy.exp(log_q_at_one) - one_hot)


def check(case, losses, gradient, expected):
    """Raises where a result is further from the reference than its arithmetic explains."""
    # Exponents below 4 and logarithms below 4 + log(classes), each rounded once, in sums of alpha T^2 of them.
    logarithm = 8 + numpy.log(case.classes)
    of_loss = ALPHA * TEMPERATURE**2 * 4 * logarithm * EPSILON["f32"]
    of_gradient = ALPHA * TEMPERATURE * 4 * logarithm * EPSILON["f32"]
    rounding = EPSILON[case.dtype]
    for name, actual, wanted, bound in (
        ("loss", losses, expected[0], of_loss + rounding * numpy.abs(expected[0])),
        ("gradient", gradient, expected[1], of_gradient + rounding * numpy.abs(expected[1])),
    ):
        error = numpy.abs(numpy.asarray(actual, numpy.float64) - wanted)
        if not (error <= bound).all():
            raise AssertionError(f"{name} is off by {numpy.nanmax(error):.3g}")
