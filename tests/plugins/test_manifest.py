"""Manifests: what they may say, and what is said about what they may not."""

from __future__ import annotations

import pytest

from tests.plugins.made import content, scheme
from velowidget.plugins.manifest import KINDS, ManifestError, parse_manifest, plugin_of, read_manifest
from velowidget.plugins.registry import BUILTIN

ENTRY = {"id": "mine.it", "title": "it", "command": "mine.it"}
PANEL = {"id": "mine.it", "title": "it", "esm": "x"}


def test_every_kind_is_read():
    manifest = parse_manifest(content(), "here")
    assert (manifest.name, manifest.title) == ("mine", "mine")
    assert all(list(manifest.contributions[kind]) == ["mine.it"] for kind in KINDS)
    assert manifest.contributions["palettes"]["mine.it"].colors == ("#000000", "#ffffff")


def test_ids_are_what_users_type_and_ours_are_short():
    own = read_manifest(BUILTIN).contributions["schemes"]["velowidget.dot_product"]
    theirs = parse_manifest(content(), "here").contributions["schemes"]["mine.it"]
    assert (own.key, theirs.key) == ("dot_product", "mine.it")
    assert plugin_of(theirs.id) == "mine"


WRONG = {
    "no name": ({"name": None}, "name = None"),
    "a name with a dot": ({"name": "my.plugin"}, "lower-case letters"),
    "an unknown kind": ({"pannels": []}, "'pannels' is not known; did you mean 'panels'?"),
    "no list": ({"schemes": ENTRY}, r"schemes must be a list of tables, \[\[schemes\]\]"),
    "no table": ({"schemes": ["mine.it"]}, "schemes number 1 must be a table"),
    "a missing field": ({"schemes": [{"id": "mine.it", "title": "it"}]}, r"number 1 \(mine.it\): command is missing"),
    "an unknown field": ({"schemes": [{**ENTRY, "titel": "x"}]}, "'titel' is not known; did you mean 'title'"),
    "a wrong type": ({"schemes": [{**ENTRY, "title": 3}]}, "title = 3 must be text"),
    "a wrong list": ({"schemes": [{**ENTRY, "requires": "layers/Ms"}]}, "requires = 'layers/Ms' must be a list"),
    "another's id": ({"schemes": [{**ENTRY, "id": "yours.it"}]}, "'yours.it' among schemes must be 'mine.'"),
    "an id without a name": ({"schemes": [{**ENTRY, "id": "mine."}]}, "'mine.' among schemes must be"),
    "an id twice": ({"schemes": [ENTRY, ENTRY]}, "'mine.it' is twice among schemes"),
    "a command twice": ({"commands": content()["commands"] * 2}, "'mine.it' is twice among commands"),
    "a dangling command": ({"schemes": [{**ENTRY, "command": "mine.its"}]}, "'mine.its' of 'mine.it' is not among"),
    "a place that is none": ({"commands": [{"id": "mine.it", "python_name": "json.loads"}]}, "not 'module:qualname'"),
    "an unknown part": ({"schemes": [{**ENTRY, "requires": ["layer/Ms"]}]}, "requires = 'layer/Ms'"),
    "a panel without JavaScript": ({"panels": [{"id": "mine.it", "title": "it"}]}, "needs either esm"),
    "a panel with both": ({"panels": [{**PANEL, "esm_file": "x.js"}]}, "needs either esm"),
    "a panel at the side": ({"panels": [{**PANEL, "place": "side"}]}, "must be 'dock'"),
    "a missing file": ({"panels": [{"id": "mine.it", "title": "it", "esm_file": "x.js"}]}, "not beside the manifest"),
    "a number for a name": ({3: "x"}, "3 is not known"),
    "an extension without a dot": ({"exporters": [{**ENTRY, "extension": "csv"}]}, "'csv' of 'mine.it' must be a dot"),
    "no colour": ({"palettes": [{"id": "mine.it", "title": "it", "colors": ["red"]}]}, "'#rrggbb'"),
    "no colours": ({"palettes": [{"id": "mine.it", "title": "it", "colors": []}]}, "at least one"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said(what):
    changes, words = WRONG[what]
    with pytest.raises(ManifestError, match=words) as raised:
        parse_manifest({**content(), **changes}, "here.toml")
    assert str(raised.value).startswith("here.toml is not a manifest that can be used: ")


def test_every_problem_is_said_at_once():
    with pytest.raises(ManifestError) as raised:
        parse_manifest(content(schemes=[{**ENTRY, "command": "mine.no"}], palettes=[{"id": "mine.p"}]), "here")
    assert len(raised.value.problems) == 3  # the command, the palette's title and its colours


@pytest.mark.parametrize("text", ["name =", "\xff", None])
def test_a_file_that_is_no_toml(tmp_path, text):
    path = tmp_path / "plugin.toml"
    if text is not None:
        path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ManifestError, match=r"plugin\.toml"):
        read_manifest(path)


def test_files_of_panels_are_beside_the_manifest(tmp_path):
    (tmp_path / "panel.js").write_text("export default {}")
    path = tmp_path / "plugin.toml"
    path.write_text(scheme("mine", "json:loads") + '[[panels]]\nid = "mine.p"\ntitle = "p"\nesm_file = "panel.js"\n')
    assert read_manifest(path).contributions["panels"]["mine.p"].esm_file == "panel.js"
