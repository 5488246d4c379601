"""Splicing kinetics of one gene, solved exactly.

A gene is transcribed at the rate alpha into unspliced RNA u, which is spliced at the rate beta into spliced RNA s,
which is degraded at the rate gamma (La Manno et al. 2018, Nature 560, 494; Bergen et al. 2020, Nat. Biotechnol. 38,
1408)::

    du/dt = alpha(t) - beta u            ds/dt = beta u - gamma s

Here alpha is constant between switches, so each stretch has a closed solution and nothing is integrated numerically.
Times are in days, beta and gamma per day, alpha in molecules per day, u and s in molecules per cell.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def relax(
    unspliced: ArrayLike, spliced: ArrayLike, alpha: ArrayLike, beta: float, gamma: float, elapsed: ArrayLike
) -> tuple[Any, Any]:
    """Abundances `elapsed` days after they were `unspliced` and `spliced`, with alpha constant meanwhile.

    The solution in Bergen et al. 2020, written so that it stays finite where beta equals gamma. Arguments broadcast.
    """
    unspliced, alpha, elapsed = np.asarray(unspliced), np.asarray(alpha), np.asarray(elapsed)
    decay_u, decay_s = np.exp(-beta * elapsed), np.exp(-gamma * elapsed)
    # (exp(-gamma t) - exp(-beta t)) / (beta - gamma), whose limit for beta = gamma is t exp(-gamma t)
    difference = beta - gamma
    transfer = elapsed * decay_s if difference == 0 else -decay_s * np.expm1(-difference * elapsed) / difference
    u = unspliced * decay_u + alpha / beta * (1 - decay_u)
    s = spliced * decay_s + alpha / gamma * (1 - decay_s) + (beta * unspliced - alpha) * transfer
    return u, s


def trajectory(
    times: ArrayLike,
    starts: ArrayLike,
    alphas: ArrayLike,
    beta: float,
    gamma: float,
    initial: tuple[float, float],
) -> tuple[Any, Any]:
    """Abundances at `times` of a gene whose transcription rate is ``alphas[k]`` from ``starts[k]`` on.

    Parameters
    ----------
    times
        When to look, none before ``starts[0]``.
    starts, alphas
        The stretches of constant transcription, shape (n_stretches,). `starts` ascend; where two are equal, the
        stretch is empty.
    initial
        Unspliced and spliced molecules at ``starts[0]``.
    """
    starts, alphas = np.asarray(starts, dtype=np.float64), np.asarray(alphas, dtype=np.float64)
    u0, s0 = np.empty(len(starts)), np.empty(len(starts))
    u0[0], s0[0] = initial
    for k in range(1, len(starts)):
        u0[k], s0[k] = relax(u0[k - 1], s0[k - 1], alphas[k - 1], beta, gamma, starts[k] - starts[k - 1])
    stretch = np.searchsorted(starts, times, side="right") - 1
    return relax(u0[stretch], s0[stretch], alphas[stretch], beta, gamma, times - starts[stretch])


def steady_state(alpha: float, beta: float, gamma: float) -> tuple[float, float]:
    """Abundances at which production and loss balance: u = alpha / beta, s = alpha / gamma."""
    return alpha / beta, alpha / gamma


def periodic_start(
    starts: ArrayLike, alphas: ArrayLike, beta: float, gamma: float, period: float
) -> tuple[float, float]:
    """Abundances to start from, so that after one `period` of this transcription they are the same again.

    The equations are linear: what is there at the start decays by a known factor, and a known amount is added.
    """
    added_u, _ = trajectory(period, starts, alphas, beta, gamma, (0.0, 0.0))
    u = float(added_u / -np.expm1(-beta * period))
    _, added_s = trajectory(period, starts, alphas, beta, gamma, (u, 0.0))
    return u, float(added_s / -np.expm1(-gamma * period))
