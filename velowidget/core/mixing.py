"""The weighted mean of two Markov chains on graphs of the same cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.graph import Graph


@dataclass(frozen=True, eq=False)
class Union:
    """Two graphs as parts of one.

    Attributes
    ----------
    graph
        The edges of both; the first graph itself where they have the same edges.
    places
        Of each, which edge of `graph` each of its edges is, int64, shape (its n_edges,).
    """

    graph: Graph
    places: tuple[NDArray[np.int64], NDArray[np.int64]]


def united(first: Graph, second: Graph) -> Union:
    """The union of two graphs of the same cells."""
    if np.array_equal(first.indptr, second.indptr) and np.array_equal(first.indices, second.indices):
        every = np.arange(first.n_edges)
        return Union(first, (every, every))
    # An edge as one number: ascending by cell, then by neighbour, as edges are stored.
    numbers = [graph.sources.astype(np.int64) * graph.n_cells + graph.indices for graph in (first, second)]
    of_both = np.union1d(*numbers)
    sources, indices = np.divmod(of_both, first.n_cells)
    indptr = np.concatenate(([0], np.cumsum(np.bincount(sources, minlength=first.n_cells))))
    places = (np.searchsorted(of_both, numbers[0]), np.searchsorted(of_both, numbers[1]))
    return Union(Graph(indptr.astype(np.int64), indices.astype(np.int32)), places)


def mixed(union: Union, first: Chain, second: Chain, weight: float) -> Chain:
    """The chain ``(1 - weight) * first + weight * second``.

    Parameters
    ----------
    union
        Of the graphs of both chains.
    first, second
        The chains.
    weight
        From 0 to 1.

    Returns
    -------
    The mean, on the graph of `union`; similarities, scale and direction are those of the first.
    """
    probabilities = np.zeros(union.graph.n_edges)
    for chain, share, places in zip((first, second), (1 - weight, weight), union.places, strict=True):
        probabilities[places] += share * chain.probabilities
    staying = (1 - weight) * first.staying + weight * second.staying
    return replace(first, graph=union.graph, probabilities=probabilities, staying=staying, given=None)
