"""Simulated data sets with known truth: a bifurcation and a cycle.

Every gene is transcribed at a high rate inside one window of time and at a low rate outside; its RNA follows
:mod:`velowidget.datasets.kinetics`. Cells are caught at random times and their molecules counted with noise. All else
(:mod:`velowidget.datasets.preprocessing`) is estimated from the counts, as it would be from real ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.datasets.kinetics import periodic_start, steady_state, trajectory
from velowidget.datasets.preprocessing import preprocess
from velowidget.preprocessing.counts import totals

Floats = NDArray[np.float64]
Strings = NDArray[np.object_]

MIN_CELLS = 20
MIN_GENES = 20
LEAK = 0.05  # transcription outside the window, as a share of that inside
DISPERSION = 0.25  # of counts: variance = mean + DISPERSION * mean**2
SIZE_SPREAD = 0.3  # standard deviation of the logarithm of a cell's size factor


# Bifurcation: times in days. Until FORK both lineages are the same; the label 'Transitional' lasts a little longer,
# because cells that have just chosen cannot be told apart yet.
DURATION, FORK = 4.0, 1.5
FATE_CLUSTERS = ("Progenitor", "Transitional", "Fate A early", "Fate A", "Fate B early", "Fate B")
FATE_COLORS = ("#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#CC79A7", "#009E73")
FATE_EDGES = ((0, 1), (1, 2), (2, 3), (1, 4), (4, 5))
FATE_BOUNDARIES = (0.9, 2.3, 3.1)
FATE_PROGRAMS = {"Progenitor": 0.2, "Transient": 0.15, "Shared": 0.1, "FateA": 0.2, "FateB": 0.2, "Constant": 0.15}

# Cycle: one period is one day.
PERIOD = 1.0
CYCLE_CLUSTERS = ("Early G1", "Late G1", "S", "G2", "M")
CYCLE_COLORS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00")
CYCLE_EDGES = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 0))
CYCLE_BOUNDARIES = (0.22, 0.44, 0.68, 0.86)
CYCLE_PROGRAMS = {"Cyclic": 0.85, "Constant": 0.15}


@dataclass(frozen=True, eq=False)
class Genes:
    """Truth about the genes, each array of shape (n_genes,). Windows are [on, off), in days."""

    program: Strings
    alpha: Floats
    beta: Floats
    gamma: Floats
    on: Floats
    off: Floats


@dataclass(frozen=True, eq=False)
class Molecules:
    """Expected molecules in a cell of average size: unspliced, spliced and d spliced / dt, each (n_cells, n_genes)."""

    unspliced: Floats
    spliced: Floats
    change: Floats


def bifurcation(n_cells: int = 2000, n_genes: int = 300, seed: int = 0) -> AnnData:
    """Simulate progenitors that choose one of two fates within four days.

    Parameters
    ----------
    n_cells, n_genes
        At least 20 each.
    seed
        A non-negative integer. The same seed gives the same arrays; NumPy's global random state plays no part.

    Returns
    -------
    AnnData with, besides a scanpy neighbour graph (30 neighbours, fewer in small data):

    - layers `spliced`, `unspliced`: counts (float32, sparse);
    - `X`: log1p of `spliced` at the median total count (float32, sparse);
    - layers `Ms`, `Mu`: means over neighbours of counts at the median total (float32, dense);
    - layer `velocity`: estimated from `Ms` and `Mu` with the steady-state model (:func:`velowidget.velocity`), so
      imperfect as it is on real data, in counts per 1 / beta of each gene; with `velocity_gamma`, `velocity_r2` and
      `velocity_genes` (bool) in `var`;
    - layer `velocity_true`: d spliced / dt on the scale of `Ms`, in counts per day (float32, dense), positive where
      expression rises. The slow drift of the normalising total is not part of it, as in every velocity method;
    - `obs`: `clusters`, `lineage`, `true_time` (days), `stage` (collection day, ordered), `day` (its number) and
      `size_factor`;
    - `var`: `program`, `true_alpha` (molecules per day while on), `true_beta` and `true_gamma` (per day), `true_on` and
      `true_off` (days);
    - `obsm`: `X_pca`, `X_umap` (2 columns), `X_umap3d` (3 columns);
    - `uns`: `clusters_colors`, and `simulation` with `name`, `seed` and `edges`, the true cluster graph: names from and
      to, shape (n_edges, 2).

    Examples
    --------
    >>> adata = bifurcation(n_cells=500)
    >>> adata.obs["clusters"].cat.categories[0]
    'Progenitor'
    """
    _check_arguments(n_cells, n_genes, seed)
    rng = np.random.default_rng(seed)
    times, lineages = _fate_times(rng, n_cells)
    genes = _fate_genes(rng, n_genes)
    phase = np.digitize(times, FATE_BOUNDARIES)
    codes = np.where((phase >= 2) & (lineages == 1), phase + 2, phase)
    stage_days = np.arange(4.0)
    days = stage_days[_draw_stages(rng, times[:, None] - (stage_days + 0.5), spread=0.5)]
    obs = pd.DataFrame(
        {
            "clusters": pd.Categorical.from_codes(codes, FATE_CLUSTERS),
            "lineage": pd.Categorical.from_codes(np.where(times < FORK, 0, lineages + 1), ["trunk", "A", "B"]),
            "true_time": times,
            "stage": pd.Categorical([f"Day {d:.0f}" for d in days], [f"Day {d:.0f}" for d in stage_days], ordered=True),
            "day": days,
        }
    )
    truth = {"name": "bifurcation", "seed": int(seed), "edges": _named(FATE_CLUSTERS, FATE_EDGES)}
    return _observe(rng, obs, genes, fate_molecules(genes, times, lineages), FATE_COLORS, truth)


def cycle(n_cells: int = 2000, n_genes: int = 300, seed: int = 0) -> AnnData:
    """Simulate cells that go round the cell cycle, once a day.

    Parameters and contents are those of :func:`bifurcation`, with these differences: `true_time` is the phase in days,
    from 0 to 1; there is no `lineage`; `stage` is the hour after release from arrest and `day` the same in days; the
    edges close a ring. `true_off` may pass 1, for a gene that is on across cell division.
    """
    _check_arguments(n_cells, n_genes, seed)
    rng = np.random.default_rng(seed)
    times = PERIOD * _spread_evenly(rng, n_cells)
    genes = _cycle_genes(rng, n_genes)
    stage_days = np.arange(4) / 4
    away = (times[:, None] - (stage_days + 0.125) + 0.5) % PERIOD - 0.5
    days = stage_days[_draw_stages(rng, away, spread=0.125)]
    obs = pd.DataFrame(
        {
            "clusters": pd.Categorical.from_codes(np.digitize(times, CYCLE_BOUNDARIES), CYCLE_CLUSTERS),
            "true_time": times,
            "stage": pd.Categorical(
                [f"{24 * d:.0f} h" for d in days], [f"{24 * d:.0f} h" for d in stage_days], ordered=True
            ),
            "day": days,
        }
    )
    truth = {"name": "cycle", "seed": int(seed), "edges": _named(CYCLE_CLUSTERS, CYCLE_EDGES)}
    return _observe(rng, obs, genes, cycle_molecules(genes, times), CYCLE_COLORS, truth)


def fate_molecules(genes: Genes, times: Floats, lineages: NDArray[np.integer]) -> Molecules:
    """Expected molecules of cells at `times` on lineage 0 (A) or 1 (B), where the other fate's genes are silent."""
    u, s = (np.empty((len(times), len(genes.program))) for _ in range(2))
    for lineage, silent in ((0, "FateB"), (1, "FateA")):
        cells = np.flatnonzero(lineages == lineage)
        for g, program in enumerate(genes.program):
            on, off = (DURATION, DURATION) if program == silent else np.clip([genes.on[g], genes.off[g]], 0, DURATION)
            high, low = genes.alpha[g], LEAK * genes.alpha[g]
            beta, gamma = genes.beta[g], genes.gamma[g]
            start = steady_state(high if on == 0 else low, beta, gamma)
            u[cells, g], s[cells, g] = trajectory(times[cells], [0, on, off], [low, high, low], beta, gamma, start)
    return Molecules(u, s, genes.beta * u - genes.gamma * s)


