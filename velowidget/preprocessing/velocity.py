"""Velocities by the steady-state model: :func:`velowidget.velocity`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core import steady_state
from velowidget.data.arguments import checked_flag, checked_text, one_of
from velowidget.data.entries import entries, of_shape
from velowidget.data.messages import MAKE_MOMENTS, count
from velowidget.data.running import progress_bar
from velowidget.data.velocity import checked_adata, real_array
from velowidget.preprocessing.counts import LAYERS, normalized
from velowidget.preprocessing.genes import highly_variable
from velowidget.preprocessing.moments import LAYER_OF, N_NEIGHBORS, means
from velowidget.preprocessing.neighbors import DEFAULT_KEY, graph_of

MODES = ("deterministic", "stochastic")
MIN_CELLS = 10
MIN_GAMMA = 0.01

Moments = NDArray[np.floating]


def velocity(
    adata: AnnData,
    vkey: str = "velocity",
    mode: str = "stochastic",
    *,
    perc: float | Sequence[float] = 95,
    fit_offset: bool = False,
    min_r2: float = 0.01,
    conn_key: str = DEFAULT_KEY,
    copy: bool = False,
    show_progress_bar: bool = True,
) -> AnnData | None:
    """Estimate velocities with the steady-state model, as `scvelo.tl.velocity` does, without scVelo.

    Unspliced RNA beyond what balances a gene's degradation means that it is rising: ``velocity = Mu - gamma Ms``, with
    gamma the slope of a line through the cells with the most RNA (:mod:`velowidget.core.steady_state`).

    Parameters
    ----------
    adata
        Annotated data with the layers ``spliced`` and ``unspliced``, or with ``Ms`` and ``Mu`` for the deterministic
        mode. Moments that are there are used as they are; one that is not is made as :func:`velowidget.moments` does.
    vkey
        Key of the layer to write, and the start of the other names.
    mode
        ``'deterministic'`` fits to first moments; ``'stochastic'``, for the velocity genes, to second moments as well,
        over all neighbours in the graph. For scVelo's dynamical model, use scVelo: its layers are read as they are.
    perc
        Percentile of abundance from which cells count for the line; or two, for those of low and of high abundance.
    fit_offset
        Fit lines with a non-negative offset, not through the origin; `perc` should be two percentiles then.
    min_r2
        Velocity genes explain more of the variance of ``Mu`` by their line than this share. They have a gamma above
        0.01, too, some RNA of both kinds, and are highly variable if ``var["highly_variable"]`` is there. If fewer
        than two pass, those with the highest fifth of r2 are taken, with a warning.
    conn_key
        Key of the graph in ``adata.obsp``.
    copy
        Return a copy instead of writing to `adata`.
    show_progress_bar
        Show a bar for what takes more than a second.

    Returns
    -------
    None, or the copy. Written are, under scVelo's names:

    - layer `vkey`, float32, shape (n_cells, n_genes); and for the stochastic mode ``variance_{vkey}``;
    - ``var``: ``{vkey}_gamma``, ``{vkey}_qreg_ratio`` (gamma of the deterministic mode), ``{vkey}_r2``, with an offset
      ``{vkey}_offset``; and ``{vkey}_genes`` (bool), the genes that a velocity kernel uses;
    - ``uns["{vkey}_params"]``;
    - the layers ``Ms`` and ``Mu``, and a graph, where they were missing.

    Raises
    ------
    KeyError
        If a layer or the named graph is missing.
    TypeError
        If an argument or a layer is of the wrong type.
    ValueError
        If an argument, the counts, the moments or the graph cannot be used; with fewer than ten cells.

    Notes
    -----
    scVelo takes the upper percentile alone for lines through the origin; name it alone here. With both `fit_offset` and
    the stochastic mode, scVelo pulls the offset towards 0 by the cells that do not count for the line; here it is free.

    References
    ----------
    La Manno et al., Nature 560 (2018); Bergen et al., Nature Biotechnology 38 (2020).
    """
    checked_adata(adata)
    if adata.n_obs < MIN_CELLS:
        raise ValueError(
            f"The AnnData has {count(adata.n_obs, 'cell')}, and velocities need at least {MIN_CELLS}: the line of each "
            "gene goes through the few cells with the most RNA."
        )
    checked_text("vkey", vkey)
    _check_mode(mode)
    percentiles = _checked_percentiles(perc)
    least = _checked_number("min_r2", min_r2)
    with_offset = checked_flag("fit_offset", fit_offset)
    checked_text("conn_key", conn_key)
    shown = checked_flag("show_progress_bar", show_progress_bar)
    chosen = highly_variable(adata)
    adata = adata.copy() if checked_flag("copy", copy) else adata

    counts = {layer: normalized(adata, layer) for layer in LAYERS} if mode == "stochastic" else {}
    missing = [key for key in LAYER_OF if key not in entries(adata, "layers")]
    made = means(adata, missing, N_NEIGHBORS, conn_key, shown=shown) if missing else {}
    ms, mu = (made[key] if key in made else _moments(adata, key) for key in LAYER_OF)

    with progress_bar(shown=shown, unit="genes") as report:
        lines = steady_state.fit(ms, mu, percentiles, offset=with_offset, report=report)
        genes = _velocity_genes(lines, ms, mu, least, chosen)
        final, written = lines, {}
        if counts:
            graph = graph_of(adata, conn_key, N_NEIGHBORS)
            spliced, unspliced = (counts[layer] for layer in LAYERS)
            final, written[f"variance_{vkey}"] = steady_state.refit(
                graph, spliced, unspliced, ms, mu, lines, genes, percentiles, offset=with_offset, report=report
            )
    adata.layers.update(made)
    adata.layers.update({vkey: steady_state.above(final, ms, mu), **written})
    if with_offset:
        adata.var[f"{vkey}_offset"] = final.offset
    adata.var[f"{vkey}_gamma"] = final.gamma
    adata.var[f"{vkey}_qreg_ratio"] = lines.gamma
    adata.var[f"{vkey}_r2"] = lines.r2
    adata.var[f"{vkey}_genes"] = genes
    adata.uns[f"{vkey}_params"] = {"mode": mode, "fit_offset": with_offset, "perc": percentiles}
    return adata if copy else None


def _velocity_genes(
    lines: steady_state.Lines, ms: Moments, mu: Moments, min_r2: float, chosen: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The genes whose velocity says something, bool, shape (n_genes,)."""
    expressed = (ms.max(axis=0) > 0) & (mu.max(axis=0) > 0)
    genes: NDArray[np.bool_] = (lines.r2 > min_r2) & (lines.gamma > MIN_GAMMA) & expressed & chosen
    if genes.sum() >= 2:
        return genes
    lowered = float(np.percentile(lines.r2, 80))
    genes = lines.r2 > lowered
    if not genes.any():
        raise ValueError(
            "No velocity gene is left: unspliced RNA does not follow spliced RNA in any gene. "
            "Are the layers 'spliced' and 'unspliced' counts of the same cells and genes?"
        )
    warnings.warn(
        f"Fewer than two genes have r2 above min_r2={min_r2:g}: the {count(int(genes.sum()), 'gene')} above "
        f"{lowered:.2g} are taken instead. There is little signal of splicing in these data.",
        UserWarning,
        stacklevel=3,
    )
    return genes


