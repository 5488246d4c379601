"""The widget in a browser: what a user sees and does."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.browser.shown import (
    SHOW,
    SIMULATED,
    canvas,
    control,
    drag,
    other_pixels,
    pixels,
    python_has,
    settled,
    slider,
)


def test_it_shows_cells_arrows_legend_and_controls(shown):
    for name in ("scheme", "direction", "basis", "color", "field"):
        expect(control(shown, name)).to_be_visible()
    expect(slider(shown)).to_be_visible()
    for cluster in shown.python("list(adata.obs['clusters'].cat.categories)"):
        expect(shown.page.locator(".velowidget").get_by_text(cluster, exact=True).first).to_be_visible()
    with_arrows = pixels(shown)
    control(shown, "field").select_option("none")
    settled(shown)
    without = pixels(shown)
    control(shown, "field").select_option("arrows")
    settled(shown)
    assert len({with_arrows, without, pixels(shown)}) == 3


def test_dragging_changes_the_kernel_and_the_picture(shown):
    before, picture = shown.python("w.softmax_scale"), pixels(shown)
    drag(shown, 0.8)
    settled(shown)
    after = shown.python("w.softmax_scale")
    assert after == pytest.approx(before * 10 ** (4 * 0.3), rel=0.2)  # a hundredth to a hundredfold, logarithmically
    assert shown.python("w.auto_scale") is False
    assert pixels(shown) != picture


def test_arrows_follow_while_dragging(shown):
    shown.execute(
        "from velowidget.pipeline.events import Computed; seen = []\n"
        "stop = w.pipeline.listen(lambda e: seen.append(e.parameters.softmax_scale)"
        " if isinstance(e, Computed) and e.stage == 'grid' else None)"
    )
    drag(shown, 0.9)
    settled(shown)
    assert shown.python("len(seen)") >= 3


def test_python_moves_the_slider_and_auto_puts_it_back(shown):
    automatic = shown.python("w.softmax_scale")
    middle = slider(shown).input_value()
    shown.execute("w.softmax_scale = 3 * w.softmax_scale")
    expect(slider(shown)).not_to_have_value(middle)
    shown.page.get_by_role("button", name="reset to auto").click()
    expect(slider(shown)).to_have_value(middle)
    python_has(shown, "(w.softmax_scale, w.auto_scale)", (automatic, True))


@pytest.mark.parametrize(
    ("name", "option", "expected"),
    [
        ("scheme", "cosine", ("w.scheme", "cosine")),
        ("direction", "transpose", ("(w.backward, w.backward_mode)", (True, "transpose"))),
        ("direction", "negate", ("(w.backward, w.backward_mode)", (True, "negate"))),
        ("basis", "pca", ("w.basis", "pca")),
    ],
)
def test_controls_reach_the_kernel(shown, name, option, expected):
    picture = pixels(shown)
    label = control(shown, name).locator("option", has_text=option).inner_text()
    control(shown, name).select_option(label=label)
    python_has(shown, *expected)
    settled(shown)
    assert pixels(shown) != picture


def test_the_mode_and_the_numbers_that_it_depends_on(shown):
    picture = pixels(shown)
    samples, seed = control(shown, "samples", "spinbutton"), control(shown, "seed", "spinbutton")
    expect(seed).to_have_count(0)
    control(shown, "mode").select_option("monte_carlo")
    samples.fill("20")
    seed.fill("3")
    seed.press("Tab")
    python_has(shown, "(w.mode, w.n_samples, w.seed)", ("monte_carlo", 20, 3))
    settled(shown)
    params = shown.python("w.kernel.params")
    assert (params["mode"], params["n_samples"], params["seed"]) == ("monte_carlo", 20, 3)
    assert pixels(shown) != picture
    control(shown, "direction").select_option("transpose")
    expect(shown.page.get_by_text("always deterministic")).to_be_visible()
    expect(samples).to_have_count(0)
    python_has(shown, "w.kernel.params['mode']", "deterministic")


def test_color_by_column_and_by_gene(shown):
    picture = pixels(shown)
    control(shown, "color").fill("true_time")
    shown.page.keyboard.press("Enter")
    python_has(shown, "w.color.removeprefix('obs:')", "true_time")
    by_time = other_pixels(shown, picture)
    gene = shown.python("adata.var_names[5]")
    control(shown, "color").fill(gene)
    shown.page.get_by_role("option", name=gene).first.click()
    python_has(shown, "w.color.removeprefix('gene:')", gene)
    other_pixels(shown, by_time)


def test_hover_tells_cell_and_cluster(shown):
    box = canvas(shown).bounding_box()
    at = np.array(shown.python("adata.obsm['X_umap'].tolist()"))
    low, high = at.min(axis=0), at.max(axis=0)
    room = np.array([box["width"] - 70, box["height"] - 48])  # 24 pixels of margin, 46 where the tools are
    pixels = (at - (low + high) / 2) * np.min(room / (high - low)) * [1, -1] + 24 + room / 2
    distances = np.hypot(*(pixels[:, None] - pixels).transpose(2, 0, 1))
    cell = (distances + np.diag(np.full(len(at), np.inf))).min(axis=0).argmax()  # the one with most room
    tip = shown.page.locator(".velowidget [role=tooltip]").first
    shown.page.mouse.move(box["x"] + pixels[cell, 0] + 2, box["y"] + pixels[cell, 1] - 2)
    expect(tip).to_contain_text(shown.python(f"adata.obs_names[{cell}]"))
    expect(tip).to_contain_text(shown.python(f"adata.obs['clusters'].iloc[{cell}]"))
    shown.page.mouse.move(box["x"] + 3, box["y"] + 3)
    expect(tip).to_have_count(0)


def test_pan_zoom_and_reset(shown):
    home = pixels(shown)
    shown.page.get_by_role("button", name=re.compile("zoom in", re.I)).first.click()
    zoomed = other_pixels(shown, home)
    shown.page.get_by_role("button", name=re.compile("reset view", re.I)).first.click()
    other_pixels(shown, zoomed)
    box = canvas(shown).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    shown.page.mouse.move(x, y)
    shown.page.mouse.down()
    shown.page.mouse.move(x + 80, y + 30, steps=5)
    shown.page.mouse.up()
    shown.page.mouse.move(0, 0)
    assert other_pixels(shown, home) != zoomed


def test_two_displays_and_a_view_stay_in_step(notebook):
    notebook.open([SIMULATED, SHOW, "w", "w.view('parameters')"])
    page = notebook.page
    expect(page.locator(".velowidget .vw-deck canvas")).to_have_count(2, timeout=180_000)
    expect(page.get_by_role("slider", name="softmax scale", exact=True)).to_have_count(3)
    settled(notebook)
    sliders = page.get_by_role("slider", name="softmax scale", exact=True).all()
    sliders[2].focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    values = {s.input_value() for s in sliders}
    assert len(values) == 1


def test_long_work_shows_progress_and_can_be_cancelled_and_resumed(shown):
    shown.execute(
        "import time\nfrom dataclasses import replace\nfrom velowidget.pipeline.stages import STAGES\n"
        "stage = STAGES['similarity']\n"
        "def slow(context):\n"
        "    for done in range(100):\n"
        "        context.report(done, 100); time.sleep(0.1)\n"
        "    return stage.compute(context)\n"
        "STAGES['similarity'] = replace(stage, compute=slow)\n"
        "w.pipeline.jobs._seconds.clear()"
    )
    control(shown, "scheme").select_option("cosine")
    bar = shown.page.locator(".velowidget").get_by_role("progressbar").first
    expect(bar).to_be_visible(timeout=5_000)
    expect(shown.page.locator(".velowidget").get_by_text(re.compile("Showing", re.I)).first).to_be_visible()
    shown.page.get_by_role("button", name="Cancel").first.click()
    resume = shown.page.get_by_role("button", name="Compute").first
    expect(resume).to_be_visible(timeout=5_000)
    shown.execute("STAGES['similarity'] = stage")
    resume.click()
    expect(resume).not_to_be_visible()  # the kernel has heard of it
    settled(shown)
    expect(bar).not_to_be_visible()


def test_cluster_names_are_text(notebook):
    name = "<script>window.hacked = 1</script> \\\"quotes\\\" 'n' ünïcødé 細胞"
    notebook.open(
        [
            SIMULATED,
            f'adata.obs["clusters"] = adata.obs["clusters"].cat.rename_categories(["{name}"]'
            ' + [f"<img src=x onerror=window.hacked=1>{i}" for i in range(adata.obs["clusters"].nunique() - 1)])',
            SHOW,
        ]
    )
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    expect(notebook.page.locator(".velowidget").get_by_text("ünïcødé 細胞").first).to_be_visible()
    assert notebook.page.evaluate("window.hacked") is None


BROKEN = {
    "velocity": ("del adata.layers['velocity']", "velowidget.velocity"),
    "graph": ("del adata.obsp['connectivities']", "scanpy.pp.neighbors"),
    "embedding": ("adata.obsm.clear()", "scanpy.tl.umap"),
    "empty": ("adata = adata[:0].copy()", "at least two"),
    "lonely cell": ("g = adata.obsp['connectivities'].tolil(); g[3] = 0; adata.obsp['connectivities'] = g.tocsr()",
                    "without neighbours"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_errors_are_shown_in_the_widget(notebook, what):
    code, words = BROKEN[what]
    notebook.open([SIMULATED, code, SHOW])
    alert = notebook.page.locator(".velowidget [role=alert]").first
    alert.wait_for(timeout=180_000)
    expect(alert).to_contain_text(words)


ARROWS = [
    ("slider", "smoothing"),
    ("slider", "density"),
    ("slider", "arrow length"),
    ("checkbox", "fade by confidence"),
]
CELLS = [("combobox", "color"), ("combobox", "palette"), ("combobox", "field"), ("slider", "point size")]
CHAIN = [("combobox", "scheme"), ("combobox", "mode"), ("combobox", "direction")]
SCALE = [("slider", "softmax scale"), ("textbox", "softmax scale value")]
BASIS = [("combobox", "basis")]
OFF = {
    "velocity": ([*SCALE, *ARROWS], [*CHAIN, *BASIS, *CELLS]),
    "lonely cell": (ARROWS, [*SCALE, *CHAIN, *BASIS, *CELLS]),
    "embedding": ([*BASIS, *CELLS, *ARROWS], [*SCALE, *CHAIN]),
}
OPACITY = """e => {
  let opacity = 1;
  for (; !e.matches('.vw-body'); e = e.parentElement) opacity *= getComputedStyle(e).opacity;
  return opacity;
}"""


@pytest.mark.parametrize("what", OFF)
def test_in_an_error_what_has_no_effect_is_off_and_what_may_mend_it_is_not(notebook, what):
    notebook.page.set_viewport_size({"width": 600, "height": 900})
    notebook.open([SIMULATED, BROKEN[what][0], SHOW])
    notebook.page.locator(".velowidget [role=alert]").first.wait_for(timeout=180_000)
    off, on = OFF[what]
    for role, name in off:
        found = control(notebook, name, role)
        expect(found).to_be_disabled()
        if role != "slider":  # which browsers draw grey by themselves
            assert 0.4 < found.evaluate(OPACITY) < 0.7, f"{name} looks alive, or is hardly seen"
    for role, name in on:
        expect(control(notebook, name, role)).to_be_enabled()
    # A reason below the scale takes no room from it.
    assert control(notebook, "softmax scale", "slider").bounding_box()["width"] > 150


def test_cells_without_an_embedding_are_told_where_no_arrows_are_asked_for_either(notebook):
    notebook.open([SIMULATED, BROKEN["embedding"][0], "w = velowidget.VelocityWidget(adata, field='none')\nw"])
    expect(notebook.page.locator(".velowidget .vw-waiting")).to_contain_text("no embedding to draw on", timeout=180_000)
    expect(control(notebook, "color")).to_be_disabled()
