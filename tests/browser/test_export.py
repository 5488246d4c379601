"""Pictures as files, and the whole screen."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from matplotlib.image import imread
from PIL import Image

from tests.browser.shown import SIMULATED, other_pixels, pixels, settled

HOSTILE = "adata.obs['odd'] = ['<b>&\"$' if i % 2 else 'plain' for i in range(adata.n_obs)]"
SHOW = "w = velowidget.VelocityWidget(adata, field='stream', color='odd')\nw"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def shown(notebook):
    notebook.open([f"{SIMULATED}\n{HOSTILE}", SHOW])
    notebook.page.locator(".velowidget canvas").first.wait_for(timeout=180_000)
    settled(notebook)
    return notebook


def saved(notebook, kind) -> Path:
    notebook.page.get_by_role("button", name="export").click()
    with notebook.page.expect_download() as download:
        notebook.page.get_by_role("button", name=kind, exact=True).click()
    return download.value.path()


def test_svg_has_lines_and_text_and_one_picture_of_cells(shown):
    root = ElementTree.parse(saved(shown, "SVG")).getroot()
    assert len(list(root.iter(f"{SVG}image"))) == 1
    assert len([path for path in root.iter(f"{SVG}path") if path.get("stroke")]) > 10
    beside, below = ["odd", '<b>&"$', "200", "plain", "200"], shown.page.locator(".vw-key").all_inner_texts()
    assert len(below) == 2
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[:5] == beside
    caption = shown.page.locator(".vw-caption").inner_text()
    assert caption.startswith("umap: correlation, deterministic, forward, softmax scale ")
    assert " ".join(texts[5:]).split() == " ".join([caption, *below]).split()
    assert root.find(f"{SVG}title").text == caption
    settings = json.loads(root.find(f"{SVG}metadata").text)
    assert settings["softmax_scale"] == pytest.approx(shown.python("w.softmax_scale"))
    assert (settings["field"], settings["color"], settings["n_cells"]) == ("stream", "odd", 400)


def test_png_has_the_scale_that_was_chosen_and_can_be_transparent(shown):
    frame = shown.page.locator(".velowidget .vw-deck").bounding_box()
    path = saved(shown, "PNG")
    image = Image.open(path)
    assert image.info["Title"] == shown.page.locator(".vw-caption").inner_text()
    assert json.loads(image.info["Description"])["scheme"] == "correlation"
    assert image.info["dpi"] == pytest.approx((192, 192), abs=0.1)
    picture = imread(path, format="png")
    assert picture.shape[0] > 2 * frame["height"]  # the key is below
    assert picture.shape[2] == 3 or picture[..., 3].min() == 1.0
    assert picture[..., :3].min() < 0.3 < 0.9 < picture[..., :3].max()
    shown.page.get_by_role("button", name="export").click()
    shown.page.get_by_label("pixels").select_option("1")
    shown.page.get_by_label("background", exact=True).uncheck()
    with shown.page.expect_download() as download:
        shown.page.get_by_role("button", name="PNG", exact=True).click()
    transparent = imread(download.value.path(), format="png")
    assert [2 * side for side in transparent.shape[:2]] == pytest.approx(picture.shape[:2], abs=2)
    assert transparent[..., 3].min() == 0.0


def colored(picture) -> float:
    """How many pixels have a colour: cells do, arrows do not."""
    colors = imread(picture, format="png")[..., :3]
    return float((colors.max(axis=2) - colors.min(axis=2) > 0.25).sum())


def test_cells_in_front_of_arrows_hide_them(shown):
    shown.execute("adata.obsm['X_three'] = adata.obsm['X_pca'][:, :3].copy()")
    shown.execute("w.field = 'none'; w.basis = 'three'")
    settled(shown)
    alone = pixels(shown)
    shown.execute("w.field = 'grid'; w.density = 1.5")
    other_pixels(shown, alone)
    settled(shown)
    screen = colored(io.BytesIO(pixels(shown)))
    assert screen < 0.8 * colored(io.BytesIO(alone))
    svg, scale = saved(shown, "SVG"), 2
    assert colored(saved(shown, "PNG")) / scale**2 == pytest.approx(screen, rel=0.15)
    images = [part.tag for part in ElementTree.parse(svg).getroot().find(f"{SVG}g")]
    assert images.count(f"{SVG}image") > 10
    page = shown.page.context.browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_content(svg.read_text())
    assert colored(io.BytesIO(page.screenshot())) == pytest.approx(screen, rel=0.25)
    page.close()


def test_cells_are_as_opaque_as_on_the_screen(shown):
    shown.execute("w.field = 'none'")

    def strongest() -> float:
        settled(shown)
        colors = imread(saved(shown, "PNG"), format="png")[..., :3]
        return float((colors.max(axis=2) - colors.min(axis=2))[:, : colors.shape[1] // 2].max())

    opaque, before = strongest(), pixels(shown)
    shown.execute("w.opacity = 0.1")
    other_pixels(shown, before)
    assert strongest() < 0.6 * opaque


def test_numbers_are_saved_by_exporters(shown):
    rows = list(csv.reader(saved(shown, "Arrows of the cells").read_text().splitlines()))
    assert rows[0] == ["cell", "x", "y", "velocity_x", "velocity_y"]
    assert len(rows) == 1 + shown.python("adata.n_obs")


def test_the_picture_fills_the_screen(shown):
    page = shown.page
    before = page.locator(".velowidget .vw-deck").bounding_box()
    page.get_by_role("button", name="full screen").click()
    page.wait_for_function("document.fullscreenElement !== null")
    page.wait_for_timeout(300)
    assert page.locator(".velowidget .vw-deck").bounding_box()["height"] > before["height"]
    page.keyboard.press("Escape")
