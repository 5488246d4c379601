"""The velocity kernel: towards the neighbours that a cell's velocity points at."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.analyses.diagnostics import diagnostics
from velowidget.analyses.modes import (
    BACKWARD_MODES,
    MODES,
    NUMBERS,
    checked_scheme,
    expected,
    mode_in_use,
    name_of,
    same_scheme,
    similarities,
)
from velowidget.analyses.probabilities import above_threshold, automatic_scale, defined_transitions
from velowidget.analyses.probabilities import notes_on as notes_on_rows
from velowidget.core.blocks import Report
from velowidget.core.chain import Chain
from velowidget.core.custom import Scheme
from velowidget.core.graph import freeze
from velowidget.core.similarity import Similarity
from velowidget.data.arguments import (
    checked_count,
    checked_flag,
    checked_scale,
    checked_seed,
    checked_text,
    checked_threshold,
    one_of,
    reject_unknown,
)
from velowidget.data.components import read_components
from velowidget.data.genes import GeneSubset
from velowidget.data.graphs import read_graph, read_weights
from velowidget.data.matrices import sharing
from velowidget.data.running import progress_bar, threads
from velowidget.data.velocity import VelocityData, checked_adata, read_velocity
from velowidget.kernels.base import Kernel
from velowidget.kernels.reports import graph_notes as notes_on
from velowidget.kernels.reports import report_matrix
from velowidget.plugins.registry import registry

DEGENERATE = ("error", "self_loop", "uniform")
_SETTINGS = (
    *("backward", "vkey", "xkey", "gene_subset", "compute_cond_num", "check_connectivity"),
    *("attr", "conn_key", "n_neighbors", "symmetrize", "check_symmetric"),
)
_KEYWORDS = (
    *("mode", "backward_mode", "scheme", "softmax_scale", "n_samples", "seed", "threshold", "degenerate"),
    *("check_irreducibility", "n_jobs", "backend", "show_progress_bar", "model", "similarity"),
)


class VelocityKernel(Kernel, in_files=True):
    """Transition probabilities from RNA velocity, after CellRank's kernel of that name.

    Layers that need no conversion (all genes, float32 or float64 both) are used where they lie: to use changed layers,
    make a new kernel.

    Parameters
    ----------
    adata
        Annotated data with velocities, expression and a neighbour graph (``adata.obsp``).
    backward
        Direction of the process.
    vkey, xkey
        Layers of velocity and expression; ``None`` or ``'X'`` is ``adata.X``.
    gene_subset
        Names or symbols; a mask over genes; a boolean column of ``adata.var``; ``'all'``; or a numeric column and a
        number, such as ``{'fit_likelihood': 500}`` for the 500 genes with the largest values (of equal values the first
        genes; genes without a value are left out). By default ``adata.var[f'{vkey}_genes']`` where that exists, else
        all genes. Genes with a NaN velocity are left out, with a
        warning that counts them; cells that are NaN in all genes have zero velocity, with a warning that names them.
    compute_cond_num
        Compute `condition_number` with each transition matrix, and warn if it is above 1e12.
    check_connectivity
        Warn if the graph is not connected.
    attr
        ``'layers'``; or ``'obsm'``, of which `vkey` and `xkey` are keys then: velocities in another space than that of
        genes, such as components, all columns in use.
    conn_key
        Key of the graph in ``adata.obsp``, or of scanpy's record of it in ``adata.uns``; only who is whose neighbour
        matters, not the weights. Entries of weight 0 are no neighbours.
    n_neighbors
        Keep this many neighbours of each cell, those with the largest weights; of equal weights, the first cells. Of a
        graph of distances (its key ends in ``'distances'``, or scanpy's record names it as such), the smallest. None
        keeps all. An entry for a cell itself is kept, and does not count.
    symmetrize
        Add the way back for each edge that has none, after `n_neighbors`: a cell may have more neighbours then.
    check_symmetric
        Warn if there are edges without a way back. False by default, unlike in CellRank: `scanpy.pp.neighbors` makes
        symmetric graphs, and the velocity kernel needs none.

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

    RESULTS = ("_transition_matrix", "_logits")

    def __init__(
        self,
        adata: AnnData,
        backward: bool = False,
        vkey: str | None = "velocity",
        xkey: str | None = "Ms",
        gene_subset: GeneSubset = None,
        compute_cond_num: bool = False,
        check_connectivity: bool = False,
        *,
        attr: str = "layers",
        conn_key: str = "connectivities",
        n_neighbors: int | None = None,
        symmetrize: bool = False,
        check_symmetric: bool = False,
        **unknown: Any,
    ) -> None:
        reject_unknown("VelocityKernel", unknown, _SETTINGS)
        checked_adata(adata)
        one_of("attr", attr, ("layers", "obsm"))
        vkey, xkey = (
            None if key is None else checked_text(name, key) for name, key in (("vkey", vkey), ("xkey", xkey))
        )
        looks = {
            "connectivity": checked_flag("check_connectivity", check_connectivity),
            "symmetry": checked_flag("check_symmetric", check_symmetric),
        }
        of_graph: dict[str, Any] = {
            "conn_key": checked_text("conn_key", conn_key),
            "n_neighbors": None if n_neighbors is None else checked_count("n_neighbors", n_neighbors),
            "symmetrize": checked_flag("symmetrize", symmetrize),
        }
        data: VelocityData = read_velocity(adata, vkey, xkey, gene_subset, attr)
        graph, graph_notes = read_graph(adata, placed=data.placed, **of_graph)
        super().__init__(adata, backward, graph)
        self._compute_cond_num = checked_flag("compute_cond_num", compute_cond_num)
        self._data = data
        pattern = graph.matrix(np.ones(graph.n_edges, dtype=np.int8))
        for note in (*self._data.notes, *graph_notes, *notes_on(pattern, **looks)):
            warnings.warn(note, UserWarning, stacklevel=2)
        self._begin(of_graph)

    def _begin(self, of_graph: dict[str, Any]) -> None:
        self._of_graph = of_graph
        self._scheme: str | Scheme | None = None  # the present matrix's; params have its name
        self._chain: Chain | None = None  # of the similarities
        self._last: tuple[str | Scheme, str, Similarity] | None = None
        self._connectivities: sp.csr_matrix | None = None
        self._logits: sp.csr_matrix | None = None

    @classmethod
    def of_chain(
        cls,
        adata: AnnData,
        data: VelocityData,
        scheme: str | Scheme,
        chain: Chain,
        params: dict[str, Any],
        of_graph: dict[str, Any],
    ) -> VelocityKernel:
        """A computed kernel around a chain that exists already, sharing its arrays.

        Parameters
        ----------
        adata
            Annotated data of the cells.
        data, scheme
            Velocities and expression that the chain was computed of, and how.
        chain, params
            The chain, with its similarities, and its parameters as `params` has them.
        of_graph
            Keywords of the graph: ``conn_key``, and ``n_neighbors`` and ``symmetrize`` where they are set.
        """
        kernel = cls.__new__(cls)
        Kernel.__init__(kernel, adata, chain.direction != "forward", chain.graph)
        kernel._data = data
        kernel._begin(of_graph)
        kernel._take(chain, scheme, params)
        return kernel

    @property
    def data(self) -> VelocityData:
        """Velocities and expression in use, see :class:`velowidget.data.velocity.VelocityData`; for reading."""
        return self._data

    @property
    def keywords(self) -> dict[str, Any] | None:
        """What makes the chain again of its AnnData.

        Keywords of the constructor (``vkey``, ``xkey``, ``attr``, ``conn_key``, ``gene_subset`` as a mask,
        ``backward``) and, of a computed kernel, of `compute_transition_matrix`; None where nothing makes it again: a
        matrix that was set, or a scheme that is known by no name.
        """
        settings, params = self._settings(), self.params
        if not params:
            return settings if self._transition_matrix is None else None
        if params.get("scheme") not in registry.contributions("schemes"):
            return None
        names = {"bwd_mode": "backward_mode"}
        return settings | {names.get(name, name): value for name, value in params.items()}

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
        if self._logits is None and (similar := self._similar()) is not None:
            logits = self._graph.matrix(np.nan_to_num(similar.logits, nan=0.0)).copy()
            logits.eliminate_zeros()
            freeze(logits)
            self._logits = logits
        return self._logits

    @property
    def connectivities(self) -> sp.csr_matrix:
        """Weights of the neighbour graph, CSR float64, shape (n_cells, n_cells), read-only; the kernel needs none.

        Read from the AnnData on first use.
        """
        if self._connectivities is None:
            weights, what = read_weights(self.adata, placed=self._data.placed, **self._of_graph)
            if not np.array_equal(weights.indptr, self._graph.indptr) or (weights.indices != self._graph.indices).any():
                raise ValueError(f"{what} is another than the kernel was made with. Make a new kernel.")
            freeze(weights)
            self._connectivities = weights
        return self._connectivities

    def compute_transition_matrix(
        self,
        mode: str = "deterministic",
        backward_mode: str = "transpose",
        scheme: str | Scheme = "correlation",
        softmax_scale: float | None = None,
        n_samples: int = 1000,
        seed: int | None = None,
        check_irreducibility: bool = False,
        *,
        threshold: float = 0.0,
        degenerate: str = "error",
        n_jobs: int | None = None,
        backend: str = "threading",
        show_progress_bar: bool = True,
        **synonyms: Any,
    ) -> VelocityKernel:
        """Compute the transition matrix.

        ``T_ij = exp(sigma s_ij) / sum_k exp(sigma s_ik)`` over the neighbours of cell i, with s the similarity of
        velocity and displacement (see :mod:`velowidget.core.similarity`) and sigma the softmax scale. Cells with zero
        velocity go to each neighbour alike, with a warning that counts and names them; not where it is the neighbours'
        velocities that count, or random ones.

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
            ``'correlation'``, ``'cosine'`` or ``'dot_product'``; or a callable as :mod:`velowidget.core.custom`
            describes it, such as CellRank's similarity schemes: ``scheme(v, d, scale)`` returns the probabilities and
            similarities of one cell's neighbours. The same callable is taken to give the same results. CellRank 2's
            name `similarity` is understood too.
        softmax_scale
            Larger than 0; the larger, the surer the steps. None: one over the median absolute similarity of the
            deterministic mode.
        n_samples
            How many velocities ``'monte_carlo'`` draws for each cell, at least 1.
        seed
            Of the random velocities, from 0 to 2^64 - 1; None draws one. It is kept in `params`, and the numbers of a
            cell depend on nothing else, so that results can be had again whatever the threads.
        check_irreducibility
            Warn if the chain has several communicating classes; `communicating_classes` has them in any case.
        threshold
            From 0 up to 1. Probabilities below it become 0, and the others of their row are divided by their sum; each
            row keeps at least its largest. A probability, not a percentage of the entries as in CellRank's kernels for
            time series.
        degenerate
            What to do about cells without neighbours, or without a defined similarity to any: ``'error'``,
            ``'self_loop'`` (they stay where they are) or ``'uniform'`` (each neighbour alike; without neighbours they
            stay).
        n_jobs
            Number of threads for this call; -1 is all, None as many as Numba is set to. Values do not depend on it.
        backend
            Understood for CellRank's sake, and without effect: compiled code runs in threads.
        show_progress_bar
            Show a bar if it takes more than a second.

        Returns
        -------
        The kernel itself, with `transition_matrix`, `logits` and `params` set. Nothing changes if it fails.
        """
        for name, ours in (("model", "mode"), ("similarity", "scheme")):
            if name in synonyms:
                mode, scheme = (synonyms.pop(name), scheme) if ours == "mode" else (mode, synonyms.pop(name))
        reject_unknown("compute_transition_matrix", synonyms, _KEYWORDS)
        one_of("mode", mode, MODES)
        one_of("backward_mode", backward_mode, BACKWARD_MODES)
        direction = backward_mode if self.backward else "forward"
        computed = mode_in_use(mode, self.backward, backward_mode)
        scheme = checked_scheme(scheme, computed)
        one_of("degenerate", degenerate, DEGENERATE)
        checked_text("backend", backend)
        check_irreducibility = checked_flag("check_irreducibility", check_irreducibility)
        scale = None if softmax_scale is None else checked_scale(softmax_scale)

        if computed != mode:
            warnings.warn(
                f"mode={mode!r} is not defined for backward_mode='transpose'; computing the deterministic mode. "
                "backward_mode='negate' has every mode.",
                UserWarning,
                stacklevel=2,
            )
        params: dict[str, Any] = {"mode": computed, "scheme": name_of(scheme), "softmax_scale": scale}
        if "n_samples" in NUMBERS[computed]:
            params["n_samples"] = checked_count("n_samples", n_samples)
        if "seed" in NUMBERS[computed]:
            params["seed"] = int(np.random.default_rng().integers(2**32)) if seed is None else checked_seed(seed)
        if self.backward:
            params["bwd_mode"] = backward_mode
        params["degenerate"] = degenerate
        if (least := checked_threshold(threshold)) > 0:
            params["threshold"] = least
        with threads(n_jobs), progress_bar(shown=checked_flag("show_progress_bar", show_progress_bar)) as report:
            self._compute(scheme, params, direction, report)
        for note in notes_on_rows(self.adata, similar) if (similar := self._similar()) is not None else ():
            warnings.warn(note, UserWarning, stacklevel=2)
        report_matrix(self, irreducibility=check_irreducibility)
        return self

    def diagnostics(self, basis: str = "umap", components: Sequence[int] = (1, 2), seed: int = 0) -> pd.DataFrame:
        """How far to believe each cell's arrow: three numbers (formulas: :mod:`velowidget.core.diagnostics`).

        Parameters
        ----------
        basis, components
            The embedding, and two or three of its columns, counted from 1.
        seed
            Of the shuffled genes that `support` compares with.

        Returns
        -------
        One row per cell, each number from 0 to 1 or NaN where it is undefined:

        * ``fidelity``: does the arrow on the embedding do what the chain does among the genes?
        * ``support``: do the velocities point at the neighbours any better than velocities with shuffled genes?
        * ``entropy``: how evenly does the chain spread over the neighbours? This follows from the softmax scale, and
          says nothing about belief.

        Raises
        ------
        ValueError
            If the transition matrix was given, not computed: there are no similarities then.
        """
        positions, seed = read_components(self.adata, checked_text("basis", basis), components), checked_seed(seed)
        chain = self.chain
        if chain.similarity is None or self._scheme is None:
            raise ValueError(
                "No diagnostics: the transition matrix was given, so there are no similarities to look at. Call "
                "`kernel.compute_transition_matrix()`."
            )
        found = diagnostics(chain, self._data, self._scheme, positions, seed)
        return pd.DataFrame(found, index=self.adata.obs_names)

    def _diagnostics_on(self, basis: str, components: Sequence[int]) -> Mapping[str, NDArray[np.float64]]:
        return {name: column.to_numpy() for name, column in self.diagnostics(basis, components).items()}

    def _has_diagnostics(self) -> bool:
        return self.chain.similarity is not None

    def _compute(self, scheme: str | Scheme, params: dict[str, Any], direction: str, report: Report | None) -> None:
        """Complete `params` with the automatic scale, and make their results the kernel's, if they are not yet."""

        def similar() -> Similarity:
            last = self._last  # read once: another thread may replace it
            if last is None or last[1] != direction or not same_scheme(scheme, last[0]):
                last = scheme, direction, similarities(self._graph, self._data, scheme, direction, report)
                self._last = last
            return last[2]

        if params["softmax_scale"] is None:
            params["softmax_scale"] = automatic_scale(similar())
        has_logits = self._similar() is not None or self._logits is not None  # an AnnData keeps none
        if params == self._params and has_logits and (isinstance(scheme, str) or scheme is self._scheme):
            return
        found, probabilities = expected(self._graph, self._data, scheme, params, direction, similar, report)
        numbers = params["degenerate"], params["softmax_scale"], direction
        chain = defined_transitions(self.adata, self._graph, found, probabilities, *numbers)
        self._take(above_threshold(chain, params.get("threshold", 0.0)), scheme, params)

    def _similar(self) -> Similarity | None:
        return None if self._chain is None else self._chain.similarity

    def _chain_of(self, matrix: sp.csr_matrix) -> Chain:
        return super()._chain_of(matrix) if self._chain is None else self._chain

    def _settings(self) -> dict[str, Any]:
        keys: dict[str, Any] = {
            "vkey": self._data.vkey or "X",
            "xkey": self._data.xkey or "X",
            "attr": self._data.attr,
            **{name: value for name, value in self._of_graph.items() if value},
        }
        keys |= {"compute_cond_num": True} if self._compute_cond_num else {}
        keys |= {"gene_subset": self._data.genes.copy()} if self._data.attr == "layers" else {}
        return {"backward": self.backward, **keys}

    def _take(self, chain: Chain, scheme: str | Scheme, params: dict[str, Any]) -> None:
        """Make a chain the kernel's own, with a matrix that no other kernel has; logits are made when asked for."""
        self._transition_matrix, self._params = sharing(chain.matrix), params
        self._scheme, self._chain, self._logits = scheme, chain, None

    def _forget(self) -> None:
        super()._forget()
        self._scheme, self._chain = None, None

    def _results(self) -> dict[str, sp.csr_matrix]:
        return super()._results() if self.logits is None else {**super()._results(), "_logits": self.logits}
