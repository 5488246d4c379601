"""The values that choices offer, in words; which of them the data cannot support, and why."""

from __future__ import annotations

from typing import Protocol

from velowidget.analyses.modes import NUMBERS
from velowidget.data.annotations import color_layers
from velowidget.data.embeddings import bases
from velowidget.data.genes import gene_columns
from velowidget.data.graphs import usable_graphs
from velowidget.data.groups import cluster_columns, time_columns
from velowidget.data.velocity import usable_layers
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.table import Offer, named
from velowidget.plugins.manifest import Contribution
from velowidget.plugins.registry import registry, unmet

AUTOMATIC = "auto"


class Reader(Protocol):
    """What has read data."""

    inputs: Inputs

    @property
    def attr(self) -> str:
        """Where velocities are: 'layers' or 'obsm'."""


_MODES = {
    "deterministic": ("deterministic", "Velocities are taken as they are."),
    "stochastic": (
        "stochastic",
        "A cell's velocity is taken as random, with mean and variance of its neighbourhood: the expected "
        "probabilities, by a formula of second order.",
    ),
    "sampling": (
        "sampling",
        "Draws one random velocity per cell: a single realisation of the uncertain kernel.",
    ),
    "monte_carlo": (
        "Monte Carlo",
        "The mean over many random velocities of each cell, from its neighbourhood: slower, and without the formula's "
        "error.",
    ),
}


def offered(pipeline: Reader, one: Contribution) -> Offer:
    """A contribution of a plugin's, or of ours, as an offer."""
    return Offer(one.key, one.title, one.help, unmet(one, pipeline.inputs.adata))


def contributed(pipeline: Reader, kind: str) -> list[Offer]:
    """All contributions of a kind."""
    return [offered(pipeline, one) for one in registry.contributions(kind).values()]


def schemes(pipeline: Reader) -> list[Offer]:
    """Similarities."""
    return contributed(pipeline, "schemes")


def modes(_pipeline: object) -> list[Offer]:
    """Whether velocities are taken as random, with the numbers that each mode depends on."""
    return [Offer(mode, *_MODES[mode], numbers=numbers) for mode, numbers in NUMBERS.items()]


def velocity_layers(pipeline: Reader) -> list[Offer]:
    """Where velocities and expression can be from."""
    return named(usable_layers(pipeline.inputs.adata, pipeline.attr))


def genes(pipeline: Reader) -> list[Offer]:
    """Which genes can be in use."""
    flags, numbers = gene_columns(pipeline.inputs.adata)
    return [
        Offer("", "velocity genes", "The column VELOCITY_genes of adata.var where it exists, else all genes."),
        Offer("all", "all genes"),
        *(Offer(name, name, "Genes for which this column of adata.var is true.") for name in flags),
        *(Offer(f"top:{name}", f"top by {name}", "Genes with the largest values in adata.var.") for name in numbers),
    ]


def graphs(pipeline: Reader) -> list[Offer]:
    """Graphs of neighbours."""
    return named(usable_graphs(pipeline.inputs.adata))


def policies(_pipeline: object) -> list[Offer]:
    """What becomes of cells without transition probabilities."""
    return [
        Offer("error", "stop with an error", "An error names the cells."),
        Offer("self_loop", "stay", "They stay where they are."),
        Offer("uniform", "uniform", "Each neighbour has equal probability; without neighbours they stay."),
    ]


def backward_modes(_pipeline: object) -> list[Offer]:
    """Ways to go backward."""
    return [
        Offer("transpose", "backward (transpose)", "Transposes the similarities; always deterministic."),
        Offer("negate", "backward (negate)", "Negates the velocities."),
    ]


def embeddings(pipeline: Reader) -> list[Offer]:
    """Keys of obsm."""
    return named(bases(pipeline.inputs.adata))


def layers(pipeline: Reader) -> list[Offer]:
    """Where colours of genes can be from."""
    return named(color_layers(pipeline.inputs.adata))


def palettes(pipeline: Reader) -> list[Offer]:
    """Colours of categories."""
    return [Offer(AUTOMATIC, "automatic", "The data's own where there are any."), *contributed(pipeline, "palettes")]


def fields(_pipeline: object) -> list[Offer]:
    """What can be drawn of the velocity."""
    return [
        Offer("grid", "grid of arrows"),
        Offer("arrows", "arrow per cell"),
        Offer("stream", "streamlines"),
        Offer("particles", "particles"),
        Offer("none", "nothing"),
    ]


def cluster_keys(pipeline: Reader) -> list[Offer]:
    """Columns with clusters."""
    return named(cluster_columns(pipeline.inputs.adata))


def time_keys(pipeline: Reader) -> list[Offer]:
    """Columns with experimental times."""
    return [Offer("", "none"), *named(time_columns(pipeline.inputs.adata))]
