"""Pictures of any kernel's Markov chain."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from velowidget.analyses.diagnostics import DIAGNOSTICS
from velowidget.analyses.flow import flows_of
from velowidget.analyses.walks import read_walking
from velowidget.data.annotations import (
    Annotation,
    CategoricalAnnotation,
    ContinuousAnnotation,
    default_column,
    read_annotation,
)
from velowidget.data.arguments import checked_count, checked_flag, checked_text, one_of, reject_unknown
from velowidget.data.components import PLANE, read_components
from velowidget.data.embeddings import read_embedding
from velowidget.data.groups import read_cells
from velowidget.data.limits import Limit, checked_limits
from velowidget.data.messages import shown
from velowidget.data.running import progress_bar, threads
from velowidget.kernels.analyses import Analyses

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

_Diagnostics = Mapping[str, NDArray[np.float64]]


class Pictures(Analyses):
    """What can be drawn of the chain with matplotlib, which is loaded when the first picture is."""

    def plot_projection(
        self,
        basis: str = "umap",
        color: str | None = None,
        *,
        stream: bool = True,
        honest: bool = True,
        components: Sequence[int] = PLANE,
        density: float | None = None,
        smooth: float = 0.8,
        min_mass: float = 0.1,
        linewidth: float = 1.0,
        arrow_length: float = 1.0,
        arrow_color: str = "black",
        size: float | None = None,
        alpha: float | None = None,
        cmap: str | Colormap = "viridis",
        vmin: Limit = None,
        vmax: Limit = None,
        layer: str | None = None,
        legend_loc: str = "right margin",
        title: str | None = None,
        figsize: tuple[float, float] | None = None,
        dpi: float | None = None,
        ax: Axes | None = None,
        save: str | os.PathLike[str] | None = None,
        show: bool = False,
    ) -> Axes:
        """Draw cells on an embedding, and where the chain takes them.

        A streamline is no path of a cell: lines join averages over many cells, and look surer than they are. So those
        of a velocity kernel fade where there is little reason to believe them (:mod:`velowidget.core.diagnostics`).

        Parameters
        ----------
        basis
            Key in ``adata.obsm``, with or without ``X_``.
        color
            Column of ``adata.obs`` or gene; by default the clustering, ``''`` for none. Of a velocity kernel also
            'fidelity', 'support' or 'entropy': see :meth:`velowidget.VelocityKernel.diagnostics`.
        stream
            Evenly spaced streamlines, whose width grows with the average arrow; else arrows on a grid.
        honest
            Lines and arrows fade, as in the widget, by the smaller of fidelity and support, averaged over the cells
            around: from opacity 1 to 0.12, where either is 0 or neither is defined; a sentence below says so. This
            takes the time of :meth:`velowidget.VelocityKernel.diagnostics`. Kernels of other kinds have no diagnostics,
            nor has a matrix that was given or read from a file: nothing fades then, and nothing is said.
        components
            Two columns of the embedding, counted from 1.
        density
            Of lines and arrows: 32 along the longest side, times this. By default 1, and less for fewer than 256 cells,
            the square root of their number over 16: between cells that are far apart there is nothing to average.
        smooth
            Standard deviation of the Gaussian that averages arrows, in distances of arrows.
        min_mass
            Nothing is drawn where fewer cells are than this share of what there is where they are densest.
        linewidth
            Of streamlines, in points: a quarter of it where the average arrow is 0, and up by twice the arrow's length,
            which is at most 1.
        arrow_length
            Of grid arrows: times 1.6 distances for a cell that always goes the same way.
        arrow_color
            Of lines and arrows.
        size, alpha
            Area of a cell in points squared, and its opacity; by default they depend on the number of cells.
        cmap
            Colour map for numbers.
        vmin, vmax
            Its limits: a number, a percentile such as 'p99', or None for the automatic limit, which leaves out at most
            1 % of the cells, and only where these would have more than half of the colours. The bar is pointed at an
            end that leaves out cells; they have its colour.
        layer
            Where colours of genes are from: a layer or 'X'; by default ``adata.X``, else layer 'Ms', else 'spliced'.
            ``color='LAYER:GENE'`` says the same.
        legend_loc
            Of categories: 'right margin', 'on data' or 'none'. The 40 largest are named, in at most 40 characters each.
        title
            By default what the colours mean.
        figsize, dpi
            Of a new figure.
        ax
            Axes to draw on; by default those of a new figure.
        save
            File to write; in SVG and PDF cells are rasterised, everything else stays lines and text.
        show
            Show the figure now; notebooks show it by themselves.

        Returns
        -------
        The axes.
        """
        from velowidget.plotting.arguments import checked_figure
        from velowidget.plotting.figure import axes_for
        from velowidget.plotting.projection import ProjectionStyle, draw_projection

        honest, show = checked_flag("honest", honest), checked_flag("show", show)
        vmin, vmax = checked_limits(vmin, vmax)
        style = ProjectionStyle(
            stream=checked_flag("stream", stream),
            density=density,
            smooth=smooth,
            min_mass=min_mass,
            linewidth=linewidth,
            arrow_length=arrow_length,
            arrow_color=arrow_color,
            size=size,
            alpha=alpha,
            cmap=cmap,
            vmin=vmin,
            vmax=vmax,
            legend_loc=legend_loc,
            title=title,
        )
        checked_figure(figsize, dpi, ax)
        if not isinstance(components, Sequence | np.ndarray) or len(components) != 2:
            raise ValueError(f"A figure has two components, not {shown(components)}; the widget draws three.")
        positions = read_components(self.adata, basis, components)
        diagnostics = cache(lambda: self._diagnostics_on(basis, components))
        annotation = self._annotation(color, layer, diagnostics)
        known = diagnostics() if honest and self._has_diagnostics() else None
        ax = draw_projection(axes_for(ax, figsize, dpi), positions, self.chain, style, annotation, known)
        settings = {
            "basis": basis,
            "components": list(components),
            "color": annotation.key if annotation else "",
            "layer": annotation.layer if isinstance(annotation, ContinuousAnnotation) else None,
            "vmin": vmin,
            "vmax": vmax,
            "stream": style.stream,
            "honest": known is not None,
            "density": style.density_for(len(positions)),
            "smooth": smooth,
            "min_mass": min_mass,
        }
        return self._finished(ax, save, dpi, show, settings)

    def plot_random_walks(
        self,
        n_sims: int = 100,
        max_iter: float = 0.25,
        seed: int | None = None,
        successive_hits: int = 0,
        start_ixs: Any = None,
        stop_ixs: Any = None,
        basis: str = "umap",
        cmap: str | Colormap = "gnuplot",
        linewidth: float = 1.0,
        linealpha: float = 0.3,
        ixs_legend_loc: str | None = None,
        n_jobs: int | None = None,
        backend: str = "threading",
        show_progress_bar: bool = True,
        figsize: tuple[float, float] | None = None,
        dpi: float | None = None,
        save: str | os.PathLike[str] | None = None,
        *,
        color: str | None = None,
        size: float | None = None,
        alpha: float | None = None,
        vmin: Limit = None,
        vmax: Limit = None,
        layer: str | None = None,
        legend_loc: str = "right margin",
        ax: Axes | None = None,
        show: bool = False,
        **unknown: Any,
    ) -> Axes:
        """Draw random walks on an embedding with matplotlib.

        Parameters
        ----------
        n_sims, max_iter, seed, successive_hits, start_ixs, stop_ixs
            As for `random_walks`.
        basis
            Key in ``adata.obsm``, with or without ``X_``; its first two dimensions are drawn.
        cmap
            Colours of a walk, from its first step to its last.
        linewidth, linealpha
            Of the walks.
        ixs_legend_loc
            Where a legend explains first and last cells: ``'best'``, ``'upper right'``, ``'upper right out'``, ...;
            None is none.
        n_jobs, backend, show_progress_bar
            As for :meth:`velowidget.VelocityKernel.compute_transition_matrix`.
        figsize, dpi
            Of a new figure.
        save
            File to write, PNG where its name says nothing else.
        color
            Column of ``adata.obs``, or a gene, that colours the cells; by default the clustering, ``''`` for none.
        size, alpha
            Area of a cell in points squared, and its opacity; by default they depend on the number of cells.
        vmin, vmax, layer
            Limits of the cells' colours, and where those of a gene are from, as for
            `plot_projection`.
        legend_loc
            Of the cells' categories: 'right margin', 'on data' or 'none'.
        ax
            Axes to draw on; by default those of a new figure.
        show
            Show the figure now; notebooks show it by themselves.
        **unknown
            Refused.

        Returns
        -------
        The axes.
        """
        from velowidget.plotting.arguments import checked_color_map
        from velowidget.plotting.cells import LEGENDS
        from velowidget.plotting.figure import axes_for, legend_place
        from velowidget.plotting.walks import draw_walks

        reject_unknown("plot_random_walks", unknown, inspect.signature(self.plot_random_walks).parameters)
        checked_text("backend", backend)
        one_of("legend_loc", legend_loc, LEGENDS)
        place = None if ixs_legend_loc is None else legend_place(ixs_legend_loc)
        positions = read_embedding(self.adata, checked_text("basis", basis))[:, :2]
        vmin, vmax = checked_limits(vmin, vmax)
        annotation = self._annotation(color, layer)
        colors = checked_color_map(cmap)
        self._check_size()
        walking = read_walking(self.adata, n_sims, max_iter, seed, successive_hits, start_ixs, stop_ixs)
        with threads(n_jobs), progress_bar(shown=checked_flag("show_progress_bar", show_progress_bar)) as report:
            walks = walking.on(self.transition_matrix, report)
        ax = axes_for(ax, figsize, dpi)
        look: dict[str, Any] = {"size": size, "alpha": alpha, "vmin": vmin, "vmax": vmax, "legend_loc": legend_loc}
        draw_walks(ax, positions, walks, annotation, look, colors, linewidth, linealpha, place)
        settings = {
            "n_sims": n_sims,
            "max_iter": max_iter,
            "seed": seed,
            "successive_hits": successive_hits,
            "start_ixs": start_ixs,
            "stop_ixs": stop_ixs,
            "basis": basis,
            "color": annotation.key if annotation else "",
            "layer": layer,
            "vmin": vmin,
            "vmax": vmax,
        }
        return self._finished(ax, save, dpi, show, settings)

    def plot_single_flow(
        self,
        cluster: Any,
        cluster_key: str,
        time_key: str,
        clusters: Iterable[Any] | None = None,
        time_points: Iterable[Any] | None = None,
        min_flow: float = 0,
        remove_empty_clusters: bool = True,
        ascending: bool | None = False,
        legend_loc: str | None = "upper right out",
        alpha: float = 0.8,
        xticks_step_size: int | None = 1,
        figsize: tuple[float, float] | None = None,
        dpi: int | None = None,
        save: str | os.PathLike[str] | None = None,
        show: bool = False,
        ax: Axes | None = None,
    ) -> Axes:
        """Draw the flow out of one cluster over time, after Fig. 4a of Mittnenzweig et al., Cell 184 (2021).

        Each cluster is a band as wide as its share of the cells at each time. A vein leaves the cluster at one time and
        reaches another cluster at the next; its width along the time axis is the flow.

        Parameters
        ----------
        cluster, cluster_key, time_key, clusters, time_points
            As for `flow`.
        min_flow
            Draw veins with more flow than this.
        remove_empty_clusters
            Leave out clusters that no vein reaches.
        ascending
            Order clusters by the flow they receive in all; those first in the order are next to the source, above and
            below in turn. None: in the order of `clusters`, the first half below.
        legend_loc
            As ``'upper right out'``, ``'lower left in'`` or ``'best'``; None for no legend.
        alpha
            Opacity of the bands, and of the veins where they arrive.
        xticks_step_size
            Label every n-th time; None labels none.
        figsize, dpi
            Of a new figure.
        save
            File to save the figure in.
        show
            Show the figure now; notebooks show it by themselves.
        ax
            Axes to draw on, instead of a new figure.

        Returns
        -------
        The axes.
        """
        from velowidget.plotting.figure import axes_for, plain
        from velowidget.plotting.flow import draw_veins
        from velowidget.plotting.palettes import figure_colors

        for name, value in (("alpha", alpha), ("min_flow", min_flow)):
            if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
                raise TypeError(f"{name} must be a number, not {shown(value)}.")
        if not 0 < alpha <= 1:
            raise ValueError(f"alpha must be above 0 and at most 1, not {shown(alpha)}.")
        checked_flag("remove_empty_clusters", remove_empty_clusters)
        if ascending is not None:
            checked_flag("ascending", ascending)
        if xticks_step_size is not None:
            checked_count("xticks_step_size", xticks_step_size)
        cells = read_cells(self.adata, cluster, cluster_key, time_key, clusters, time_points)
        if cells.source is None or cells.times is None:
            raise TypeError("plot_single_flow() needs a cluster and a time_key; `flow` has all clusters, without time.")
        self._check_size()
        flows = flows_of(self.transition_matrix, cells.groups)[:, cells.source]
        reached = np.any(flows > min_flow, axis=0)
        if remove_empty_clusters and not reached.any():
            raise ValueError(
                f"After removing clusters with no incoming flow edges, none remain: no flow from {cluster!r} is above "
                f"min_flow={min_flow}. The largest is {flows.max():.3g}."
            )
        annotation = read_annotation(self.adata, f"obs:{cluster_key}")
        assert isinstance(annotation, CategoricalAnnotation)
        by_name = dict(zip(annotation.categories, figure_colors(annotation), strict=True))
        ax = draw_veins(
            axes_for(ax, figsize, dpi),
            times=cells.times,
            proportions=cells.groups.proportions,
            flows=flows,
            source=cells.source,
            shown=[c for c in cells.listed if reached[c] or not remove_empty_clusters],
            names=[str(name) for name in cells.names],
            colors=[by_name[str(name)] for name in cells.names],
            min_flow=min_flow,
            ascending=ascending,
            legend_loc=legend_loc,
            alpha=alpha,
            xticks_step_size=xticks_step_size,
        )
        ax.set(xlabel=plain(str(time_key)), ylabel=plain(cluster_key))
        settings = {
            "cluster": cluster,
            "cluster_key": cluster_key,
            "time_key": time_key,
            "clusters": [str(name) for name in cells.names],
            "time_points": [float(time) for time in cells.times],
            "min_flow": min_flow,
        }
        return self._finished(ax, save, dpi, show, settings)

    def _annotation(
        self, color: str | None, layer: str | None, diagnostics: Callable[[], _Diagnostics | None] | None = None
    ) -> Annotation | None:
        """What to colour cells by: by default the clustering; a diagnostic where the data have nothing so named."""
        column = default_column(self.adata) if color is None else checked_text("color", color)
        if not column:
            return None
        of_data = column in self.adata.obs or column in self.adata.var_names
        if of_data or diagnostics is None or column not in DIAGNOSTICS:
            return read_annotation(self.adata, column, layer)
        known = diagnostics()
        if known is None:
            raise ValueError(
                f"Nothing to colour by: only velocity kernels have {column!r}, and this is a {type(self).__name__}. "
                f"Try `VelocityKernel(adata).plot_projection(color={column!r})`."
            )
        return ContinuousAnnotation(column, "diagnostics", known[column])

    def _diagnostics_on(self, basis: str, components: Sequence[int]) -> _Diagnostics | None:  # noqa: ARG002
        """The diagnostics of the cells on an embedding, by name; None of kernels that never have any."""
        return None

    def _has_diagnostics(self) -> bool:
        return False

    def _finished(
        self,
        ax: Axes,
        save: str | os.PathLike[str] | None,
        dpi: float | None,
        show: bool,
        settings: Mapping[str, Any],
    ) -> Axes:
        """The axes, saved and shown if asked to; a file says of which chain the picture is."""
        from velowidget.plotting.figure import finish

        about = {"params": self.params, "backward": self.backward, **settings}
        return finish(ax, save, dpi, show=show, title=repr(self), about=about)
