"""Plugins: a panel that talks to its Python side, and panels that fail without harm."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.shown import SHOW, SIMULATED, canvas, control, python_has, settled

PLUGIN = '''
import numpy as np

def answer(pipeline, name, payload, buffers):
    if name == "fail":
        raise ValueError("there is no answer to that")
    values = np.frombuffer(buffers[0], dtype="<f4")
    return {"scheme": pipeline.scheme}, {"doubled": payload["factor"] * values}

def plain(v, d, scale):
    from scipy.special import softmax
    s = (v * d).sum(axis=1)
    return softmax(scale * s), s

TALKING = """export default { async mount({ el, request, store, theme, signal }) {
    const p = document.createElement("p");
    el.append(p);
    const { payload, arrays } = await request("double", { factor: 2 }, [new Float32Array([1, 2.5])]);
    p.textContent = `${payload.scheme}: ${Array.from(arrays.doubled).join(" and ")}`;
    const stop = store.traits.scheme.subscribe((scheme) => { el.dataset.scheme = scheme; });
    signal.addEventListener("abort", () => { window.aborted = true; });
    return () => { stop(); window.disposed = true; };
} };"""
panels = {
    "talking": TALKING,
    "throwing": "export default { mount({ el }) { el.textContent = 'half'; throw new Error('thrown on purpose'); } };",
    "unreadable": "export default {",
    "stumbling": """export default { mount({ el, store }) {
        el.textContent = "walking";
        return store.traits.scheme.subscribe((scheme) => { if (scheme === "cosine") throw new Error("stairs"); });
    } };""",
    "unanswered": "export default { async mount({ request }) { await request('fail'); } };",
    "needy": TALKING,
}
take_out = velowidget.plugins.register({
    "name": "mine",
    "commands": [{"id": f"mine.{name}", "python_name": f"__main__:{name}"} for name in ("answer", "plain", "gone")],
    "schemes": [
        {"id": "mine.plain", "title": "plain product", "command": "mine.plain"},
        {"id": "mine.gone", "title": "gone", "command": "mine.gone"},
        {"id": "mine.needy", "title": "needy", "command": "mine.plain", "requires": ["obs/age"]},
    ],
    "panels": [
        {"id": f"mine.{name}", "title": name.capitalize(), "esm": esm, "command": "mine.answer",
         **({"requires": ["obs/age"]} if name == "needy" else {})}
        for name, esm in panels.items()
    ],
})
'''


@pytest.fixture
def shown(notebook):
    notebook.open([SIMULATED, PLUGIN, SHOW])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    yield notebook
    notebook.execute("take_out()")


def button(notebook, name):
    return notebook.page.locator(".vw-dock-bar").get_by_role("button", name=name, exact=True)


def place(notebook, name):
    return notebook.page.locator(f".velowidget [data-panel='mine.{name}']")


def test_a_plugins_panel_opens_talks_to_python_and_closes(shown):
    button(shown, "Talking").click()
    expect(place(shown, "talking")).to_have_text("correlation: 2 and 5")
    expect(shown.page.get_by_role("region", name="Talking")).to_be_visible()
    control(shown, "scheme").select_option(label="plain product")
    expect(place(shown, "talking").locator("[data-scheme]")).to_have_attribute("data-scheme", "mine.plain")
    settled(shown)
    assert shown.python("w.kernel.params['scheme']") == "__main__.plain"
    button(shown, "Talking").click()
    expect(place(shown, "talking")).to_have_count(0)
    shown.page.wait_for_function("window.aborted && window.disposed")


def test_what_fails_says_so_in_its_own_place_and_the_widget_lives_on(shown):
    words = {
        "throwing": 'The panel "mine.throwing" could not be shown: thrown on purpose',
        "unreadable": 'The panel "mine.unreadable" could not be shown: Unexpected',
        "unanswered": "The panel 'mine.unanswered' failed to answer 'fail': ValueError: there is no answer to that",
    }
    for name, said in words.items():
        button(shown, name.capitalize()).click()
        expect(place(shown, name).get_by_role("alert")).to_contain_text(said)
        expect(place(shown, name).get_by_role("alert")).to_have_count(1)
    control(shown, "scheme").select_option(label="gone")
    refused = shown.page.locator(".vw-field").get_by_role("alert")
    expect(refused).to_contain_text("The plugin 'mine' could not be used")
    button(shown, "Talking").click()
    expect(place(shown, "talking")).to_have_text("correlation: 2 and 5")
    button(shown, "Stumbling").click()
    expect(place(shown, "stumbling")).to_have_text("walking")
    control(shown, "scheme").select_option(label="cosine")
    python_has(shown, "w.scheme", "cosine")
    settled(shown)
    expect(place(shown, "stumbling").get_by_role("alert")).to_have_text('The panel "mine.stumbling" failed: stairs')


def test_what_the_data_cannot_support_is_greyed_out_with_the_reason(shown):
    reason = "needs adata.obs['age']"
    expect(button(shown, "Needy")).to_have_attribute("aria-disabled", "true")
    expect(button(shown, "Needy")).to_have_attribute("title", reason)
    button(shown, "Needy").click(force=True)
    expect(place(shown, "needy")).to_have_count(0)
    option = control(shown, "scheme").locator("option", has_text="needy")
    expect(option).to_be_disabled()
    expect(option).to_have_text(f"needy: {reason}")
    shown.execute("velowidget.plugins.disable('mine')")
    expect(button(shown, "Needy")).to_have_count(0)
