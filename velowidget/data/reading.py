"""An AnnData as it was at one time: what was read stays as it was, and what has changed since is found.

A reading costs little: tables are copied, arrays are referenced. What has changed is told from the names of the cells,
the tables, which arrays there are, and up to a thousand values of each of them, which finds changes in place: a matter
of milliseconds. A change of a few values in place may be missed.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.entries import entries
from velowidget.data.fingerprints import alike, as_text, changed_columns, sample
from velowidget.data.genes import GeneSubset, gene_mask
from velowidget.data.graphs import graph_key
from velowidget.data.messages import count


@dataclass(frozen=True, eq=False)
class Settings:
    """What a velocity kernel is made of, as for :class:`velowidget.VelocityKernel`."""

    vkey: str | None = "velocity"
    xkey: str | None = "Ms"
    gene_subset: GeneSubset = None
    conn_key: str = "connectivities"
    attr: str = "layers"
    n_neighbors: int | None = None
    symmetrize: bool = False

    @property
    def layers(self) -> tuple[str, str]:
        """Places of velocity and expression, such as ``'layers:velocity'`` or ``'X'``."""
        return _place(self.attr, self.vkey), _place(self.attr, self.xkey)

    @property
    def of_graph(self) -> dict[str, Any]:
        """Keywords of `read_graph`."""
        return {"conn_key": self.conn_key, "n_neighbors": self.n_neighbors, "symmetrize": self.symmetrize}


@dataclass(frozen=True)
class Changes:
    """What has changed since a reading.

    Attributes
    ----------
    chain
        What it means for the Markov chain, in words: other cells or genes, velocities, expression or neighbours; empty
        where the chain of the reading is still the chain of the data.
    annotations
        Places of the other parts that have changed, such as ``'obs:clusters'``, ``'obsm:X_umap'``, ``'names'``.
    """

    chain: tuple[str, ...] = ()
    annotations: frozenset[str] = frozenset()


def snapshot(adata: AnnData) -> AnnData:
    """An AnnData of the same data: tables are copied, everything else is referenced.

    What is then filtered, replaced, added or removed in one is not in the other. A view stays a view, of a snapshot.
    """
    if adata.is_view:
        with _quiet():
            return snapshot(adata._adata_ref)[adata._oidx, adata._vidx]
    with _quiet():
        copied = AnnData(
            X=adata.X,
            obs=adata.obs.copy(),
            var=adata.var.copy(),
            **{store: dict(entries(adata, store)) for store in ("layers", "obsm", "obsp", "varm")},
        )
        copied.uns = _referenced(adata.uns)  # afterwards: given to AnnData, graphs of old files would move to obsp
        return copied


class Reading:
    """What an AnnData was when it was read.

    Parameters
    ----------
    adata
        Annotated data; never changed.

    Attributes
    ----------
    source
        The AnnData that was read.
    adata
        A snapshot of it. Of an AnnData that is damaged, itself.
    """

    def __init__(self, adata: AnnData) -> None:
        self.source = adata
        try:
            self.adata = snapshot(adata)
        except Exception:  # damaged: whoever reads it says so
            self.adata = adata
        self._colors = _colors(self.adata)
        base = _base(self.adata)
        self._sampled = {place: sample(_stored(base, place)) for place in _places(base)}
        self._known: dict[str, Any] = {}  # other arrays that were found to hold the same, as weak references

    def snapshot(self) -> AnnData:
        """A snapshot of the snapshot, for somebody who may write to it."""
        return self.adata if self.adata is self.source else snapshot(self.adata)

    def changes(self, settings: Settings) -> Changes:
        """What has changed in the AnnData since it was read.

        Parameters
        ----------
        settings
            Which parts make the present Markov chain.
        """
        now = self.source
        written = self.adata.is_view and not now.is_view  # the view has arrays of its own since
        before, after = (self.adata, now) if written else (_base(self.adata), _base(now))
        changed = {"view"} if written else set()
        for place in {*_places(before), *_places(after)}:
            if not self._alike(before, after, place, place, written=written):
                changed.add(place)
        velocity, expression = settings.layers
        graph, graph_now = graph_place(before, settings.conn_key), graph_place(after, settings.conn_key)
        words = ["other velocities"] if velocity in changed else []
        words += ["other expression values"] if expression in changed else []
        words += [] if self._alike(before, after, graph, graph_now, written=written) else ["other neighbours"]
        if not np.array_equal(_genes(self.adata, settings), _genes(now, settings)):
            words.append("other genes in use")
        sizes = self._sizes(now)
        if sizes or words:
            return Changes((*sizes, *([] if now.n_obs != self.adata.n_obs else words)))
        return Changes((), frozenset((changed - {velocity, expression, graph, graph_now}) | self._tables()))

    def is_untouched(self, *places: str) -> bool:
        """Whether arrays that the snapshot shares with the AnnData still hold what they did, such as ``'obsm:X_umap'``.

        Names of stores, such as ``'layers'``, mean all of their arrays.
        """
        asked = [place for place in self._sampled if place in places or place.partition(":")[0] in places]
        return all(sample(_stored(_base(self.adata), place)) == self._sampled[place] for place in asked)

    def shares(self, place: str, array: NDArray[Any]) -> bool:
        """Whether an array may lie in the memory of the one that the AnnData has at a place."""
        stored = _stored(_base(self.adata), place)
        return isinstance(stored, np.ndarray) and np.may_share_memory(stored, array)

    def still_has(self, places: Iterable[str], *used: NDArray[Any]) -> bool:
        """Whether arrays of the AnnData, where `used` share their memory, hold what they did."""
        return all(
            sample(_stored(_base(self.adata), place)) == self._sampled[place]
            for place in places
            if any(self.shares(place, array) for array in used)
        )

    # -- inside ------------------------------------------------------------------------------------

    def _alike(self, before: AnnData, now: AnnData, place: str, place_now: str, *, written: bool) -> bool:
        stored = _stored(before, place)
        sampled = sample(stored) if written else self._sampled.get(place)
        return alike(stored, _stored(now, place_now), sampled, self._known, place)

    def _sizes(self, now: AnnData) -> list[str]:
        before, words = self.adata, []
        if now.n_obs != before.n_obs:
            words.append(f"{count(now.n_obs, 'cell')} now, {before.n_obs:,} then")
        elif not same_names(now.obs_names, before.obs_names) and set(now.obs_names) == set(before.obs_names):
            words.append("the cells are in another order")
        if now.n_vars != before.n_vars:
            words.append(f"{count(now.n_vars, 'gene')} now, {before.n_vars:,} then")
        return words

    def _tables(self) -> set[str]:
        """Places of the tables that have changed, and of what belongs to them."""
        before, now = self.adata, self.source
        if before is now:  # damaged, and not copied
            return set()
        changed = {f"obs:{column}" for column in changed_columns(before.obs, now.obs)}
        if not same_names(before.obs_names, now.obs_names):
            changed.add("names")
        if not same_names(before.var_names, now.var_names) or changed_columns(before.var, now.var):
            changed.add("genes")
        colors = _colors(now)
        for key in self._colors.keys() | colors.keys():
            if self._colors.get(key) != colors.get(key):
                changed.add(f"obs:{key.removesuffix('_colors')}")
        return changed


def same_names(first: pd.Index, second: pd.Index) -> bool:
    """Whether names are the same, in the same order; without a look at them where they are of the same table."""
    return bool(first.equals(second))


def cells_as_read(cells: Any, read: pd.Index, now: pd.Index, name: str) -> Any:
    """Cells that somebody means who looks at the present AnnData, among those that were read.

    Parameters
    ----------
    cells
        A mask as a Series, which is aligned by names; a mask, or numbers of cells; anything else stays as it is.
    read, now
        Names of the cells that were read, and of those of the AnnData.
    name
        The argument, for errors.

    Returns
    -------
    A mask over the cells that were read; or `cells`, where these mean the same.

    Raises
    ------
    ValueError
        If it cannot be told which cells are meant.
    """
    if isinstance(cells, pd.Series) and _is_mask(cells) and not isinstance(cells.index, pd.RangeIndex):
        return _by_names(np.asarray(cells, dtype=bool), cells.index, read, name)
    if same_names(read, now):
        return cells
    if _is_mask(cells):
        mask = np.asarray(cells, dtype=bool)
        if len(mask) == len(now) != len(read):
            return _by_names(mask, now, read, name)
        if len(mask) == len(read) != len(now):
            return mask
        what = "a mask"
    elif isinstance(cells, int | np.integer | slice) or _are_numbers(cells):
        what = "numbers of cells"
    else:
        return cells
    raise ValueError(
        f"{name}: {what} cannot be understood, because the cells of adata are not those that were read, or in another "
        "order. Give names of cells or a column such as `adata.obs['clusters'] == 'Beta'`, or call w.refresh() first."
    )


def translated(cells: NDArray[np.integer], before: pd.Index, now: pd.Index) -> NDArray[np.int64] | None:
    """Numbers of cells in one AnnData as those of the same cells, by name, in another; cells that are gone left out.

    None where names are not unique, so that nobody can tell.
    """
    if same_names(before, now):
        return cells.astype(np.int64)
    if not (before.is_unique and now.is_unique):
        return None
    places = now.get_indexer(before[cells])
    return np.sort(places[places >= 0])


def _by_names(mask: NDArray[np.bool_], names: pd.Index, read: pd.Index, argument: str) -> NDArray[np.bool_]:
    if same_names(names, read):
        return mask
    if not (names.is_unique and read.is_unique):
        raise ValueError(
            f"{argument}: the mask is for cells in another order, and their names are not unique. "
            "Make them unique with `adata.obs_names_make_unique()`, and call w.refresh()."
        )
    chosen = names[mask]
    places = read.get_indexer(chosen)
    if (places < 0).any():
        raise ValueError(
            f"{argument}: there is no cell {str(chosen[places < 0][0])!r} among those that were read. "
            "Read the data again with w.refresh(), or give a mask with the names of cells."
        )
    aligned = np.zeros(len(read), dtype=bool)
    aligned[places] = True
    return aligned


def _is_mask(cells: Any) -> bool:
    if isinstance(cells, str | bytes | Mapping) or not hasattr(cells, "__len__") or getattr(cells, "ndim", 1) != 1:
        return False
    return bool(len(cells)) and pd.api.types.infer_dtype(cells, skipna=False) == "boolean" and not _has_gaps(cells)


def _has_gaps(cells: Any) -> bool:
    return bool(pd.isna(np.asarray(cells, dtype=object)).any()) if isinstance(cells, pd.Series) else False


def _are_numbers(cells: Any) -> bool:
    if isinstance(cells, str | bytes | Mapping) or not hasattr(cells, "__len__") or getattr(cells, "ndim", 1) != 1:
        return False
    return bool(len(cells)) and pd.api.types.infer_dtype(cells, skipna=False) == "integer"


def _place(attr: str, key: str | None) -> str:
    return "X" if key is None or key == "X" else f"{attr}:{key}"


def graph_place(adata: AnnData, conn_key: str) -> str:
    """The place of a graph; that of none where there is none."""
    try:
        return f"obsp:{graph_key(adata, conn_key)}"
    except (KeyError, ValueError):
        return "obsp:"


def _stored(adata: AnnData, place: str) -> Any:
    """The array at a place, or text that says why there is none."""
    store, _, key = place.partition(":")
    try:
        return adata.X if place == "X" else entries(adata, store).get(key)
    except Exception as error:
        return str(error)


def _base(adata: AnnData) -> AnnData:
    """What a view is a view of, whose arrays can be looked at where they are; any other AnnData itself."""
    return adata._adata_ref if adata.is_view else adata


def _places(adata: AnnData) -> list[str]:
    """Where an AnnData has arrays; of a store that is damaged, the store."""
    places = ["X"]
    for store in ("layers", "obsm", "obsp"):
        try:
            places += [f"{store}:{key}" for key in entries(adata, store)]
        except ValueError:
            places.append(f"{store}:")
    return places


def _genes(adata: AnnData, settings: Settings) -> Any:
    if settings.attr == "obsm":
        return None  # all columns are in use
    try:
        return gene_mask(adata, settings.vkey, settings.gene_subset)[0]
    except Exception as error:
        return str(error)


def _colors(adata: AnnData) -> dict[str, Any]:
    """Colours that are stored for columns, as text: they may be changed in place."""
    return {key: as_text(value) for key, value in adata.uns.items() if str(key).endswith("_colors")}


def _referenced(stored: Any) -> Any:
    """Nested mappings copied, and what is in them referenced."""
    return {key: _referenced(value) for key, value in stored.items()} if isinstance(stored, Mapping) else stored


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what AnnData has to say about names: it was said of the data that were given."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
