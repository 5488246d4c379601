"""The table of parameters: each is declared here once, with its type, default and words, for every face."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import NDArray

from velowidget.pipeline import offers, table
from velowidget.pipeline.assignments import Assignments
from velowidget.pipeline.offers import AUTOMATIC
from velowidget.pipeline.table import (
    CHAIN,
    Cells,
    Choice,
    Count,
    LogSlider,
    Own,
    Slider,
    Toggle,
    declared,
    entry,
    entry_of,
)
from velowidget.pipeline.values import (
    Automatic,
    Bound,
    Columns,
    Flag,
    Genes,
    Layer,
    Number,
    Real,
    Rule,
    Text,
    TextOrNone,
    Whole,
    WholeOrNone,
)

SETTINGS = ("attr",)
"""What is chosen when a pipeline is made."""

DIAGNOSTICS = ("fidelity", "support", "entropy")
"""What cells can be coloured by besides what the data have."""


class ParameterTraits(Assignments):
    """The parameters, in the order of their controls; `velowidget.pipeline.checks` says what each may be."""

    # -- scale and chain: what the chain is computed from ----------------------------------------------

    softmax_scale = entry(
        Automatic(
            None,
            help="How strongly cells prefer neighbours in the direction of their velocity. Small: all neighbours are "
            "about equally likely. Large: only the best one counts.",
        ),
        *("softmax scale", "scale", Own()),
        details="The number in use; None while it is the automatic one and that is not computed yet. Assigning a "
        "number sets `auto_scale` False; ``None`` or ``'auto'`` sets it True.",
    )
    auto_scale = entry(
        Flag(True, help="Whether the softmax scale is the automatic one: 1 over the median absolute similarity."),
        *("auto", "scale", Own()),
        within="softmax_scale",
    )
    scheme = entry(
        Text(
            "correlation",
            help="Similarity of a cell's velocity and the displacement to each neighbour: correlation, cosine (without "
            "centring), or dot product (longer displacements count more).",
        ),
        *("scheme", "chain", Choice(listed=offers.schemes)),
        details="``'correlation'``, ``'cosine'`` or ``'dot_product'``, or a plugin's.",
    )
    mode = entry(
        Text("deterministic", help="Whether velocities are taken as they are, or as random."),
        *("mode", "chain", Choice(listed=offers.modes)),
        details="``'deterministic'``, ``'stochastic'``, ``'sampling'`` or ``'monte_carlo'``, see "
        ":meth:`velowidget.VelocityKernel.compute_transition_matrix`. Backward by transpose, there is the "
        "deterministic mode only.",
    )
    n_samples = entry(
        Whole(1000, help="Random velocities per cell. More samples: less noise, slower."),
        *("samples", "chain", Count(1)),
        within="mode",
        details="Of the mode ``'monte_carlo'``.",
    )
    backward = entry(
        Flag(
            False,
            help="Forward: where cells go. Backward: where they come from, by transposing the similarities or by "
            "negating the velocities.",
        ),
        *("direction", "chain", Own()),
    )
    backward_mode = entry(
        Text("transpose", help="How a backward chain is made: by transposing or by negating."),
        *("backward mode", "chain", Choice(listed=offers.backward_modes)),
        within="backward",
        details="``'transpose'`` or ``'negate'``.",
    )

    # -- data: velocities, genes and neighbours that the chain is computed from ------------------------

    vkey = entry(
        Layer("velocity", help="The velocities: a layer, or X."),
        *("velocity layer", "data", Choice(listed=offers.velocity_layers)),
        details="With ``attr='obsm'`` a key of ``adata.obsm``. Velocities and expression that were read are kept, "
        "those used last, while they take less than 1 GB.",
    )
    xkey = entry(
        Layer("Ms", help="The expression that displacements are computed from: a layer, or X."),
        *("expression layer", "data", Choice(listed=offers.velocity_layers)),
        details="As `vkey`.",
    )
    gene_subset = entry(
        Genes(
            None,
            help="The genes in use: the velocity genes, all, those for which a column of adata.var is true, or those "
            "with the largest values of a column.",
        ),
        *("genes", "data", table.Genes(listed=offers.genes)),
        details="As for :class:`velowidget.VelocityKernel`; reads back as ``None``, a name, ``{column: number}`` or a "
        "list of names.",
    )
    conn_key = entry(
        Text("connectivities", help="The neighbour graph: a key of adata.obsp."),
        *("graph", "data", Choice(listed=offers.graphs)),
        details="Or of scanpy's record in ``adata.uns``.",
    )
    n_neighbors = entry(
        WholeOrNone(None, help="Keep this many neighbours of each cell, those with the largest weights. Empty: all."),
        *("neighbours", "data", Count(1, none="all")),
        details="Of a graph of distances, the nearest.",
    )
    symmetrize = entry(
        Flag(False, help="Add the way back for each edge of the graph that has none."),
        *("symmetric graph", "data", Toggle()),
    )
    connectivity_weight = entry(
        Number(
            0.0,
            help="How much of the chain is that of the neighbour graph's weights: (1 - weight) * velocity + weight * "
            "connectivity. 0: velocity only; 1: connectivity only.",
        ),
        *("connectivity weight", "chain", Slider(0.0, 1.0)),
        details="`kernel` is then ``(1 - w) * vk + w * ConnectivityKernel(adata, conn_key=conn_key)``, of all "
        "neighbours in the graph; at 1 the ConnectivityKernel alone.",
    )
    threshold = entry(
        Number(
            0.0,
            help="Transition probabilities below this become 0, and the others of the cell are divided by their sum. "
            "Each cell keeps its largest.",
        ),
        *("threshold", "data", Slider(0.0, 0.5, below=1.0)),
    )
    degenerate = entry(
        Text(
            "error",
            help="What becomes of cells without neighbours, or without a defined similarity to any of them.",
        ),
        *("undefined cells", "data", Choice(listed=offers.policies)),
        details="``'error'``, ``'self_loop'`` or ``'uniform'``, see "
        ":meth:`velowidget.VelocityKernel.compute_transition_matrix`.",
    )

    # -- embedding and view: where cells are drawn, and in which colours -------------------------------

    basis = entry(
        Text("", help="The embedding to draw on."),
        *("basis", "embedding", Choice(listed=offers.embeddings)),
        details="Its key in ``adata.obsm``, without ``X_``.",
    )
    components = entry(
        Columns(help="Columns of the embedding that are drawn: two, or three for a view in 3-D."),
        *("components", "embedding", Own()),
        in_napari=False,  # its own 2D/3D button chooses them
        details="Counted from 1; empty for the first two, or all where there are three.",
    )
    color = entry(
        Text(
            "",
            help="What cells are coloured by: a column of adata.obs, or a gene (also LAYER:GENE). Type to search; "
            "leave it empty for no colour.",
        ),
        *("color", "view", Own()),
        details="``'obs:NAME'``, ``'gene:NAME'`` and ``'LAYER:GENE'`` decide between a column and a gene. Else "
        "``'fidelity'``, ``'support'`` or ``'entropy'``: see :mod:`velowidget.core.diagnostics`.",
    )
    layer = entry(
        TextOrNone(None, help="The layer that a gene's colours are from."),
        *("layer", "view", Choice(listed=offers.layers)),
        within="color",
        details="A layer, or ``'X'``; ``None`` for ``adata.X``, else ``'Ms'``, else ``'spliced'``. The colour "
        "``'LAYER:GENE'`` is of a layer of its own.",
    )
    vmin = entry(
        Bound(None, help="Lower limit of the colours: a number, a percentile such as p1, or empty for automatic."),
        *("vmin", "view", Own()),
        within="color",
        details="``None`` is the automatic limit, which leaves out at most 1 % of the cells, and only where these "
        "would have more than half of the colours. Another colour takes automatic limits instead of numbers; "
        "percentiles stay.",
    )
    vmax = entry(
        Bound(None, help="Upper limit of the colours: a number, a percentile such as p99, or empty for automatic."),
        *("vmax", "view", Own()),
        within="color",
        details="As `vmin`.",
    )
    palette = entry(
        Text(AUTOMATIC, help="Colours of the categories: those in the data where there are some, or a palette's."),
        *("palette", "view", Choice(listed=offers.palettes)),
        when={"colors": ("categorical",)},
        details="``'auto'`` for the data's own, else a palette of ours or a plugin's.",
    )

    # -- drawing: how it is drawn ----------------------------------------------------------------------

    field = entry(
        Text(
            "grid",
            help="How to draw the velocity: averaged, as arrows on a grid, streamlines or moving particles; one arrow "
            "per cell; or not at all.",
        ),
        *("field", "drawing", Choice(listed=offers.fields)),
        details="``'grid'``, ``'arrows'``, ``'stream'``, ``'particles'`` or ``'none'``.",
    )
    smooth = entry(
        Number(0.8, help="Smoothing radius in grid spacings. Larger values hide small-scale structure."),
        *("smoothing", "drawing", LogSlider(0.1, 5.0)),
        when={"field": ("grid", "stream", "particles")},
    )
    density = entry(
        Number(1.0, help="Density of arrows or streamlines: 32 along the longest side, times this."),
        *("density", "drawing", LogSlider(0.2, 4.0)),
        when={"field": ("grid", "stream")},
    )
    arrow_length = entry(
        Number(
            1.0,
            help="Length of arrows, width of lines or speed of particles, times this. Their proportions stay: they "
            "show how strongly the next step prefers a direction.",
        ),
        *("arrow length", "drawing", LogSlider(0.1, 5.0)),
        when={"field": ("grid", "arrows", "stream", "particles")},
        titles={"field": {"stream": "line width", "particles": "speed"}},
        instant=True,
    )
    max_arrows = entry(
        Whole(2500, help="At most so many arrows are drawn; the others are left out evenly. More can be slow."),
        *("max arrows", "drawing", LogSlider(100, 20_000)),
        when={"field": ("grid", "arrows")},
        instant=True,
        in_napari=False,
    )
    point_size = entry(
        Number(1.0, help="Size of the cells, times this."),
        *("point size", "drawing", LogSlider(0.1, 10.0)),
        instant=True,
    )
    opacity = entry(
        Number(0.9, help="Cell opacity. Lower it to see density where cells overlap."),
        *("opacity", "drawing", LogSlider(0.05, 1.0)),
        instant=True,
    )
    honest = entry(
        Flag(
            True,
            help="Arrows, lines and particles fade where confidence is low: by the smaller of fidelity and support.",
        ),
        *("fade by confidence", "drawing", Toggle()),
        when={"field": ("grid", "arrows", "stream", "particles")},
        in_napari=False,
    )

    # -- flow between clusters -------------------------------------------------------------------------

    cluster_key = entry(
        Text("", help="The column of adata.obs with the clusters that flow goes between."),
        *("clusters", "flow", Choice(listed=offers.cluster_keys)),
        details="Empty for none.",
    )
    time_key = entry(
        Text(
            "",
            help="A column of adata.obs with experimental times: then only steps from one time to the next count.",
        ),
        *("time", "flow", Choice(listed=offers.time_keys)),
        details="Empty for none.",
    )
    cluster = entry(
        Text("", help="The cluster whose flow is shown. Clicking a cluster selects it and sets where walks start."),
        *("source", "flow", Own()),
        details="Empty for all, which needs an empty `time_key`.",
    )
    min_flow = entry(
        Number(0.0, help="Only flows above this are drawn."),
        *("min flow", "flow", Slider(0.0, 0.5, below=1.0)),
        instant=True,
    )

    # -- random walks ----------------------------------------------------------------------------------

    start_ixs = entry(
        Rule(None, help="Each walk starts in one of these cells, all equally likely."),
        *("start in", "walks", Cells(none="all cells")),
        details="As for :meth:`velowidget.VelocityKernel.random_walks`; reads back as a column with categories or a "
        "range, or as numbers of cells.",
    )
    stop_ixs = entry(
        Rule(None, help="A walk ends when it arrives in one of these cells; its start does not count."),
        *("end in", "walks", Cells(none="no stop (run all steps)")),
        details="As `start_ixs`.",
    )
    n_sims = entry(Whole(200, help="Number of random walks."), "walks", "walks", Count(1))
    max_iter = entry(
        Real(100, help="Steps of a walk that reaches no stop."),
        *("steps", "walks", Count(1)),
        details="As a float, a share of the number of cells.",
    )
    successive_hits = entry(
        Whole(0, help="How many more cells to end in must follow directly before a walk ends."),
        *("consecutive hits", "walks", Count(0)),
    )
    seed = entry(
        Whole(
            0,
            help="Seed of the random walks, and of the velocities that a random mode draws. The same seed gives the "
            "same random numbers.",
        ),
        *("seed", "walks", Count(0, bits=64)),
    )
    step = entry(
        Whole(0, help="The step of the walks that is shown: where the player was last paused or put."),
        *("step", "walks", Own()),
    )

    selection: t.TraitType[NDArray[np.int32], Any] = t.TraitType(
        help="Indices of the selected cells, int32, ascending, read-only; nothing is computed from it."
    )


TABLE = dict(declared(vars(ParameterTraits)))
"""The parameters' traits by name: the single values, which faces share; `selection` is an array."""

PARAMETERS = tuple(TABLE)

OF_THE_CHAIN = tuple(name for name, trait in TABLE.items() if entry_of(trait).group in CHAIN)
"""Parameters that a chain is computed from."""

OF_THE_DATA = ("vkey", "xkey", "gene_subset", "conn_key", "n_neighbors", "symmetrize")
"""Those of them that say what is read of the data."""


def with_parameters(cls: type[Any]) -> type[Any]:
    """Put the parameters into a class's docstring, where it says ``{parameters}``."""
    lines = []
    for name, trait in TABLE.items():
        text = " ".join(filter(None, (str(trait.help), entry_of(trait).details)))
        lines += [name, textwrap.fill(text, 112, initial_indent="    ", subsequent_indent="    ")]
    if cls.__doc__ is not None:  # python -OO
        cls.__doc__ = inspect.cleandoc(cls.__doc__).replace("{parameters}", "\n".join(lines))
    return cls
