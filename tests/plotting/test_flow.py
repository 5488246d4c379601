"""The picture of a single flow: what is drawn, and where."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from anndata import AnnData
from matplotlib import pyplot as plt

from velowidget.kernels import PrecomputedKernel
from velowidget.plotting.flow import GAP, arrange, stack


@pytest.fixture(autouse=True)
def _closed():
    mpl.use("agg")
    yield
    plt.close("all")


def chain(probabilities, times=(0.0, 1.0, 3.0)):
    """Cells a, b, c, d at each time; those of one time go to the clusters of the next with `probabilities`, by row."""
    names = list("abcd")
    n = len(names) * len(times)
    matrix = np.eye(n)
    for step in range(len(times) - 1):
        at = 4 * step
        matrix[at : at + 4, at : at + 4] = 0
        matrix[at : at + 4, at + 4 : at + 8] = probabilities
    obs = pd.DataFrame(
        {
            "clusters": pd.Categorical(names * len(times), names),
            "day": np.repeat(times, 4),
        },
        index=[f"cell{i}" for i in range(n)],
    )
    adata = AnnData(np.zeros((n, 1), np.float32), obs=obs)
    adata.uns["clusters_colors"] = ["#ff0000", "#00ff00", "#0000ff", "#ffff00"]
    return PrecomputedKernel(matrix, adata)


FROM_A = np.array([[0.2, 0.5, 0.3, 0.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])


def bands(ax):
    """Heights of the bands' middles by their names."""
    return {b.get_label(): np.mean(b.get_paths()[0].vertices[:, 1]) for b in ax.collections}


def test_dollars_in_names_are_no_mathematics():
    kernel = chain(FROM_A)
    kernel.adata.obs = kernel.adata.obs.rename(columns={"clusters": "$of_{", "day": "$t_{"})
    kernel.adata.obs["$of_{"] = kernel.adata.obs["$of_{"].cat.rename_categories({"a": "$x_{", "b": "$y^{"})
    ax = kernel.plot_single_flow("$x_{", "$of_{", "$t_{")
    ax.figure.draw_without_rendering()  # where matplotlib reads text
    texts = {text.get_text() for text in ax.get_legend().get_texts()}
    assert {ax.get_title(), ax.get_xlabel(), ax.get_ylabel()} | texts >= {r"\$x_{", r"\$t_{", r"\$of_{", r"\$y^{"}


def test_a_vein_for_each_flow_as_wide_as_it():
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day")
    spans = [image.get_extent()[:2] for image in ax.images]
    assert spans == [pytest.approx(span) for span in ((0, 1), (0, 1), (1, 3), (1, 3))]
    for patch, width in zip(ax.patches, [0.5, 0.3, 0.5, 0.3], strict=True):
        outline = patch.get_path().vertices
        assert outline[99, 0] - outline[0, 0] == pytest.approx(width)


def test_bands_have_the_clusters_shares_and_do_not_touch():
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day", remove_empty_clusters=False)
    spans = sorted(
        (b.get_paths()[0].vertices[:, 1].min(), b.get_paths()[0].vertices[:, 1].max()) for b in ax.collections
    )
    assert len(spans) == 4
    assert all(high - low == pytest.approx(0.5) for low, high in spans)  # a quarter of the cells to either side
    assert all(b[0] - a[1] == pytest.approx(GAP) for a, b in pairwise(spans))


def test_axis_has_the_original_times_at_their_distances():
    ax = chain(FROM_A, times=(2.0, 2.5, 4.0)).plot_single_flow("a", "clusters", "day")
    assert ax.get_xticks().tolist() == [0, 1, 4]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "2.5", "4"]
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("a", "day", "clusters")
    every_second = chain(FROM_A).plot_single_flow("a", "clusters", "day", xticks_step_size=2)
    assert every_second.get_xticks().tolist() == [0, 3]
    assert not chain(FROM_A).plot_single_flow("a", "clusters", "day", xticks_step_size=None).get_xticks().size


@pytest.mark.parametrize(("ascending", "order"), [(False, "bac"), (True, "cab"), (None, "bac")])
def test_order_of_bands(ascending, order):
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day", ascending=ascending)
    heights = bands(ax)
    assert "".join(sorted(heights, key=heights.get)) == order  # d receives nothing and is left out


def test_listed_order_is_kept_without_sorting():
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day", clusters=["c", "d", "b"], ascending=None)
    heights = bands(ax)
    assert "".join(sorted(heights, key=heights.get)) == "cab"


