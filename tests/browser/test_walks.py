"""Random walks in a real browser: chosen, played, scrubbed and counted."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.shown import SIMULATED, canvas, control, python_has, settled

SHOW = "w = velowidget.VelocityWidget(adata, n_sims=50, max_iter=30)\nw"


@pytest.fixture
def walks(notebook):
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    notebook.page.get_by_role("button", name="Random walks").click()
    walkers(notebook).wait_for(timeout=180_000)
    expect(notebook.page.locator(".vw-tally")).to_be_visible(timeout=180_000)
    return notebook


def walkers(notebook):
    return notebook.page.locator(".velowidget .vw-walkers[data-step]")


def at(notebook, step):
    expect(walkers(notebook)).to_have_attribute("data-step", str(step))


def counts(notebook):
    """The numbers of the table, by cluster."""
    rows = notebook.page.locator(".vw-tally tbody tr")
    names = [text.strip() for text in rows.locator("th").all_inner_texts()]
    return dict(zip(names, map(int, rows.locator("td:last-child").all_inner_texts()), strict=True))


def recount(notebook):
    return notebook.python(
        "{name: int((adata.obs['clusters'].to_numpy()[w.walks[:, w.step]] == name).sum())"
        " for name in adata.obs['clusters'].cat.categories}"
    )


def test_play_pause_step_and_scrub(walks):
    walks.page.get_by_role("button", name="play", exact=True).click()
    expect(walkers(walks)).not_to_have_attribute("data-step", re.compile("^[0-3]$"))
    walks.page.get_by_role("button", name="pause", exact=True).click()
    step = int(walkers(walks).get_attribute("data-step"))
    python_has(walks, "w.step", step)
    walks.page.get_by_role("button", name="one step on", exact=True).click()
    python_has(walks, "w.step", min(step + 1, 30))
    control(walks, "step", "slider").fill("17")
    at(walks, 17)
    python_has(walks, "w.step", 17)
    assert counts(walks) == recount(walks)
    before = walkers(walks).screenshot()
    walks.execute("w.step = 4")
    at(walks, 4)
    expect(control(walks, "step", "slider")).to_have_value("4")
    assert counts(walks) == recount(walks)
    assert walkers(walks).screenshot() != before


def test_starts_and_stops_are_chosen(walks):
    control(walks, "start in").select_option("clusters")
    python_has(walks, "len((w.start_ixs or {}).get('clusters', ()))", 1)
    chips = walks.page.get_by_role("group", name="start in: clusters")
    chips.get_by_role("button", name="Progenitor", exact=True).click()
    python_has(walks, "'Progenitor' in (w.start_ixs or {}).get('clusters', ())", True)
    walks.execute("w.start_ixs = {'clusters': 'Progenitor'}")
    expect(chips.get_by_role("button", name="Progenitor", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(walks.page.locator(".vw-sentence")).to_contain_text("from Progenitor")
    control(walks, "end in").select_option("true_time")
    walks.page.get_by_label("least true_time").fill("3.5")
    walks.page.keyboard.press("Enter")
    python_has(walks, "(w.stop_ixs or {}).get('true_time', [None])[0]", 3.5)
    expect(walks.page.locator(".vw-tally caption")).to_contain_text("Arrived by step")
    walks.execute("w.step = 30")
    arrived = walks.python("w.tally.attrs['n_over']")
    expect(walks.page.locator(".vw-tally caption")).to_contain_text(f"{arrived} of 50")
    assert counts(walks) == walks.python("{k: int(v) for k, v in w.tally['arrivals'].items()}")
    walks.execute("w.start_ixs, w.stop_ixs = None, None")
    expect(control(walks, "start in")).to_have_value("")


def test_a_cell_is_picked_by_a_click(walks):
    control(walks, "start in").select_option(label="one cell…")
    box = canvas(walks).bounding_box()
    tip = walks.page.locator(".velowidget [role=tooltip]").first
    for step in range(60):
        x, y = box["x"] + box["width"] * (0.1 + 0.8 * step / 60), box["y"] + box["height"] / 2
        walks.page.mouse.move(x, y)
        walks.page.wait_for_timeout(30)
        if tip.is_visible():
            break
    name = tip.locator("strong").inner_text()
    walks.page.mouse.click(x, y)
    python_has(walks, "[adata.obs_names[i] for i in w.start_ixs or []]", [name])
    python_has(walks, "set(w.walks[:, 0].tolist()) == set(w.start_ixs)", True)


def test_the_kernel_is_retuned_while_the_walks_are_shown(walks):
    before = walks.python("w.tally['arrivals'].tolist()")
    walks.page.get_by_role("button", name="rewind").click()
    python_has(walks, "w.backward", True)
    walks.execute("w.wait(); w.step = 30")
    assert walks.python("w.tally['arrivals'].tolist()") != before
    expect(walks.page.locator(".vw-sentence")).to_contain_text("backward walks")
    assert counts(walks) == recount(walks)


def test_what_is_refused_is_said_beside_the_control(walks):
    walks.page.get_by_label("walks", exact=True).fill("0")
    walks.page.keyboard.press("Enter")
    expect(walks.page.get_by_role("alert").filter(has_text="n_sims must be at least 1")).to_be_visible()
    assert walks.python("w.n_sims") == 50


def test_the_player_works_by_keyboard(walks):
    control(walks, "step", "slider").focus()
    walks.page.keyboard.press("ArrowRight")
    walks.page.keyboard.press("ArrowRight")
    python_has(walks, "w.step", 2)
    walks.page.keyboard.press(" ")
    expect(walks.page.get_by_role("button", name="pause", exact=True)).to_be_visible()
    walks.page.keyboard.press(" ")
    expect(walks.page.get_by_role("button", name="play", exact=True)).to_be_visible()