def cycle_molecules(genes: Genes, times: Floats) -> Molecules:
    """Expected molecules of cells at phase `times`, in the state that repeats itself every period."""
    u, s = (np.empty((len(times), len(genes.program))) for _ in range(2))
    for g, (on, off) in enumerate(zip(genes.on, genes.off, strict=True)):
        high, low = genes.alpha[g], LEAK * genes.alpha[g]
        if off > PERIOD:  # on across the turn
            starts, alphas = [0, off - PERIOD, on], [high, low, high]
        else:
            starts, alphas = [0, on, off], [low, high, low]
        start = periodic_start(starts, alphas, genes.beta[g], genes.gamma[g], PERIOD)
        u[:, g], s[:, g] = trajectory(times, starts, alphas, genes.beta[g], genes.gamma[g], start)
    return Molecules(u, s, genes.beta * u - genes.gamma * s)


def sample_counts(rng: np.random.Generator, expected: Floats, size_factors: Floats) -> sp.csr_matrix:
    """Negative binomial counts with mean ``size_factors[:, None] * expected``, float32, shape (n_cells, n_genes).

    Drawn as a Poisson count of a gamma-distributed rate: biological variation, then the chance of catching a molecule.
    """
    variation = rng.gamma(1 / DISPERSION, DISPERSION, size=expected.shape)
    return sp.csr_matrix(rng.poisson(size_factors[:, None] * expected * variation), dtype=np.float32)