def test_ties_keep_the_order_given():
    received = np.array([0.0, 0.2, 0.4, 0.2, 0.2])
    assert arrange(received, 0, [0, 1, 2, 3, 4], ascending=False) == ([3, 2], [1, 4])
    assert arrange(received, 0, [4, 3, 2, 1, 0], ascending=True) == ([1, 4], [3, 2])
    assert arrange(received, 0, [4, 3, 2], ascending=None) == ([4], [3, 2])


def test_stack_leaves_room_for_the_widest():
    assert np.allclose(stack(np.array([[0.1, 0.9, 0.0], [0.5, 0.2, 0.3]])), [0, 1.0 + GAP, 1.9 + 2 * GAP])


def test_small_flows_and_clusters_without_any_are_left_out():
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day", min_flow=0.4)
    assert set(bands(ax)) == {"a", "b"}
    assert len(ax.images) == 2
    kept = chain(FROM_A).plot_single_flow("a", "clusters", "day", min_flow=0.4, remove_empty_clusters=False)
    assert set(bands(kept)) == set("abcd")
    with pytest.raises(ValueError, match="After removing clusters with no incoming flow edges, none remain"):
        chain(FROM_A).plot_single_flow("a", "clusters", "day", min_flow=0.6)


def test_colours_are_the_clusters_own():
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day", clusters=["c"])
    drawn = {b.get_label(): mpl.colors.to_hex(b.get_facecolor()[0]) for b in ax.collections}
    assert drawn == {"a": "#ff0000", "c": "#0000ff"}
    first, last = ax.images[0].get_array()[0, 0], ax.images[0].get_array()[0, -1]
    assert np.allclose(first, [1, 0, 0, 0.2])
    assert np.allclose(last, [0, 0, 1, 0.8])


def test_legend_lists_bands_from_the_top():
    ax = chain(FROM_A).plot_single_flow("a", "clusters", "day", legend_loc="lower left in")
    heights = bands(ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == sorted(heights, key=heights.get, reverse=True)
    assert chain(FROM_A).plot_single_flow("a", "clusters", "day", legend_loc=None).get_legend() is None


def test_draws_on_given_axes_and_saves(tmp_path):
    _, given = plt.subplots()
    path = tmp_path / "flow.svg"
    assert chain(FROM_A).plot_single_flow("a", "clusters", "day", ax=given, save=path) is given
    assert path.stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"alpha": 0}, "alpha"),
        ({"xticks_step_size": 0}, "xticks_step_size"),
        ({"legend_loc": "nowhere"}, "legend"),
        ({"legend_loc": 3}, "legend"),
    ],
)
def test_arguments_that_are_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        chain(FROM_A).plot_single_flow("a", "clusters", "day", **arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"alpha": "x"}, {"alpha": True}, {"min_flow": None}, {"remove_empty_clusters": "no"}, {"ascending": "up"}],
)
def test_arguments_of_another_kind(arguments):
    (name,) = arguments
    with pytest.raises(TypeError, match=f"{name} must be"):
        chain(FROM_A).plot_single_flow("a", "clusters", "day", **arguments)


def test_files_are_as_fine_as_asked(tmp_path):
    sizes = []
    for dpi in (40, 80):
        chain(FROM_A).plot_single_flow("a", "clusters", "day", dpi=dpi, save=tmp_path / f"{dpi}.png")
        sizes.append(plt.imread(tmp_path / f"{dpi}.png").shape[1])
    assert sizes[1] == pytest.approx(2 * sizes[0], rel=0.1)


def test_times_that_are_much_closer_than_others():
    ax = chain(FROM_A, times=(0.0, 1.0, 1e6)).plot_single_flow("a", "clusters", "day")
    assert max(len(band.get_paths()[0].vertices) for band in ax.collections) < 30_000
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "1e+06"]


def test_labels_tell_times_apart():
    ax = chain(FROM_A, times=(20240101.0, 20240102.0, 20240104.0)).plot_single_flow("a", "clusters", "day")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["20240101", "20240102", "20240104"]


def test_a_source_and_times_are_needed():
    with pytest.raises(TypeError, match="needs a cluster and a time_key"):
        chain(FROM_A).plot_single_flow("a", "clusters", None)


def test_veins_to_the_farthest_leave_first():
    away = np.array([[0.2, 0.1, 0.3, 0.4], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    ax = chain(away, times=(0.0, 1.0)).plot_single_flow("a", "clusters", "day", ascending=None)
    heights = bands(ax)
    assert "".join(sorted(heights, key=heights.get)) == "bacd"
    starts = [patch.get_path().vertices[0, 0] for patch in ax.patches]
    assert starts == pytest.approx([0.0, 0.0, 0.4])  # b below; then d, and c beside it
