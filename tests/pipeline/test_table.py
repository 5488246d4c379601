"""The table of parameters: whatever stands in it is checked, described, offered and known to the browser."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from traitlets import TraitError

from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.table import Count, LogSlider, Slider, entry_of
from velowidget.pipeline.traits import OF_THE_CHAIN, PARAMETERS, TABLE
from velowidget.widget import VelocityWidget, messages

RANGED = [name for name, trait in TABLE.items() if isinstance(entry_of(trait).control, LogSlider | Slider)]


def test_every_parameter_has_words_and_a_place():
    for trait in TABLE.values():
        entry = entry_of(trait)
        assert entry.title
        assert trait.help.endswith(".")
        assert entry.group in ("scale", "chain", "data", "embedding", "view", "drawing", "flow", "walks")
        assert {entry.within, *entry.when, *entry.titles} <= {"", "colors", *PARAMETERS}


@pytest.mark.parametrize("name", RANGED)
def test_the_ends_of_a_slider_are_taken_and_nothing_before_its_beginning(pipeline, name):
    control = entry_of(TABLE[name]).control
    before = getattr(pipeline, name)
    for end in (control.low, control.high):
        setattr(pipeline, name, end)
        assert getattr(pipeline, name) == end
    for beyond in (control.low - 1e-6, max(control.high, getattr(control, "below", None) or 0) + 1e-6):
        with pytest.raises(TraitError, match=f"{name} must be "):
            setattr(pipeline, name, beyond)
    setattr(pipeline, name, before)


@pytest.mark.parametrize("name", [name for name, trait in TABLE.items() if isinstance(entry_of(trait).control, Count)])
def test_a_number_below_the_least_is_refused(pipeline, name):
    with pytest.raises(TraitError, match=f"{name} must be "):
        setattr(pipeline, name, int(entry_of(TABLE[name]).control.low) - 1)


def test_what_a_choice_offers_can_be_chosen(pipeline):
    for name, trait in TABLE.items():
        control = entry_of(trait).control
        for offer in control.offers(pipeline) if control.kind == "choice" else ():
            if offer.reason is None:
                setattr(pipeline, name, offer.key)
                assert getattr(pipeline, name) == offer.key, name


def test_controls_appear_where_they_matter_and_are_called_by_what_they_do(adata):
    pipeline = VelocityPipeline(adata, field="stream", color="clusters")
    density, length = (entry_of(TABLE[name]) for name in ("density", "arrow_length"))
    assert density.matters(pipeline.in_use)
    assert length.title_now(pipeline.in_use) == "line width"
    pipeline.field = "arrows"
    assert not density.matters(pipeline.in_use)
    assert length.title_now(pipeline.in_use) == "arrow length"
    palette = entry_of(TABLE["palette"])
    assert palette.matters(pipeline.in_use)
    pipeline.color = "true_time"
    assert not palette.matters(pipeline.in_use)


def test_the_chain_is_computed_from_the_groups_of_the_chain():
    assert OF_THE_CHAIN[:4] == ("softmax_scale", "auto_scale", "scheme", "mode")
    assert {"n_samples", "backward", "backward_mode"} <= set(OF_THE_CHAIN)
    assert not {"seed", "basis", "smooth"} & set(OF_THE_CHAIN)


def test_the_browser_is_told_of_every_parameter(adata):
    pipeline = VelocityPipeline(adata)
    content, _ = messages.options(pipeline)
    told = {parameter["name"]: parameter for parameter in content["parameters"]}
    assert tuple(told) == PARAMETERS
    assert (told["opacity"]["control"]["low"], told["opacity"]["control"]["high"]) == (0.05, 1.0)
    assert told["opacity"]["help"] == TABLE["opacity"].help
    assert told["honest"]["reason"] is None


def test_the_widget_documents_every_parameter():
    for name, trait in TABLE.items():
        assert re.search(rf"^\s*{name}\n\s+{re.escape(trait.help.split()[0])}", VelocityWidget.__doc__, re.MULTILINE)
    assert "{parameters}" not in VelocityWidget.__doc__


def test_the_typescript_is_the_tables():
    script = runpy.run_path(str(Path(__file__).parents[2] / "js" / "parameters.py"))
    assert script["PATH"].read_text(encoding="utf-8") == script["written"](), (
        "js/src/state/parameters.ts is old: run `python js/parameters.py`."
    )
