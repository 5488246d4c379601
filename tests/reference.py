"""The mathematics once more, to compare the fast code with: slow loops in float64, one neighbour at a time."""

from __future__ import annotations

import math

import numpy as np
import scipy.sparse as sp

from velowidget.core.graph import Graph

NOISE = 1e-24


def graph_of(pattern):
    """A graph from a dense pattern."""
    matrix = sp.csr_matrix(np.asarray(pattern, dtype=bool))
    return Graph(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32))


def random_graph(rng, n_cells, degree):
    """About `degree` neighbours for each cell, at least one, none of them itself."""
    pattern = rng.random((n_cells, n_cells)) < degree / n_cells
    pattern[np.arange(n_cells), (np.arange(n_cells) + 1) % n_cells] = True
    np.fill_diagonal(pattern, False)
    return graph_of(pattern)


def neighbours(graph, i):
    """The neighbours of cell i."""
    return [int(j) for j in graph.indices[graph.indptr[i] : graph.indptr[i + 1]]]


def similarity_of(v, d, scheme):
    """Similarity of one velocity and one displacement; NaN where it is undefined."""
    v, d = np.asarray(v, dtype=np.float64), np.asarray(d, dtype=np.float64)
    if scheme == "dot_product":
        return math.fsum(v * d)
    raw_v, raw_d = math.fsum(v * v), math.fsum(d * d)
    if scheme == "correlation":
        v, d = v - math.fsum(v) / len(v), d - math.fsum(d) / len(d)
    squared_v, squared_d = math.fsum(v * v), math.fsum(d * d)
    if squared_v <= NOISE * raw_v or squared_d <= NOISE * raw_d:
        return math.nan
    return math.fsum(v * d) / math.sqrt(squared_v) / math.sqrt(squared_d)


def logits(graph, x, v, scheme, *, transposed=False):
    """Similarity on each edge: NaN where undefined, 0 all along the row of a cell with zero velocity (forward)."""
    x, v = np.asarray(x, dtype=np.float64), np.asarray(v, dtype=np.float64)
    out = []
    for i in range(graph.n_cells):
        for j in neighbours(graph, i):
            if transposed:
                out.append(similarity_of(v[j], x[i] - x[j], scheme))
            elif not v[i].any():
                out.append(0.0)
            else:
                out.append(similarity_of(v[i], x[j] - x[i], scheme))
    return np.array(out)


def automatic_scale(values):
    """One over the median absolute value, without zeros and NaN."""
    sizes = sorted(abs(s) for s in values if not math.isnan(s) and s != 0)
    middle = len(sizes) // 2
    return 1 / (sizes[middle] if len(sizes) % 2 else (sizes[middle - 1] + sizes[middle]) / 2)


def transition_matrix(graph, values, scale):
    """Row softmax of the defined entries, as a dense matrix; a row without any is 0."""
    out = np.zeros((graph.n_cells, graph.n_cells))
    for i in range(graph.n_cells):
        row = {
            j: s
            for j, s in zip(neighbours(graph, i), values[graph.indptr[i] : graph.indptr[i + 1]], strict=True)
            if not math.isnan(s)
        }
        if row:
            largest = max(scale * s for s in row.values())
            weights = {j: math.exp(scale * s - largest) for j, s in row.items()}
            for j, weight in weights.items():
                out[i, j] = weight / math.fsum(weights.values())
    return out


def projection(graph, matrix, positions):
    """Mean unit step beyond that of a uniform walk, over the neighbours that have a place."""
    positions = np.asarray(positions, dtype=np.float64)
    out = np.full(positions.shape, math.nan)
    for i in range(graph.n_cells):
        placed = [j for j in neighbours(graph, i) if not np.isnan(positions[[i, j]]).any()]
        row = [matrix[i, j] for j in neighbours(graph, i)]
        share = math.fsum(matrix[i, j] for j in placed)
        if not placed or (share == 0 and math.fsum(row) != 0):
            continue
        out[i] = 0
        for j in placed:
            step = positions[j] - positions[i]
            length = math.sqrt(math.fsum(step * step))
            if length != 0 and share != 0:
                out[i] += (matrix[i, j] * math.fsum(row) / share - 1 / len(placed)) * step / length
    return out


def averages(points, positions, arrows, spread):
    """Gaussian-weighted mean of the arrows within three standard deviations of each point, and the summed weights."""
    out, mass = np.zeros(points.shape), np.zeros(len(points))
    for p, point in enumerate(points):
        with_arrow = 0.0
        for position, arrow in zip(positions, arrows, strict=True):
            distance = math.dist(point, position)
            if not distance <= 3 * spread:  # also without NaN
                continue
            weight = math.exp(-0.5 * (distance / spread) ** 2)
            mass[p] += weight
            if np.isfinite(arrow).all():
                out[p] += weight * arrow
                with_arrow += weight
        if with_arrow:
            out[p] /= with_arrow
    return out, mass
