"""JAX's peer: the loss and its gradient, differentiated and fused by XLA."""

import jax
import jax.numpy as jnp

from cases import ALPHA, TEMPERATURE


def jitted(case):
    def total(student, teachers, labels):
        student, teachers = student.astype(jnp.float32), teachers.astype(jnp.float32)
        if case.mean == "logits":
            log_p = jax.nn.log_softmax(teachers.mean(0) / TEMPERATURE, -1)
        else:
            log_p = jax.nn.logsumexp(jax.nn.log_softmax(teachers / TEMPERATURE, -1), 0) - jnp.log(case.teachers)
        log_q = jax.nn.log_softmax(student / TEMPERATURE, -1)
        soft = jnp.sum(jnp.exp(log_p) * (log_p - log_q), -1)
        hard = -jnp.take_along_axis(jax.nn.log_softmax(student, -1), labels[:, None], 1)[:, 0]
        losses = ALPHA * TEMPERATURE**2 * soft + (1 - ALPHA) * hard
        return losses.sum(), losses

    @jax.jit
    def step(student, teachers, labels):
        (_, losses), gradient = jax.value_and_grad(total, has_aux=True)(student, teachers, labels)
        return losses, gradient

    return step


PEERS = {"jax-jitted": jitted}
