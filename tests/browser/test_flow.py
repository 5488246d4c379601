"""The flow panel."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.shown import SHOW, SIMULATED, canvas, control, drag, pixels, python_has, settled


@pytest.fixture
def flow(notebook):
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    notebook.page.get_by_role("button", name="Flow", exact=True).click()
    picture(notebook).wait_for()
    return notebook


def picture(notebook):
    return notebook.page.locator(".velowidget .vw-flow-picture").first


def body(notebook):
    return notebook.page.locator(".velowidget .vw-flow-body").first


def generation(notebook):
    return str(notebook.python("w.wait() or w.pipeline.jobs.latest('flow').generation"))


def saved(notebook, button):
    with notebook.page.expect_download() as download:
        notebook.page.get_by_role("button", name=button, exact=True).click()
    return download.value.path().read_bytes()


def test_a_square_for_each_pair_of_neighbouring_clusters_that_says_its_numbers(flow):
    edges = flow.python("len(w.kernel.flow_null(n_permutations=1))")
    expect(picture(flow).locator("[data-edge]")).to_have_count(edges)
    picture(flow).locator('[data-edge="0-1"]').hover()
    value = flow.python("float(w.flow.iloc[0, 1])")
    tip = flow.page.get_by_role("tooltip")
    expect(tip).to_contain_text("Progenitor → Transitional")
    expect(tip).to_contain_text(f"flow {value:.3f}")
    picture(flow).locator('[data-edge="0-1"]').click()
    expect(control(flow, "source")).to_have_value("Progenitor")
    python_has(flow, "(w.cluster, w.start_ixs)", ("Progenitor", {"clusters": ["Progenitor"]}))


def test_with_time_it_is_the_veins_of_one_source(flow):
    control(flow, "time").select_option("day")
    expect(picture(flow)).to_have_attribute("aria-label", "Flow from Progenitor over day; the table has the numbers.")
    control(flow, "source").select_option("Transitional")
    expect(picture(flow)).to_have_attribute("aria-label", "Flow from Transitional over day; the table has the numbers.")
    python_has(flow, "w.cluster", "Transitional")
    shown = flow.python("int((w.flow.drop(columns='Transitional') > 0).sum().sum())")
    expect(picture(flow).locator("[data-edge]")).to_have_count(shown)
    flow.execute("w.min_flow = 0.45; w.wait()")
    fewer = flow.python("int((w.flow.drop(columns='Transitional') > 0.45).sum().sum())")
    expect(picture(flow).locator("[data-edge]")).to_have_count(fewer)
    flow.execute("w.min_flow = 0; w.time_key = ''")
    expect(picture(flow)).to_have_attribute("aria-label", "Flow between 6 clusters; the table has the numbers.")


def test_it_follows_the_kernel(flow):
    shown = generation(flow)
    expect(body(flow)).to_have_attribute("data-generation", shown)
    before = picture(flow).inner_html()
    drag(flow, 0.8)
    expect(body(flow)).not_to_have_attribute("data-generation", shown)  # first: the kernel may not know of it yet
    settled(flow)
    expect(body(flow)).to_have_attribute("data-generation", generation(flow))
    assert picture(flow).inner_html() != before


def test_the_keyboard_goes_through_the_flows(flow):
    flow.page.get_by_role("application", name="flow").focus()
    everything = pixels(flow)
    flow.page.keyboard.press("ArrowRight")
    flow.page.keyboard.press("ArrowRight")
    said = flow.page.locator(".velowidget .vw-flow-figure > [role=status]")
    expect(said).to_contain_text("Progenitor to Transitional: flow ")
    assert pixels(flow) != everything  # cells of other clusters are faint
    flow.page.keyboard.press("ArrowDown")
    expect(said).to_contain_text("Transitional to Transitional: flow ")
    flow.page.keyboard.press("Enter")
    expect(control(flow, "source")).to_have_value("Transitional")
    flow.page.keyboard.press("Escape")
    expect(said).to_have_text("")


def test_table_and_files(flow):
    caption = flow.page.locator(".vw-flow .vw-caption").inner_text()
    assert caption.startswith("flow between clusters: correlation, deterministic, forward, softmax scale ")
    svg = ElementTree.fromstring(saved(flow, "SVG"))
    assert svg.find("{http://www.w3.org/2000/svg}title").text == caption
    assert caption in " ".join(text.text or "" for text in svg.iter("{http://www.w3.org/2000/svg}text"))
    assert Image.open(io.BytesIO(saved(flow, "PNG"))).info["Title"] == caption
    flow.page.get_by_role("button", name="Table", exact=True).click()
    flow.python("w.wait()")
    table = flow.page.get_by_role("table", name="Flow between clusters")
    table.get_by_role("button", name="flow", exact=True).click()
    table.get_by_role("button", name="flow").click()
    top = flow.python("float(w.flow.max().max())")
    expect(table.locator("tbody tr").first.locator("td").nth(2)).to_have_text(f"{top:.3f}")
    rows = list(csv.DictReader(io.StringIO(saved(flow, "CSV").decode())))
    for row in rows[:5]:
        value = flow.python(f"float(w.flow.loc[{row['source']!r}, {row['target']!r}])")
        assert float(row["flow"]) == pytest.approx(value, rel=1e-5)
    assert all(0 <= float(row["low"]) <= float(row["high"]) <= 1 for row in rows)


def test_a_closed_panel_costs_nothing(flow):
    flow.page.get_by_role("button", name="Flow", exact=True).click()
    expect(picture(flow)).to_have_count(0)
    python_has(flow, "'flow' in w.pipeline.wanted", False)
