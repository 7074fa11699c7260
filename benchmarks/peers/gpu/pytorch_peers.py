"""PyTorch's peers: what people write, autograd, a gradient written by hand, and both compiled."""

import torch
import torch.nn.functional as functional

from cases import ALPHA, TEMPERATURE


def textbook(case):
    """The loss as tutorials have it: a mean over the batch, backward through autograd. Of probabilities alone."""
    if case.mean != "probabilities":
        return None

    def step(student, teachers, labels):
        student = student.detach().requires_grad_()
        p = torch.stack([functional.softmax(z / TEMPERATURE, -1) for z in teachers]).mean(0)
        log_q = functional.log_softmax(student / TEMPERATURE, -1)
        soft = functional.kl_div(log_q, p, reduction="batchmean") * TEMPERATURE**2
        loss = ALPHA * soft + (1 - ALPHA) * functional.cross_entropy(student, labels)
        loss.backward()
        return loss.detach(), student.grad

    return step


def log_mean(case, teachers):
    teachers = teachers.float()
    if case.mean == "logits":
        return functional.log_softmax(teachers.mean(0) / TEMPERATURE, -1)
    log_p = functional.log_softmax(teachers / TEMPERATURE, -1)
    return torch.logsumexp(log_p, 0) - torch.log(torch.tensor(float(len(teachers))))


def row_losses(case, student, teachers, labels):
    student, log_p = student.float(), log_mean(case, teachers)
    log_q = functional.log_softmax(student / TEMPERATURE, -1)
    soft = functional.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)
    hard = functional.cross_entropy(student, labels, reduction="none")
    return ALPHA * TEMPERATURE**2 * soft + (1 - ALPHA) * hard


def autograd(case):
    def step(student, teachers, labels):
        student = student.detach().requires_grad_()
        losses = row_losses(case, student, teachers, labels)
        (gradient,) = torch.autograd.grad(losses.sum(), student)
        return losses.detach(), gradient

    return step


def by_hand(case):
    """No autograd: the gradient's own formula, and the losses from the same distributions."""

    def step(student, teachers, labels):
        log_p, logits = log_mean(case, teachers), student.float()
        log_q = functional.log_softmax(logits / TEMPERATURE, -1)
        log_q_at_one = functional.log_softmax(logits, -1)
        p = log_p.exp()
        soft = (p * (log_p - log_q)).sum(-1)
        hard = -log_q_at_one.gather(1, labels[:, None])[:, 0]
        gradient = ALPHA * TEMPERATURE * (log_q.exp() - p)
        of_hard = log_q_at_one.exp()
        of_hard.scatter_add_(1, labels[:, None], torch.full_like(hard, -1.0)[:, None])
        gradient += (1 - ALPHA) * of_hard
        return ALPHA * TEMPERATURE**2 * soft + (1 - ALPHA) * hard, gradient.to(student.dtype)

    return step


def compiled(peer, mode):
    def make(case):
        step = peer(case)
        if step is None:
            return None
        torch._dynamo.reset()  # its limit of recompilations counts by code, which all cases share
        return torch.compile(step, mode=mode, dynamic=False)

    return make


PEERS = {
    "pytorch-textbook": textbook,
    "pytorch-autograd": autograd,
    "pytorch-by-hand": by_hand,
}
if hasattr(torch, "compile"):
    PEERS["pytorch-compiled-autograd"] = compiled(autograd, "default")
    PEERS["pytorch-compiled-by-hand"] = compiled(by_hand, "default")
    PEERS["pytorch-max-autotune-by-hand"] = compiled(by_hand, "max-autotune-no-cudagraphs")
