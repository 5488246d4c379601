"""What tests do with a notebook that shows a widget: find its parts, wait for it, compare its pictures."""

from __future__ import annotations

SIMULATED = "import velowidget\nadata = velowidget.datasets.bifurcation(n_cells=400, n_genes=80)"
SHOW = "w = velowidget.VelocityWidget(adata)\nw"


def control(notebook, name, role="combobox"):
    return notebook.page.get_by_role(role, name=name, exact=True).first


def slider(notebook):
    return control(notebook, "softmax scale", "slider")


def canvas(notebook):
    return notebook.page.locator(".velowidget canvas").first


def python_has(notebook, expression, value):
    """Wait until the kernel has heard: what was done on the page may still be on its way."""
    for _ in range(400):
        if notebook.python(expression) == value:
            return
        notebook.page.wait_for_timeout(50)
    found = notebook.python(expression)
    assert found == value, found


def settled(notebook):
    """Wait until nothing changes for a while, and the picture shows what the kernel has."""
    calm = 0
    for _ in range(300):
        notebook.python("w.wait(240)")
        generation = notebook.python("w.pipeline.jobs.generation")
        notebook.page.wait_for_timeout(150)
        shows = notebook.page.locator(".velowidget [data-shows]")
        marks = {shows.nth(i).get_attribute("data-shows") for i in range(shows.count())}
        shown = str(generation) in marks and notebook.python("w.pipeline.jobs.generation") == generation
        calm = calm + 1 if shown else 0
        if calm == 3:
            return
    raise AssertionError(f"the picture never showed generation {generation}")


def pixels(notebook):
    return canvas(notebook).screenshot()


def other_pixels(notebook, before):
    """The picture when it has become another, which no generation tells of what needs no computation."""
    for _ in range(400):
        now = pixels(notebook)
        if now != before:
            return now
        notebook.page.wait_for_timeout(50)
    raise AssertionError("the picture stayed the same")


def same_pixels(notebook, expected):
    """Wait until the picture is as it was."""
    for _ in range(400):
        if pixels(notebook) == expected:
            return
        notebook.page.wait_for_timeout(50)
    raise AssertionError("the picture stayed another")


def drag(notebook, share):
    """Drag the slider's thumb to this share of its length, in steps."""
    box = slider(notebook).bounding_box()
    now = slider(notebook).evaluate("e => (e.value - e.min) / (e.max - e.min)")
    y = box["y"] + box["height"] / 2
    at = lambda s: box["x"] + 8 + s * (box["width"] - 16)  # noqa: E731 - the thumb is 16 px wide
    mouse = notebook.page.mouse
    mouse.move(at(now), y)
    mouse.down()
    mouse.move(at(share), y, steps=12)
    mouse.up()
