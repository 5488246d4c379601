"""Widgets that are closed, or whose cell is run again, give back the kernel's memory and the page's WebGL contexts."""

from __future__ import annotations

SETUP = """
import ctypes, gc, os, threading, velowidget
if "adata" not in globals():
    adata = velowidget.datasets.bifurcation(n_cells=2000, n_genes=300)

def megabytes():
    for thread in threading.enumerate():  # what was being computed ends at its next block
        if thread.name == "velowidget":
            thread.join(30)
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
"""
SHOW = "w = velowidget.VelocityWidget(adata.copy())\nw"

# Keeps the contexts, so that none is given back only because the page has forgotten it.
COUNT_CONTEXTS = """
window.glContexts = new Set();
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...options) {
  const context = getContext.call(this, kind, ...options);
  if (context && String(kind).startsWith("webgl")) window.glContexts.add(context);
  return context;
};
const getOffscreenContext = OffscreenCanvas.prototype.getContext;
OffscreenCanvas.prototype.getContext = function (kind, ...options) {
  const context = getOffscreenContext.call(this, kind, ...options);
  if (context && String(kind).startsWith("webgl")) window.glContexts.add(context);
  return context;
};
"""

TIMES = 20


LIVE = "[...window.glContexts].filter((context) => !context.isContextLost()).length"


def live_contexts(notebook, expected):
    """How many WebGL contexts there are, if need be a while later: a context that is given up is lost soon after."""
    notebook.page.wait_for_function(f"{LIVE} === {expected}", timeout=20_000)
    return notebook.page.evaluate(LIVE)


def all_contexts(notebook):
    return notebook.page.evaluate("window.glContexts.size")


def show(notebook):
    """Run all cells once more; returns when the new widget is drawn."""
    notebook.run_all()
    drawn(notebook)


def drawn(notebook):
    notebook.page.locator(".velowidget [data-shows]").first.wait_for(timeout=180_000)


def close(notebook):
    notebook.execute("w.close()")
    notebook.page.wait_for_selector(".velowidget", state="detached", timeout=20_000)


def open_widgets(notebook):
    return notebook.python(
        "sum('VelocityWidget' in type(w).__name__ for w in __import__('ipywidgets').widgets.widget._instances.values())"
    )


def test_closed_widgets_give_back_memory_and_webgl(notebook, record_property):
    notebook.page.add_init_script(COUNT_CONTEXTS)
    notebook.open([SETUP, SHOW])
    drawn(notebook)
    for _ in range(5):  # code is loaded and compiled
        close(notebook)
        show(notebook)
    close(notebook)
    before, made = notebook.python("megabytes()"), all_contexts(notebook)
    for _ in range(TIMES):
        show(notebook)
        assert live_contexts(notebook, 1) == 1
        close(notebook)
        assert live_contexts(notebook, 0) == 0
    after = notebook.python("megabytes()")
    record_property("megabytes", (before, after))
    print(f"closed {TIMES} times: {before:.1f} MB, then {after:.1f} MB; {all_contexts(notebook) - made} contexts made")
    assert all_contexts(notebook) - made >= TIMES
    assert after - before < 10
    assert open_widgets(notebook) == 0


def test_running_a_cell_again_gives_back_the_data_that_its_widget_had(notebook, record_property):
    notebook.page.add_init_script(COUNT_CONTEXTS)
    notebook.open([SETUP, SHOW])
    drawn(notebook)
    for _ in range(5):  # code is loaded and compiled
        show(notebook)
    before = notebook.python("megabytes()")
    for _ in range(TIMES):
        show(notebook)
        assert live_contexts(notebook, 1) == 1
    after = notebook.python("megabytes()")
    record_property("megabytes", (before, after))
    print(f"run {TIMES} times again: {before:.1f} MB, then {after:.1f} MB; 1 live context")
    assert after - before < 10
    assert open_widgets(notebook) == 1
    assert notebook.python("w.step") == 0  # the last one is alive
