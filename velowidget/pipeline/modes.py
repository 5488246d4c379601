"""The kernel's modes in words, for every face."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "deterministic": ("deterministic", "Velocities are taken as they are."),
    "stochastic": (
        "stochastic",
        "A cell's velocity is taken as random, with mean and variance of its neighbourhood: the expected "
        "probabilities, by a formula of second order.",
    ),
    "sampling": (
        "sampling",
        "One random velocity for each cell, from its neighbourhood: one of the kernels that could be.",
    ),
    "monte_carlo": (
        "Monte Carlo",
        "The mean over many random velocities of each cell, from its neighbourhood: slower, and without the formula's "
        "error.",
    ),
}
"""Title and help of each mode."""