def _observe(
    rng: np.random.Generator,
    obs: pd.DataFrame,
    genes: Genes,
    molecules: Molecules,
    colors: tuple[str, ...],
    truth: dict[str, object],
) -> AnnData:
    """Count the molecules and process the counts."""
    n_cells = len(obs)
    obs["size_factor"] = rng.lognormal(-(SIZE_SPREAD**2) / 2, SIZE_SPREAD, size=n_cells)  # of mean 1
    obs.index = pd.Index([f"cell_{i:0{len(str(n_cells))}d}" for i in range(1, n_cells + 1)])
    var = pd.DataFrame(
        {"program": pd.Categorical(genes.program)}
        | {f"true_{name}": getattr(genes, name) for name in ("alpha", "beta", "gamma", "on", "off")},
        index=_gene_names(genes.program),
    )
    size_factors = obs["size_factor"].to_numpy()
    layers = {
        "spliced": sample_counts(rng, molecules.spliced, size_factors),
        "unspliced": sample_counts(rng, molecules.unspliced, size_factors),
    }
    # Normalising brings a cell of average size from its own total to the median total, and its change with it.
    to_scale_of_ms = np.median(totals(layers["spliced"])) / molecules.spliced.sum(axis=1, keepdims=True)
    layers["velocity_true"] = (to_scale_of_ms * molecules.change).astype(np.float32)

    adata = AnnData(obs=obs, var=var, layers=layers)
    adata.uns["clusters_colors"] = list(colors)
    adata.uns["simulation"] = truth
    preprocess(adata, rng)
    return adata