def _moments(adata: AnnData, key: str) -> Moments:
    """First moments that are there already."""
    stored = of_shape(entries(adata, "layers")[key], adata.shape, f"The layer {key!r}")
    values = real_array(stored.to_memory() if hasattr(stored, "to_memory") else stored, f"layer {key!r}")
    if not np.isfinite(values).all():
        raise ValueError(
            f"The layer {key!r} is NaN or infinite in {count(int((~np.isfinite(values)).sum()), 'place')}. "
            f"Make it again with `{MAKE_MOMENTS}`."
        )
    return values


def _check_mode(mode: object) -> None:
    if mode == "dynamical":
        raise ValueError(
            "mode='dynamical' is scVelo's: run `scvelo.tl.recover_dynamics` and `scvelo.tl.velocity` in an environment "
            "with scVelo, and use its layers as they are. Here there are 'deterministic' and 'stochastic'."
        )
    one_of("mode", mode, MODES)


def _checked_percentiles(perc: object) -> float | list[float]:
    """One percentile, or a lower and an upper one."""
    if isinstance(perc, Sequence | np.ndarray) and not isinstance(perc, str) and len(perc) == 2:
        low, high = (_checked_number("perc", p) for p in perc)
        if 0 <= low < high <= 100:
            return [low, high]
    elif 0 <= (value := _checked_number("perc", perc)) <= 100:
        return value
    raise ValueError(f"perc must be a percentile from 0 to 100, or two of them, the lower first; got {perc!r}.")


def _checked_number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, not {value!r}.")
    if not np.isfinite(value):
        raise ValueError(f"{name} must be finite, not {value!r}.")
    return float(value)
