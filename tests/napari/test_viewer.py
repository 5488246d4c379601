"""The plugin in a real window: layers that follow the pipeline, and the dock that drives it. Pixels are counted."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from napari.layers import Layer

from tests.plugins.made import registered
from velowidget import PrecomputedKernel, VelocityKernel
from velowidget.napari_plugin import layers, show
from velowidget.napari_plugin.dock import TITLE, VelocityDock
from velowidget.napari_plugin.scene import open_scene, scene_of
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.stages import STAGES
from velowidget.pipeline.table import entry_of
from velowidget.pipeline.traits import TABLE
from velowidget.widget import VelocityWidget, messages


@pytest.fixture
def shown(viewer, adata, until):
    """A dock on the simulated cells, settled."""
    show(VelocityPipeline(adata), viewer)
    dock = viewer.window.dock_widgets[TITLE]
    settle(dock, until)
    return dock


def settle(dock, until):
    """Wait until the arrows are the present ones."""
    dock.pipeline.wait()
    scene = dock.scene
    until(lambda: scene._drawn is not None and scene._drawn is scene.pipeline.jobs.latest(scene.stage))


def pixels(viewer):
    """The canvas, as rows of red, green and blue."""
    return viewer.screenshot(canvas_only=True, flash=False)[..., :3].reshape(-1, 3).astype(int)


def ink(viewer):
    """Pixels that are as white as arrows."""
    return int((pixels(viewer).min(axis=1) > 215).sum())


def hues(viewer):
    """How many different colours are there."""
    return len(np.unique(pixels(viewer), axis=0))


# -- opening --------------------------------------------------------------------------------------


def test_pancreas_from_file_to_arrows_in_the_plane_and_in_space(viewer, pancreas, until):
    viewer.open(str(pancreas), plugin="velowidget")
    _, dock = viewer.window.add_plugin_dock_widget("velowidget", TITLE)
    assert isinstance(dock, VelocityDock)
    settle(dock, until)
    cells, arrows = viewer.layers
    assert len(cells.data) == 739
    assert len(arrows.data) > 200
    viewer.reset_view()
    assert hues(viewer) > 100
    with_arrows = ink(viewer)
    arrows.visible = False
    assert with_arrows > ink(viewer) + 2_000
    arrows.visible = True

    flat = arrows.data.copy()
    dock.pipeline.basis = "umap3d"
    settle(dock, until)
    assert viewer.dims.ndisplay == 3
    assert np.ptp(cells.data[:, 0]) > 1
    assert np.abs(arrows.data[:, 1, 0]).max() > 0.01
    assert hues(viewer) > 100
    assert ink(viewer) > 2_000

    dock.pipeline.basis = "umap"
    settle(dock, until)
    np.testing.assert_array_equal(arrows.data, flat)
    np.testing.assert_array_equal(cells.data[:, 0], 0)
    assert abs(ink(viewer) - with_arrows) < 0.2 * with_arrows


@pytest.mark.parametrize("key", ["bifurcation", "cycle"])
def test_samples_open_from_the_menu(viewer, key):
    (layer,) = viewer.open_sample("velowidget", key)
    assert layer.name == key
    assert hues(viewer) > 50


# -- parameters -----------------------------------------------------------------------------------


def test_dragging_the_scale_changes_the_arrows_and_auto_brings_them_back(viewer, shown, until):
    arrows = shown.scene.arrows
    before, drawn, automatic = arrows.data.copy(), pixels(viewer), shown.pipeline.softmax_scale
    assert shown.scale.slider.value() == 0
    assert shown.scale.auto.isChecked()

    shown.scale.slider.setValue(100)
    settle(shown, until)
    assert shown.pipeline.softmax_scale == pytest.approx(10 * automatic, rel=1e-3)
    assert not shown.scale.auto.isChecked()
    assert np.linalg.norm(arrows.data[:, 1], axis=1).mean() > 1.1 * np.linalg.norm(before[:, 1], axis=1).mean()
    assert (pixels(viewer) != drawn).any(axis=1).sum() > 1_000

    shown.scale.auto.click()
    settle(shown, until)
    assert shown.pipeline.auto_scale
    np.testing.assert_array_equal(arrows.data, before)
    assert shown.scale.slider.value() == 0


def test_typed_scale(shown, until):
    shown.scale.number.setText("2,5")
    shown.scale.number.editingFinished.emit()
    settle(shown, until)
    assert shown.pipeline.softmax_scale == 2.5
    shown.scale.number.setText("-1")
    shown.scale.number.editingFinished.emit()
    assert shown.pipeline.softmax_scale == 2.5
    assert shown.scale.number.text() == "2.5"
    assert "larger than 0" in shown.message.text()


@pytest.mark.parametrize(
    ("control", "choice", "name", "value"),
    [
        ("scheme", "cosine", "scheme", "cosine"),
        ("backward", "negate", "backward_mode", "negate"),
        ("field", "arrows", "field", "arrows"),
        ("basis", "pca", "basis", "pca"),
    ],
)
def test_choosing_sets_the_parameter_and_draws_anew(shown, until, control, choice, name, value):
    before = shown.scene.arrows.data.copy()
    combo = shown.controls[control]
    combo.setCurrentIndex(combo.findData(choice))
    combo.activated.emit(combo.currentIndex())
    assert getattr(shown.pipeline, name) == value
    settle(shown, until)
    after = shown.scene.arrows.data
    assert after.shape != before.shape or not np.allclose(after, before)


def test_velocities_genes_and_neighbours(shown, until):
    controls, pipeline = shown.controls, shown.pipeline
    adata = pipeline.adata
    adata.layers["other"], adata.var["r"] = -adata.layers["velocity"], np.arange(adata.n_vars)
    pipeline.look()
    until(lambda: controls["vkey"].findData("other") >= 0)

    def pick(box, value):
        box.setCurrentIndex(box.findData(value))
        box.activated.emit(box.currentIndex())
        settle(shown, until)

    pick(controls["vkey"], "other")
    assert pipeline.vkey == "other"
    assert not controls["gene_subset"].number.isVisible()
    pick(controls["gene_subset"].choice, "top:r")
    assert pipeline.gene_subset == {"r": 500}
    assert controls["gene_subset"].number.isVisible()
    controls["gene_subset"].number.setValue(20)
    settle(shown, until)
    assert pipeline.gene_subset == {"r": 20}
    pick(controls["gene_subset"].choice, "")
    assert pipeline.gene_subset is None
    assert controls["n_neighbors"].text() == "all"
    controls["n_neighbors"].setValue(4)
    settle(shown, until)
    assert pipeline.n_neighbors == 4
    controls["n_neighbors"].setValue(controls["n_neighbors"].minimum())
    settle(shown, until)
    assert pipeline.n_neighbors is None
    pipeline.connectivity_weight = 0.5
    settle(shown, until)
    assert controls["connectivity_weight"].number.text() == "0.5"


def test_the_mode_and_the_numbers_that_it_depends_on(shown, until):
    control = shown.mode

    def choose(mode):
        control.mode.setCurrentIndex(control.mode.findData(mode))
        control.mode.activated.emit(control.mode.currentIndex())
        settle(shown, until)
        assert shown.pipeline.mode == mode
        assert control.mode.currentData() == mode
        return shown.scene.arrows.data.copy()

    def numbers():
        return [name for name, number in control.numbers.items() if number.isVisible()]

    drawn = [shown.scene.arrows.data.copy()]
    assert numbers() == []
    for mode, shows in [("stochastic", []), ("sampling", ["seed"]), ("monte_carlo", ["n_samples", "seed"])]:
        drawn.append(choose(mode))
        assert numbers() == shows
    control.numbers["n_samples"].setValue(20)
    control.numbers["seed"].setValue(5)
    settle(shown, until)
    assert shown.pipeline.kernel.params.items() > {"mode": "monte_carlo", "n_samples": 20, "seed": 5}.items()
    assert shown.walks.numbers["seed"].value() == 5
    drawn.append(shown.scene.arrows.data.copy())
    assert len({arrows.tobytes() for arrows in drawn}) == 5

    assert not control.note.isVisible()
    shown.pipeline.backward = True
    settle(shown, until)
    assert control.note.isVisible()
    assert numbers() == []


def test_schemes_of_plugins_come_and_go(shown, until):
    scheme = {"id": "late.one", "title": "a late one", "command": "late.one"}
    command = {"id": "late.one", "python_name": "tests.plugins.objects:lopsided"}
    with registered({"name": "late", "commands": [command], "schemes": [scheme]}):
        until(lambda: shown.controls["scheme"].findText("a late one") > 0)
        shown.pipeline.scheme = "late.one"
        until(lambda: shown.controls["scheme"].currentText() == "a late one")
        settle(shown, until)
    until(lambda: "'late.one' is not known" in shown.message.text())
    assert shown.controls["scheme"].findText("a late one") == -1
    shown.pipeline.scheme = "cosine"
    settle(shown, until)


def test_only_pipelines_and_data_are_shown(viewer):
    with pytest.raises(TypeError, match="a VelocityPipeline, an AnnData or a kernel, not None"):
        show(None, viewer)


def test_colour_by_a_gene_and_by_a_wrong_name(viewer, shown, adata):
    cells, gene = shown.scene.cells, adata.var_names[3]
    before, legend = cells.face_color.copy(), shown.legend.text()
    shown.color.lineEdit().setText(gene)
    shown.color.lineEdit().editingFinished.emit()
    assert shown.pipeline.color == gene
    assert not np.allclose(cells.face_color, before)
    assert gene in cells.features
    assert shown.legend.text() != legend
    before = cells.face_color.copy()
    shown.pipeline.vmin, shown.pipeline.vmax = "p40", "p60"
    assert not np.allclose(cells.face_color, before)
    assert "&ge;" in shown.legend.text()
    shown.pipeline.layer = "velocity"
    assert "(velocity)" in shown.legend.text()

    shown.color.lineEdit().setText("cluster")
    shown.color.lineEdit().editingFinished.emit()
    assert shown.pipeline.color == gene
    assert "'clusters'" in shown.message.text()


def test_colouring_by_clusters_names_them_in_the_legend_as_text(viewer, adata, until):
    adata.obs["clusters"] = adata.obs["clusters"].cat.rename_categories({adata.obs["clusters"].iloc[0]: "<b>x</b>"})
    show(VelocityPipeline(adata), viewer)
    assert "&lt;b&gt;x" in viewer.window.dock_widgets[TITLE].legend.text()


# -- one pipeline, several faces ------------------------------------------------------------------


@pytest.mark.parametrize("field", ["grid", "arrows"])
def test_both_faces_show_the_same_numbers(viewer, adata, until, field):
    widget = VelocityWidget(adata, field=field, softmax_scale=9.0)
    show(widget.pipeline, viewer)
    dock = viewer.window.dock_widgets[TITLE]
    settle(dock, until)

    content, buffers = messages.result(widget.pipeline.jobs.latest(dock.scene.stage))
    sent = {
        array["name"]: np.frombuffer(buffer, array["dtype"]).reshape(array["shape"])
        for array, buffer in zip(content["arrays"], buffers, strict=True)
    }
    feet = sent.get("points", np.asarray(widget.pipeline.positions("umap"), np.float32))
    seen = np.linalg.norm(sent["vectors"], axis=1) * layers.GAIN >= layers.SHORTEST
    assert seen.sum() == len(dock.scene.arrows.data) > 50
    feet_shown, steps_shown = dock.scene.arrows.data[:, 0], dock.scene.arrows.data[:, 1]
    np.testing.assert_array_equal(feet_shown[:, [2, 1]] * [1, -1], feet[seen])
    ratio = steps_shown[:, [2, 1]] * [1, -1] / sent["vectors"][seen]
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-4)  # one factor for all, in both directions

    widget.scheme = "cosine"
    settle(dock, until)
    assert dock.controls["scheme"].currentData() == "cosine"
    dock.scale.slider.setValue(-50)
    assert widget.softmax_scale == dock.pipeline.softmax_scale < 9.0
    widget.close()


def test_naparis_own_button_chooses_plane_or_space_for_every_face(viewer, adata, until):
    pipeline = VelocityPipeline(adata, basis="pca")
    show(pipeline, viewer)
    dock = viewer.window.dock_widgets[TITLE]
    settle(dock, until)
    viewer.dims.ndisplay = 3
    assert pipeline.components == [1, 2, 3]
    settle(dock, until)
    np.testing.assert_array_equal(dock.scene.cells.data, layers.axes(np.asarray(adata.obsm["X_pca"][:, :3])))
    assert np.abs(dock.scene.arrows.data[:, 1, 0]).max() > 0
    viewer.dims.ndisplay = 2
    assert pipeline.components == [1, 2]
    pipeline.components = [2, 4, 1]
    assert viewer.dims.ndisplay == 3
    pipeline.basis = "umap"
    settle(dock, until)
    assert viewer.dims.ndisplay == 2
    viewer.dims.ndisplay = 3  # a plane is seen in space, too
    assert pipeline.components == []
    np.testing.assert_array_equal(dock.scene.cells.data[:, 0], 0)


def test_changes_from_another_thread_are_drawn_in_qts(shown, until):
    threads = []
    shown.scene.arrows.events.set_data.connect(lambda: threads.append(threading.current_thread()))
    other = threading.Thread(target=setattr, args=(shown.pipeline, "scheme", "dot_product"))
    other.start()
    other.join()
    settle(shown, until)
    assert set(threads) == {threading.main_thread()}
    assert shown.controls["scheme"].currentData() == "dot_product"


# -- random walks ---------------------------------------------------------------------------------


def walking(dock, until):
    """The layer of walks, asked for in the dock."""
    dock.walks.shown.click()
    dock.pipeline.wait()
    until(lambda: dock.scene.walks.layer is not None)
    return dock.scene.walks.layer


def test_walks_are_those_of_the_pipeline_and_of_the_kernel(shown, adata, until):
    shown.pipeline.n_sims, shown.pipeline.max_iter, shown.pipeline.seed = 20, 15, 7
    tracks = walking(shown, until)
    walks = shown.pipeline.kernel.random_walks(n_sims=20, max_iter=15, seed=7)
    np.testing.assert_array_equal(walks, shown.pipeline.walks)
    expected = layers.tracks(walks, np.asarray(adata.obsm["X_umap"]))
    np.testing.assert_allclose(tracks.data[:, [0, 1, 3, 4]], expected[:, [0, 1, 3, 4]], rtol=1e-6)
    assert len(np.unique(tracks.data[:, 0])) == 20


def test_walks_play_by_naparis_slider_and_the_pipelines_step_follows(viewer, shown, until):
    shown.pipeline.field = "none"
    shown.pipeline.max_iter = 40
    walking(shown, until)
    assert viewer.dims.axis_labels[0] == "step"
    assert viewer.dims.nsteps[0] == 41
    assert shown.pipeline.step == viewer.dims.current_step[0] == 40
    late = pixels(viewer)
    viewer.dims.set_point(0, 12)
    assert shown.pipeline.step == 12
    assert (pixels(viewer) != late).any(axis=1).sum() > 500
    shown.pipeline.step = 30
    assert viewer.dims.current_step[0] == 30
    viewer.dims.set_point(0, 0)
    at_first = pixels(viewer)
    shown.scene.walks.layer.visible = False
    assert (pixels(viewer) != at_first).any(axis=1).sum() < 200  # no walk has gone anywhere


def test_naparis_play_button_plays_the_walks(viewer, shown, until):
    from napari._qt.widgets.qt_dims_slider import QtPlayButton
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    shown.pipeline.max_iter = 30
    walking(shown, until)
    viewer.dims.set_point(0, 0)
    seen = []
    shown.pipeline.observe(lambda change: seen.append(change.new), "step")
    buttons = viewer.window._qt_window.findChildren(QtPlayButton)
    (button,) = [button for button in buttons if button.isVisible() and not button.reverse]
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    until(lambda: len(seen) >= 3)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert seen == sorted(seen)  # no step is gone back
    assert viewer.dims.current_step[0] == shown.pipeline.step


def test_walks_follow_their_parameters_and_the_embedding(viewer, shown, until):
    tracks = walking(shown, until)
    starts, stops = (shown.walks.rules[name] for name in ("start_ixs", "stop_ixs"))
    fate = shown.pipeline.inputs.clusters.categories[-1]
    for combo, index in ((starts, 1), (stops, stops.findText(fate))):
        combo.setCurrentIndex(index)
        combo.activated.emit(index)
    shown.walks.numbers["n_sims"].setValue(30)
    shown.pipeline.wait()
    until(lambda: len(np.unique(tracks.data[:, 0])) == 30)
    walks, clusters = shown.pipeline.walks, shown.pipeline.inputs.clusters
    assert set(clusters.codes[walks[:, 0]]) == {0}
    assert shown.pipeline.stop_ixs == {"clusters": [fate]}
    shown.pipeline.max_iter = 50
    shown.pipeline.basis = "umap3d"
    shown.pipeline.wait()
    until(lambda: tracks.data[:, 1].max() <= 50 and np.ptp(tracks.data[:, 2]) > 0)
    assert tracks.color_by == "step"
    shown.pipeline.start_ixs = [1, 2, 3]
    until(lambda: starts.currentIndex() == -1)

    shown.walks.shown.click()
    assert shown.scene.walks.layer is None
    assert "walks" not in shown.pipeline.wanted


def test_a_layer_of_walks_that_is_removed_stays_away(viewer, shown, until):
    viewer.layers.remove(walking(shown, until))
    assert "walks" not in shown.pipeline.wanted
    shown.pipeline.scheme = "cosine"
    settle(shown, until)
    assert len(viewer.layers) == 2
    assert not shown.walks.shown.isChecked()


def test_cells_have_the_opacity_of_the_pipeline(viewer, adata, shown, until):
    assert shown.scene.cells.opacity == shown.pipeline.opacity
    of_a_reader = viewer.add_layer(Layer.create(*layers.first_cells(adata, "read")))
    scene = scene_of(viewer, of_a_reader)
    assert of_a_reader.opacity == scene.pipeline.opacity < 1
    shown.pipeline.opacity = 0.4
    until(lambda: shown.scene.cells.opacity == 0.4)


def test_every_parameter_of_the_table_that_napari_can_show_has_a_control(shown, until):
    controls, pipeline = shown.controls, shown.pipeline
    assert list(controls)[:4] == ["softmax_scale", "scheme", "mode", "backward"]
    assert {"palette", "field", "smooth", "density", "arrow_length", "point_size", "opacity"} <= set(controls)
    assert not {"honest", "components", "vmin", "auto_scale", "seed"} & set(controls)
    assert controls["smooth"].toolTip() == TABLE["smooth"].help
    assert shown._form.labelForField(controls["smooth"]).text() == "smoothing"

    before = shown.scene.arrows.data.copy()
    for name in ("smooth", "density", "arrow_length", "point_size", "opacity"):
        low = entry_of(TABLE[name]).control.low
        controls[name].slider.setValue(0)
        assert getattr(pipeline, name) == low
        until(lambda name=name, low=low: controls[name].number.text() == f"{low:.3g}")
    settle(shown, until)
    assert len(shown.scene.arrows.data) < len(before)
    assert (shown.scene.arrows.length, shown.scene.cells.opacity) == (0.1, 0.05)


def test_controls_go_and_come_with_what_they_have_an_effect_on(shown, until):
    def seen():
        return {name for name in ("palette", "density", "arrow_length") if shown.controls[name].isVisible()}

    assert seen() == {"palette", "density", "arrow_length"}
    shown.pipeline.field = "arrows"
    until(lambda: seen() == {"palette", "arrow_length"})
    shown.pipeline.field = "particles"  # which are drawn as a grid here
    until(lambda: seen() == {"palette", "density", "arrow_length"})
    assert shown.controls["field"].currentData() == "grid"
    assert shown._form.labelForField(shown.controls["arrow_length"]).text() == "arrow length"
    shown.pipeline.color = "true_time"
    until(lambda: seen() == {"density", "arrow_length"})
    shown.pipeline.field = "none"
    until(lambda: seen() == set())


# -- long work and failures -----------------------------------------------------------------------


def test_long_work_shows_progress_fades_old_arrows_and_can_be_cancelled(shown, until, monkeypatch):
    release = threading.Event()
    compute = STAGES["similarity"].compute

    def slow(context):
        while not release.wait(0.005):
            context.report(1, 4)
        return compute(context)

    monkeypatch.setitem(STAGES, "similarity", replace(STAGES["similarity"], compute=slow))
    opacity = shown.scene.arrows.opacity

    shown.pipeline.scheme = "cosine"
    until(lambda: shown.progress.value() == 25)
    assert shown.progress.isVisible()
    assert shown.scene.arrows.opacity < 0.5 * opacity
    shown.cancel.click()
    until(lambda: shown.cancel.text() == "Go on")
    assert not shown.progress.isVisible()
    assert shown.scene.arrows.opacity < 0.5 * opacity

    release.set()
    shown.cancel.click()
    settle(shown, until)
    assert shown.scene.arrows.opacity == opacity
    assert not shown.cancel.isVisible()


def test_data_without_velocity_say_so_in_the_dock(viewer, adata, until):
    del adata.layers["velocity"]
    show(adata, viewer)
    dock = viewer.window.dock_widgets[TITLE]
    until(lambda: "velowidget.velocity" in dock.message.text())
    assert dock.pipeline.softmax_scale is None
    assert (dock.scale.number.text(), dock.scale.isEnabled()) == ("auto", False)
    assert "similarities could not be computed" in dock.scale.toolTip()
    assert len(viewer.layers) == 1
    assert dock.cancel.text() == "Try again"


def test_a_kernel_that_is_shown_as_it_is_leaves_its_parameters_no_choice(viewer, adata, until):
    kernel = PrecomputedKernel(VelocityKernel(adata).transition_matrix, adata)
    show(kernel, viewer)
    dock = viewer.window.dock_widgets[TITLE]
    settle(dock, until)
    for name in ("scheme", "backward", "mode", "softmax_scale"):
        assert not dock.controls[name].isEnabled()
    assert "given kernel PrecomputedKernel" in dock.scale.toolTip()
    offered = [dock.color.itemData(i) for i in range(dock.color.count())]
    assert "entropy" in offered
    assert "fidelity" not in offered
    np.testing.assert_allclose(dock.pipeline.flow, kernel.flow())


def test_what_fails_for_others_is_not_shown_here(shown, until):
    shown.pipeline.cluster_key = "clusters"
    boundless = replace(STAGES["flow"], compute=lambda *_: 1 / 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STAGES, "flow", boundless)
        shown.pipeline.want("flow")
        with pytest.raises(ZeroDivisionError):
            shown.pipeline.wait()
        until(lambda: not shown.progress.isVisible())
        assert shown.message.text() == ""
        assert not shown.cancel.isVisible()


# -- coming and going -----------------------------------------------------------------------------


def test_without_cells_the_dock_says_where_to_get_some(viewer, adata, until):
    dock = VelocityDock(viewer)
    viewer.window.add_dock_widget(dock, name=TITLE)
    assert "Open" in dock.message.text()
    assert not dock.controls["scheme"].isEnabled()
    viewer.add_points(np.zeros((3, 2)))
    assert dock.pipeline is None
    points, attributes, _ = layers.first_cells(adata, "mine")
    viewer.add_points(points, **attributes)
    assert dock.controls["scheme"].isEnabled()
    assert dock.message.text() == ""
    settle(dock, until)


def test_the_dock_changes_between_layers_of_cells(viewer, shown, adata, until):
    first = shown.pipeline
    open_scene(viewer, VelocityPipeline(adata[:100].copy(), scheme="cosine"))
    assert shown.cells.count() == 2
    shown.cells.setCurrentIndex(1)
    shown.cells.activated.emit(1)
    assert shown.controls["scheme"].currentData() == "cosine"
    settle(shown, until)
    assert shown.pipeline is not first
    viewer.layers.remove(shown.scene.cells)
    assert shown.pipeline is first
    assert shown.controls["scheme"].currentData() == "correlation"


def test_an_arrow_layer_that_is_removed_stays_away(viewer, shown, until):
    viewer.layers.remove(shown.scene.arrows)
    assert shown.pipeline.field == "none"
    shown.pipeline.scheme = "cosine"
    shown.pipeline.wait()
    until(lambda: shown.controls["scheme"].currentData() == "cosine")
    assert len(viewer.layers) == 1
    shown.pipeline.field = "grid"
    settle(shown, until)
    assert len(viewer.layers) == 2


def test_arrows_that_are_hidden_are_the_present_ones_when_they_are_seen_again(shown, until):
    arrows = shown.scene.arrows
    before, arrows.visible = arrows.data.copy(), False
    shown.pipeline.field = "arrows"
    shown.pipeline.wait()
    until(lambda: shown.controls["field"].currentData() == "arrows")
    arrows.visible = True
    settle(shown, until)
    assert len(arrows.data) != len(before)


def test_nothing_follows_once_the_cells_are_removed(viewer, shown, until):
    pipeline = shown.pipeline
    viewer.layers.remove(shown.scene.cells)
    assert len(viewer.layers) == 0
    assert not shown.controls["scheme"].isEnabled()
    assert not pipeline.jobs.outbox._listeners
    pipeline.scheme = "cosine"
    pipeline.wait()
    until(lambda: True)
    assert len(viewer.layers) == 0


def test_arrows_are_seen_on_a_light_background(viewer, shown, until):
    viewer.theme = "light"
    np.testing.assert_allclose(shown.scene.arrows.edge_color[:, :3], 0)
    shown.pipeline.field = "arrows"  # more of them
    settle(shown, until)
    np.testing.assert_allclose(shown.scene.arrows.edge_color[:, :3], 0)


def test_the_dock_needs_little_height_and_all_of_its_width_is_seen(shown):
    assert shown.minimumSizeHint().height() < 400
    inside = shown.controls["scheme"].parentWidget()
    assert inside.minimumSizeHint().width() <= shown.minimumSizeHint().width()
