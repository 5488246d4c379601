"""Fields, and how far to believe them."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.shown import control, other_pixels, pixels, python_has, settled


def test_each_field_is_another_picture(shown):
    pictures = []
    for field in ("grid", "arrows", "stream", "none"):
        control(shown, "field").select_option(field)
        settled(shown)
        pictures.append(pixels(shown))
    assert len(set(pictures)) == 4
    control(shown, "field").select_option("stream")
    settled(shown)
    assert pixels(shown) == pictures[2], "nothing is left of other fields"


def test_smoothing_and_belief_change_the_lines(shown):
    control(shown, "field").select_option("stream")
    settled(shown)
    before = pixels(shown)
    control(shown, "smoothing", "slider").focus()
    for _ in range(10):
        shown.page.keyboard.press("ArrowRight")
    settled(shown)
    smoother = pixels(shown)
    python_has(shown, "w.smooth > 1", True)
    control(shown, "fade by confidence", "checkbox").click()
    settled(shown)
    assert len({before, smoother, pixels(shown)}) == 3
    python_has(shown, "w.honest", False)


def test_particles_move_until_they_are_paused(shown):
    control(shown, "field").select_option("particles")
    settled(shown)
    assert pixels(shown) != pixels(shown)
    shown.page.get_by_role("button", name="pause particles").click()
    expect(shown.page.get_by_role("button", name="move particles")).to_be_visible()
    assert pixels(shown) == pixels(shown)


def test_particles_are_lines_for_who_wants_no_motion(shown):
    control(shown, "field").select_option("stream")
    settled(shown)
    lines = pixels(shown)
    shown.page.emulate_media(reduced_motion="reduce")
    control(shown, "field").select_option("particles")
    settled(shown)
    expect(shown.page.get_by_text("Particles are drawn as lines")).to_be_visible()
    assert pixels(shown) == lines


def test_cells_are_as_opaque_as_asked(shown):
    control(shown, "field").select_option("none")
    settled(shown)
    before = pixels(shown)
    shown.execute("w.opacity = 0.2")
    faint = other_pixels(shown, before)
    control(shown, "opacity", "slider").focus()
    shown.page.keyboard.press("End")
    python_has(shown, "w.opacity", 1.0)
    other_pixels(shown, faint)


def test_colour_by_belief_says_what_it_means(shown):
    shown.execute("w.color = 'support'")
    settled(shown)
    expect(shown.page.get_by_text("no better than noise")).to_be_visible()
