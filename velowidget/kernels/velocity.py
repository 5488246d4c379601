"""The velocity kernel: towards the neighbours that a cell's velocity points at."""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.graph import Graph
from velowidget.core.moments import draw_velocities
from velowidget.core.monte_carlo import monte_carlo
from velowidget.core.similarity import SCHEMES, Similarity, similarity
from velowidget.core.softmax import Transitions, freeze, row_softmax, transitions
from velowidget.core.stochastic import stochastic
from velowidget.kernels.base import Kernel, one_of, reject_unknown
from velowidget.kernels.data import VelocityData, checked_adata, name_cells, read_graph, read_velocity
from velowidget.kernels.reports import graph_notes as notes_on
from velowidget.kernels.reports import report_matrix

MODES = ("deterministic", "stochastic", "sampling", "monte_carlo")
BACKWARD_MODES = ("transpose", "negate")
DEGENERATE = ("error", "self_loop", "uniform")
_CHECKS = ("compute_cond_num", "check_connectivity", "check_symmetric")
_KEYWORDS = (
    *("mode", "backward_mode", "scheme", "softmax_scale", "n_samples", "seed", "degenerate", "check_irreducibility"),
    *("model", "similarity"),
)


class VelocityKernel(Kernel):
    """Transition probabilities from RNA velocity, after CellRank's kernel of that name.

    Parameters
    ----------
    adata
        Annotated data with velocities, expression and a neighbour graph (``adata.obsp``).
    backward
        Direction of the process.
    vkey, xkey
        Layers of velocity and expression; ``None`` or ``'X'`` is ``adata.X``.
    gene_subset
        Names, a mask over genes, or a boolean column of ``adata.var``; by default ``adata.var[f'{vkey}_genes']`` where
        that exists, else all genes. Genes with a NaN velocity are left out, with a warning that counts them.
    compute_cond_num
        Compute `condition_number` with each transition matrix, and warn if it is above 1e12.
    check_connectivity
        Warn if the graph is not connected.
    conn_key
        Key of the graph in ``adata.obsp``; only who is whose neighbour matters, not the weights.
    check_symmetric
        Warn if there are edges without a way back.

    Raises
    ------
    TypeError
        If `adata` is not an AnnData, or an array holds no numbers.
    KeyError
        If a layer, the graph or a column is missing; the message names the call that makes it.
    ValueError
        If the data cannot be used: too few cells, no genes left, infinite values.

    References
    ----------
    La Manno et al., Nature 560 (2018); Lange et al., Nature Methods 19 (2022).
    """

    _RESULTS = ("_transition_matrix", "_logits")

    def __init__(
        self,
        adata: AnnData,
        backward: bool = False,
        vkey: str | None = "velocity",
        xkey: str | None = "Ms",
        gene_subset: str | Sequence[str] | NDArray[np.bool_] | None = None,
        compute_cond_num: bool = False,
        check_connectivity: bool = False,
        *,
        conn_key: str = "connectivities",
        check_symmetric: bool = False,
        **unknown: Any,
    ) -> None:
        reject_unknown(
            "VelocityKernel",
            unknown,
            ("backward", "vkey", "xkey", "gene_subset", "conn_key", *_CHECKS),
        )
        checked_adata(adata)
        graph, graph_notes = read_graph(adata, conn_key)
        super().__init__(adata, backward, graph)
        self._data: VelocityData = read_velocity(adata, vkey, xkey, gene_subset)
        self._compute_cond_num = bool(compute_cond_num)
        pattern = graph.matrix(np.ones(graph.n_edges, dtype=np.int8))
        graph_notes += tuple(notes_on(pattern, connectivity=check_connectivity, symmetry=check_symmetric))
        for note in (*self._data.notes, *graph_notes):
            warnings.warn(note, UserWarning, stacklevel=2)
        self._similarities: dict[tuple[str, bool], Similarity] = {}
        self._logits: sp.csr_matrix | None = None
        self._conn_key = conn_key

    @classmethod
    def _of_results(
        cls,
        adata: AnnData,
        backward: bool,
        data: VelocityData,
        similarity: Similarity,
        result: Transitions,
        params: dict[str, Any],
        conn_key: str = "connectivities",
    ) -> VelocityKernel:
        """A computed kernel around results that exist already, sharing their arrays."""
        kernel = cls.__new__(cls)
        Kernel.__init__(kernel, adata, backward, result.graph)
        kernel._data = data
        kernel._similarities = {}
        kernel._conn_key = conn_key
        kernel._take(similarity, result, params)
        return kernel

    @property
    def backward(self) -> bool:
        """Direction of the process."""
        return bool(self._backward)

    @property
    def logits(self) -> sp.csr_matrix | None:
        """Similarities before scale and softmax, CSR float64, shape (n_cells, n_cells); None before they are computed.

        Entry (i, j) compares cell i's velocity with the way to j (with `backward_mode` ``'transpose'``, j's velocity
        with the way to i). Undefined similarities and zeros are not stored. Read-only.
        """
        return self._logits

    def compute_transition_matrix(
        self,
        mode: str = "deterministic",
        backward_mode: str = "transpose",
        scheme: str = "correlation",
        softmax_scale: float | None = None,
        n_samples: int = 1000,
        seed: int | None = None,
        *,
        degenerate: str = "error",
        check_irreducibility: bool = False,
        **synonyms: Any,
    ) -> VelocityKernel:
        """Compute the transition matrix.

        ``T_ij = exp(sigma s_ij) / sum_k exp(sigma s_ik)`` over the neighbours of cell i, with s the similarity of
        velocity and displacement (see :mod:`velowidget.core.similarity`) and sigma the softmax scale. Cells with zero
        velocity go to each neighbour alike.

        Parameters
        ----------
        mode
            ``'deterministic'``: velocities as they are. The others take a cell's velocity as random, with mean and
            variance of its neighbourhood (:mod:`velowidget.core.moments`): ``'stochastic'`` gives the expected
            probabilities to second order, in closed form, ``'monte_carlo'`` averages over `n_samples` random
            velocities, ``'sampling'`` draws one. CellRank 2's name `model` is understood too.
        backward_mode
            For a backward kernel: ``'transpose'`` follows how well each neighbour's velocity points at the cell,
            ``'negate'`` the cell's own velocity, negated. ``'transpose'`` is deterministic whatever the mode, with a
            warning.
        scheme
            ``'correlation'``, ``'cosine'`` or ``'dot_product'``. CellRank 2's name `similarity` is understood too.
        softmax_scale
            Larger than 0; the larger, the surer the steps. None: one over the median absolute similarity of the
            deterministic mode.
        n_samples
            How many velocities ``'monte_carlo'`` draws for each cell, at least 1.
        seed
            Of the random velocities, from 0 to 2^64 - 1; None draws one. It is kept in `params`, and the numbers of a
            cell depend on nothing else, so that results can be had again whatever the threads.
        degenerate
            What to do about cells without neighbours, or without a defined similarity to any: ``'error'``,
            ``'self_loop'`` (they stay where they are) or ``'uniform'`` (each neighbour alike; without neighbours they
            stay).
        check_irreducibility
            Warn if the chain has several communicating classes.

        Returns
        -------
        The kernel itself, with `transition_matrix`, `logits` and `params` set. Nothing changes if it fails.
        """
        for name, ours in (("model", "mode"), ("similarity", "scheme")):
            if name in synonyms:
                mode, scheme = (synonyms.pop(name), scheme) if ours == "mode" else (mode, synonyms.pop(name))
        reject_unknown("compute_transition_matrix", synonyms, _KEYWORDS)
        one_of("mode", mode, MODES)
        one_of("scheme", scheme, SCHEMES)
        one_of("backward_mode", backward_mode, BACKWARD_MODES)
        one_of("degenerate", degenerate, DEGENERATE)
        scale = None if softmax_scale is None else checked_scale(softmax_scale)

        transposed = self.backward and backward_mode == "transpose"
        if transposed and mode != "deterministic":
            warnings.warn(
                f"mode={mode!r} is not defined for backward_mode='transpose'; computing the deterministic mode. "
                "backward_mode='negate' has every mode.",
                UserWarning,
                stacklevel=2,
            )
            mode = "deterministic"
        negated = self.backward and backward_mode == "negate"
        params: dict[str, Any] = {"mode": mode, "scheme": scheme}
        params["softmax_scale"] = automatic_scale(self._similarity(scheme, transposed)) if scale is None else scale
        if mode == "monte_carlo":
            params["n_samples"] = checked_count("n_samples", n_samples)
        if mode in ("monte_carlo", "sampling"):
            params["seed"] = int(np.random.default_rng().integers(2**32)) if seed is None else checked_seed(seed)
        if self.backward:
            params["bwd_mode"] = backward_mode
        params["degenerate"] = degenerate
        if params == self._params:
            report_matrix(self, irreducibility=check_irreducibility)
            return self
        directed, probabilities = self._expected(params, transposed, negated)
        result = defined_transitions(self.adata, self._graph, directed, probabilities, degenerate)
        self._take(directed, result, params)
        report_matrix(self, irreducibility=check_irreducibility)
        return self

    def _similarity(self, scheme: str, transposed: bool) -> Similarity:
        if (scheme, transposed) not in self._similarities:
            self._similarities = {
                (scheme, transposed): similarity(self._graph, self._data.x, self._data.v, scheme, transposed=transposed)
            }
        return self._similarities[scheme, transposed]

    def _expected(
        self, params: dict[str, Any], transposed: bool, negated: bool
    ) -> tuple[Similarity, NDArray[np.float64]]:
        """Similarities in the kernel's direction, and the probabilities on the edges."""
        graph, x, v = self._graph, self._data.x, self._data.v
        mode, scheme, scale = params["mode"], params["scheme"], params["softmax_scale"]
        if mode in ("stochastic", "monte_carlo"):
            # Every scheme is odd in the velocity: negated velocities are a negative scale.
            signed = -scale if negated else scale
            if mode == "stochastic":
                similar, probabilities = stochastic(graph, x, v, scheme, signed)
            else:
                similar, probabilities = monte_carlo(graph, x, v, scheme, signed, params["n_samples"], params["seed"])
            return (similar.reversed() if negated else similar), probabilities
        if mode == "sampling":
            similar = similarity(graph, x, draw_velocities(graph, v, params["seed"]), scheme)
        else:
            similar = self._similarity(scheme, transposed)
        directed = similar.reversed() if negated else similar
        return directed, row_softmax(graph, directed.logits, scale)

    def _settings(self) -> dict[str, Any]:
        keys: dict[str, Any] = {
            "vkey": self._data.vkey or "X",
            "xkey": self._data.xkey or "X",
            "conn_key": self._conn_key,
        }
        keys |= {"compute_cond_num": True} if self._compute_cond_num else {}
        return {"backward": self.backward, **keys, "gene_subset": self._data.genes.copy()}

    def _take(self, directed: Similarity, result: Transitions, params: dict[str, Any]) -> None:
        logits = self._graph.matrix(np.nan_to_num(directed.logits, nan=0.0)).copy()
        logits.eliminate_zeros()
        freeze(logits)
        self._logits, self._transition_matrix, self._params = logits, result.matrix, params


