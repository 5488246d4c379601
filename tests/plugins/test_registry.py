"""The registry: lazy, and unharmed by a plugin that cannot be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.made import content, scheme
from velowidget.core.similarity import SCHEMES
from velowidget.plugins.manifest import KINDS, ManifestError
from velowidget.plugins.registry import PluginError, Registry, check, locate, registry, require, unmet


@pytest.fixture
def empty():
    return Registry(lambda: ())


def test_our_own_contributions_are_all_there_and_can_be_had(empty):
    assert tuple(empty.contributions("schemes")) == SCHEMES
    assert list(check("velowidget")) == []
    assert all(empty.contributions(kind) for kind in KINDS)


def test_installed_plugins_are_found_and_none_is_imported(site):
    for number in range(50):
        site.install(f"plugin-{number}", scheme(f"plugin-{number}", f"plugin_{number}:angle"), "raise SystemExit")
    found = site.registry()
    assert len(found.contributions("schemes")) == 50 + len(SCHEMES)
    assert found.failures == ()
    assert not [name for name in sys.modules if name.startswith("plugin_")]


def test_a_dotted_package_is_not_imported_either(site):
    site.install("deep", None, "raise SystemExit", value="deep.inner:plugin.toml")
    (site.folder / "deep" / "inner").mkdir()
    (site.folder / "deep" / "inner" / "plugin.toml").write_text(scheme("deep", "deep:angle"))
    assert "deep.angle" in site.registry().contributions("schemes")
    assert "deep" not in sys.modules


def test_importing_the_package_looks_for_no_plugin():
    code = "import sys, velowidget; print('velowidget.plugins' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_plugin_is_imported_when_it_is_first_used(site):
    site.install("good", scheme("good", "good:Angles.angle"), "class Angles:\n    angle = 'the object'\n")
    found = site.registry()
    assert "good" not in sys.modules
    assert found.load("schemes", "good.angle") == "the object"
    assert "good" in sys.modules


BROKEN = {
    "no file": (None, "There is no file 'plugin.toml' in 'broken'"),
    "no toml": ("name =", "plugin.toml is not a manifest"),
    "duplicate id": (scheme("broken", "a:b") + scheme("broken", "a:b").split("\n", 2)[2], "is twice among schemes"),
    "duplicate name": (scheme("good", "broken:angle"), "There is a plugin 'good' already"),
    "our name": (scheme("velowidget", "broken:angle"), "There is a plugin 'velowidget' already"),
    "dangling command": (scheme("broken", "a:b").replace('id = "broken.angle"', 'id = "broken.x"', 1), "not among"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_plugin_is_left_out_and_harms_no_other(site, what):
    manifest, words = BROKEN[what]
    site.install("broken", manifest)
    site.install("good", scheme("good", "good:angle"), "angle = 1")
    if what == "duplicate name":  # the first one counts, whichever it is
        found = site.registry()
        assert [failure.plugin for failure in found.failures] == ["good"]
        return
    found = site.registry()
    assert found.load("schemes", "good.angle") == 1
    (failure,) = found.failures
    assert failure.plugin == "broken"
    assert words in failure.message
    assert "'broken' was left out" in failure.message


@pytest.mark.parametrize("value", ["gone:plugin.toml", "json", ":plugin.toml", "json:gone.toml"])
def test_entry_points_that_lead_nowhere(value):
    with pytest.raises(FileNotFoundError):
        locate(value)


@pytest.mark.parametrize("module", ["raise RuntimeError('no luck')", "raise SystemExit('no luck')", "import no_luck"])
def test_a_plugin_that_raises_at_import_is_named_at_its_use(site, module):
    site.install("broken", scheme("broken", "broken:angle"), module)
    found = site.registry()
    with pytest.raises(PluginError, match=r"plugin 'broken' could not be used.*no.luck"):
        found.load("schemes", "broken.angle")
    assert found.load("schemes", "cosine") == "cosine"


def test_a_missing_object_is_named(site):
    site.install("broken", scheme("broken", "broken:angle"))
    with pytest.raises(PluginError, match="'broken:angle' raised AttributeError"):
        site.registry().load("schemes", "broken.angle")


def test_plugins_can_be_disabled_and_enabled(empty):
    empty.register(content())
    heard = []
    empty.listen(lambda: heard.append(tuple(empty.contributions("schemes"))))
    empty.disable("mine")
    assert not empty.is_enabled("mine")
    with pytest.raises(ValueError, match=r"There are no schemes 'mine\.it'"):
        empty.load("schemes", "mine.it")
    empty.enable("mine")
    assert heard == [SCHEMES, (*SCHEMES, "mine.it")]
    with pytest.raises(ValueError, match="did you mean 'mine'"):
        empty.disable("mines")
    with pytest.raises(PluginError, match="Our own"):
        empty.disable("velowidget")


def test_a_listener_that_fails_is_logged_and_harms_no_other(empty, caplog):
    heard = []
    empty.listen(lambda: 1 / 0)
    stop = empty.listen(lambda: heard.append(1))
    empty.register(content())
    assert "ZeroDivisionError" in caplog.text
    stop()
    empty.disable("mine")
    assert heard == [1]


def test_plugins_come_and_go_without_installation(empty, tmp_path):
    take_out = empty.register(content())
    assert empty.load("schemes", "mine.it").__name__ == "loads"
    empty.disable("mine")
    take_out()
    take_out()
    assert tuple(empty.contributions("schemes")) == SCHEMES
    path = tmp_path / "plugin.toml"
    path.write_text(scheme("mine", "json:loads"))
    newer = empty.register(path)
    assert empty.is_enabled("mine")
    take_out()  # says nothing about the newer one
    assert "mine.angle" in empty.contributions("schemes")
    newest = empty.register(content(schemes=[]))  # a cell that is run again
    newer()  # says nothing about that one either
    assert "mine.it" in empty.contributions("palettes")
    assert "mine.angle" not in empty.contributions("schemes")
    newest()
    assert "mine.it" not in empty.contributions("palettes")
    with pytest.raises(ManifestError, match="What was registered"):
        empty.register({"name": "no good"})


def test_installed_plugins_and_ours_are_not_replaced(site):
    site.install("mine", scheme("mine", "mine:angle"))
    found = site.registry()
    for name in ("mine", "velowidget"):
        with pytest.raises(PluginError, match=f"There is a plugin '{name}' already"):
            found.register({"name": name})


def test_what_is_unknown_is_said_with_the_nearest(empty):
    with pytest.raises(ValueError, match="'scheme' is no kind of contribution; did you mean 'schemes'"):
        empty.contributions("scheme")
    with pytest.raises(ValueError, match="no sample_data 'bifurcate'; did you mean 'bifurcation'"):
        empty.get("sample_data", "bifurcate")


def test_javascript_of_panels(empty, tmp_path):
    (tmp_path / "panel.js").write_text("export default 'from the file'")
    path = tmp_path / "plugin.toml"
    path.write_text('name = "mine"\n[[panels]]\nid = "mine.p"\ntitle = "p"\nesm_file = "panel.js"\n')
    empty.register(path)
    assert empty.javascript("mine.p") == "export default 'from the file'"
    (tmp_path / "panel.js").unlink()
    with pytest.raises(PluginError, match="'mine' could not be used"):
        empty.javascript("mine.p")
    with pytest.raises(PluginError, match="no JavaScript of its own"):
        empty.javascript("embedding")
    with pytest.raises(PluginError, match="has no command"):
        empty.load("panels", "mine.p")


def test_requirements_name_what_the_data_lack(empty, adata):
    entry = {**content()["schemes"][0], "requires": ["layers/Ms", "obsm/X_moon", "obs/age/days"]}
    empty.register(content(schemes=[entry]))
    found = empty.get("schemes", "mine.it")
    assert unmet(found, adata) == "needs adata.obsm['X_moon'] and adata.obs['age/days']"
    with pytest.raises(ValueError, match=r"'it' needs adata\.obsm\['X_moon'\]"):
        require(found, adata)
    adata.obsm["X_moon"], adata.obs["age/days"] = adata.obsm["X_umap"], 1
    assert unmet(found, adata) is None


def test_manifests_files_can_be_checked(site):
    package = site.install("good", scheme("good", "good:angle"), "angle = len\nnumber = 1")
    path = Path(site.folder, package, "plugin.toml")
    assert list(check(str(path))) == []
    path.write_text(scheme("good", "good:angel"))
    assert ["good:angel" in problem for problem in check(str(path))] == [True]
    path.write_text(scheme("good", "good:number"))
    assert list(check(str(path))) == ["The command of 'good.angle' among schemes must stand for a function, not for 1."]
    path.write_text(scheme("good", "good:angle").replace("[[schemes]]", "[[kernels]]"))
    assert ["must stand for a class" in problem for problem in check(str(path))] == [True]
    assert list(check("velowidget")) == []


def test_what_cannot_be_registered_or_loaded_is_said(empty):
    with pytest.raises(TypeError, match="manifest must be a dict, or the path of a TOML file, not None"):
        empty.register(None)
    with pytest.raises(PluginError, match=r"'velowidget\.okabe_ito' has no command"):
        empty.load("palettes", "okabe_ito")


def test_the_registry_of_the_process_is_the_public_one():
    from velowidget import plugins

    take_out = plugins.register(content())
    try:
        assert "mine.it" in registry.contributions("palettes")
    finally:
        take_out()