def _fate_times(rng: np.random.Generator, n_cells: int) -> tuple[Floats, NDArray[np.int64]]:
    """Times, and as many cells of each lineage (0 or 1) in every stretch of time, in random order."""
    times = DURATION * np.sort(_spread_evenly(rng, n_cells))
    pairs = rng.permuted(np.tile([0, 1], ((n_cells + 1) // 2, 1)), axis=1)
    order = rng.permutation(n_cells)
    return times[order], pairs.ravel()[:n_cells][order]


def _fate_genes(rng: np.random.Generator, n_genes: int) -> Genes:
    programs = _share_out(FATE_PROGRAMS, n_genes)
    window = {
        "Progenitor": lambda: (0.0, rng.uniform(0.0, 0.5) * DURATION),
        "Transient": lambda: (on := rng.uniform(0.0, 0.35) * DURATION, on + rng.uniform(0.15, 0.35) * DURATION),
        "Shared": lambda: (rng.uniform(0.0, 0.7) * DURATION, np.inf),
        "FateA": lambda: _fate_window(rng),
        "FateB": lambda: _fate_window(rng),
        "Constant": lambda: (0.0, np.inf),
    }
    on, off = np.array([window[program]() for program in programs]).T
    return Genes(programs, *_rates(rng, n_genes, gamma=2.0), on, off)


def _fate_window(rng: np.random.Generator) -> tuple[float, float]:
    """On soon after the fork; a third of the genes go off again, so that early and late fate cells differ."""
    on = rng.uniform(FORK, FORK + 1.2)
    return on, on + rng.uniform(0.6, 1.0) if rng.random() < 1 / 3 else np.inf


def _cycle_genes(rng: np.random.Generator, n_genes: int) -> Genes:
    programs = _share_out(CYCLE_PROGRAMS, n_genes)
    n_cyclic = int(np.sum(programs == "Cyclic"))
    on, off = np.zeros(n_genes), np.full(n_genes, PERIOD)
    on[:n_cyclic] = PERIOD * np.sort(_spread_evenly(rng, n_cyclic))
    off[:n_cyclic] = on[:n_cyclic] + rng.uniform(0.25, 0.55, size=n_cyclic) * PERIOD
    return Genes(programs, *_rates(rng, n_genes, gamma=6.0), on, off)


def _rates(rng: np.random.Generator, n_genes: int, gamma: float) -> tuple[Floats, Floats, Floats]:
    """Log-normal rates; `gamma` is the median rate of degradation per day (2 is a half-life of 8 hours)."""
    degradation = gamma * rng.lognormal(0, 0.4, size=n_genes)
    splicing = 2 * gamma * rng.lognormal(0, 0.4, size=n_genes)
    molecules = 2 * rng.lognormal(0, 1, size=n_genes)  # spliced, when on for long
    return molecules * degradation, splicing, degradation


def _spread_evenly(rng: np.random.Generator, n: int) -> Floats:
    """Random numbers in [0, 1), one in each of `n` equal intervals, in random order."""
    return (rng.permutation(n) + rng.random(n)) / n


def _draw_stages(rng: np.random.Generator, away: Floats, spread: float) -> NDArray[np.intp]:
    """Choose each cell's collection stage; `away` (n_cells, n_stages) is how far its time is from each stage's mean."""
    # Adding Gumbel noise to log-weights and taking the largest draws in proportion to the weights.
    return np.argmax(-0.5 * (away / spread) ** 2 + rng.gumbel(size=away.shape), axis=1)


def _share_out(shares: dict[str, float], n_genes: int) -> Strings:
    """The program of each gene, in order, in proportion to `shares` (which sum to 1)."""
    ends = np.round(np.cumsum(list(shares.values())) * n_genes).astype(int)
    return np.repeat(np.array(list(shares), dtype=object), np.diff(ends, prepend=0))


def _gene_names(programs: Strings) -> list[str]:
    number = pd.Series(programs).groupby(programs).cumcount() + 1
    return [f"{program}-{i}" for program, i in zip(programs, number, strict=True)]


def _named(clusters: tuple[str, ...], edges: tuple[tuple[int, int], ...]) -> Strings:
    return np.array([[clusters[a], clusters[b]] for a, b in edges], dtype=object)


def _check_arguments(n_cells: int, n_genes: int, seed: int) -> None:
    for name, value, least in (("n_cells", n_cells, MIN_CELLS), ("n_genes", n_genes, MIN_GENES), ("seed", seed, 0)):
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ValueError(f"{name} must be an integer, not {value!r}.")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}.")