def checked_scale(value: object) -> float:
    """A softmax scale as a float.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or not finite and larger than 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"softmax_scale must be a number larger than 0, or None for the automatic one, not {value!r}.")
    with contextlib.suppress(OverflowError):  # an int too large for a float
        if 0 < float(value) < math.inf:
            return float(value)
    raise ValueError(f"softmax_scale must be finite and larger than 0, not {value!r}; None takes the automatic one.")


def checked_count(name: str, value: object) -> int:
    """A number of at least 1, as an int.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or less than 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number of at least 1, not {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value!r}.")
    return int(value)


def checked_seed(value: object) -> int:
    """A seed as an int.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or not from 0 to 2^64 - 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"seed must be a whole number from 0 to 2^64 - 1, or None, not {value!r}.")
    if not 0 <= int(value) < 2**64:
        raise ValueError(f"seed must be from 0 to 2^64 - 1, not {value!r}.")
    return int(value)


def automatic_scale(directed: Similarity) -> float:
    """The automatic softmax scale.

    Raises
    ------
    ValueError
        If there is no similarity but zeros to take it from, or they are at the end of float64's range.
    """
    scale = directed.automatic_scale
    if math.isnan(scale):
        if directed.still.all():
            reason = "all velocities are zero"
        elif not np.nan_to_num(directed.logits).any():
            reason = "every similarity is zero or undefined"
        else:
            reason = "the similarities are too large or too small for float64"
        raise ValueError(
            f"No automatic softmax scale: {reason}. Check the velocity layer (`scvelo.tl.velocity(adata)` makes it), "
            "or give a number as softmax_scale."
        )
    return scale


def defined_transitions(
    adata: AnnData, graph: Graph, directed: Similarity, probabilities: NDArray[np.float64], degenerate: str
) -> Transitions:
    """Transition probabilities, with the cells that have none treated as `degenerate` says.

    Raises
    ------
    ValueError
        If there are such cells and `degenerate` is ``'error'``; the message counts and names them.
    """
    if degenerate == "error" and directed.undefined.any():
        alone = np.flatnonzero(directed.undefined & (graph.degree == 0))
        lost = np.flatnonzero(directed.undefined & (graph.degree > 0))
        reasons = [
            f"{len(cells):,} {what} ({name_cells(adata, cells)})"
            for cells, what in ((alone, "without neighbours"), (lost, "without a defined similarity to any neighbour"))
            if len(cells)
        ]
        raise ValueError(
            f"No transition probabilities for some cells: {' and '.join(reasons)}. Remove them and run "
            "`scanpy.pp.neighbors(adata)` again, or pass degenerate='self_loop' (they stay where they are) or "
            "degenerate='uniform' (each neighbour alike)."
        )
    return transitions(graph, directed, probabilities, undefined_stay=degenerate == "self_loop")
