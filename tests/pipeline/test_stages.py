"""The stages themselves: their hashes, which traits they depend on, and what of a result leaves the process."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from velowidget.pipeline import stages as package
from velowidget.pipeline.events import Computed, Status
from velowidget.pipeline.parameters import TRAITS, Parameters, traits_of
from velowidget.pipeline.stages import FIELDS, STAGES, Hashes, key, traits_behind, with_ancestors
from velowidget.pipeline.traits import PARAMETERS

VALUES = {
    "vkey": "velocity", "xkey": "Ms", "gene_subset": None, "conn_key": "connectivities", "n_neighbors": None,
    "symmetrize": True, "attr": "layers", "threshold": 0.0, "connectivity_weight": 0.0, "degenerate": "error",
    "scheme": "correlation", "softmax_scale": 4.0, "auto_scale": True, "mode": "deterministic", "n_samples": 1000,
    "backward": False, "backward_mode": "transpose", "basis": "umap", "components": (), "smooth": 0.8, "density": 1.0,
    "cluster_key": "clusters", "time_key": "", "n_sims": 30, "max_iter": 9, "successive_hits": 0,
    "start_ixs": {"clusters": ["a", "b"]}, "stop_ixs": [1, 2], "seed": 0,
}  # fmt: skip


def hashes(**changes):
    found = Hashes(Parameters(**{**VALUES, **changes}))
    return {stage: found[stage] for stage in STAGES}


def test_a_hash_is_the_same_in_another_process():
    code = (
        "import json; from velowidget.pipeline.parameters import Parameters;"
        "from velowidget.pipeline.stages import STAGES, Hashes;"
        f"found = Hashes(Parameters(**{VALUES!r})); print(json.dumps({{stage: found[stage] for stage in STAGES}}))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(run.stdout) == hashes()


def test_hashes_differ_between_stages_and_values():
    assert len(set(hashes().values())) == len(STAGES)
    for change in ({"n_sims": 31}, {"start_ixs": {"clusters": ["b"]}}, {"start_ixs": None}, {"stop_ixs": [1]}):
        assert {stage for stage, hash_ in hashes(**change).items() if hash_ != hashes()[stage]} == {"walks"}


def test_schemes_of_one_name_are_different_callables():
    def scheme(displacements, velocities):
        raise NotImplementedError

    def another(displacements, velocities):
        raise NotImplementedError

    another.__qualname__ = scheme.__qualname__
    first = hashes(own_scheme=scheme)
    assert hashes(own_scheme=scheme) == first
    assert first["similarity"] not in (hashes()["similarity"], hashes(own_scheme=another)["similarity"])


def test_a_result_has_the_hashes_of_what_it_is_made_of(pipeline):
    computed = pipeline.jobs.latest("grid")
    assert list(computed.hashes) == [stage.name for stage in with_ancestors("grid")]
    assert computed.hash == key(STAGES["grid"], computed.parameters)
    assert {stage: pipeline.jobs.status.hashes[stage] for stage in computed.hashes} == computed.hashes


def test_the_status_tells_the_hashes_of_the_present_parameters(pipeline):
    pipeline.want("flow")
    pipeline.wait()
    told = []
    pipeline.listen(lambda event: told.append(event) if isinstance(event, Computed | Status) else None)
    pipeline.softmax_scale = 3.0
    pipeline.wait()
    last = [event for event in told if isinstance(event, Status)][-1]
    grid = [event for event in told if isinstance(event, Computed) and event.stage == "grid"][-1]
    assert last.hashes["grid"] == grid.hash
    pipeline.cluster_key = "stage"
    assert pipeline.jobs.status.hashes["grid"] == grid.hash
    assert pipeline.jobs.status.hashes["flow"] != last.hashes["flow"]
    pipeline.softmax_scale = 3.5
    assert pipeline.jobs.status.hashes["grid"] != grid.hash


def test_going_back_gives_the_hashes_of_before(pipeline):
    before = pipeline.jobs.status.hashes
    pipeline.basis = "pca"
    assert pipeline.jobs.status.hashes != before
    pipeline.basis = "umap"
    assert pipeline.jobs.status.hashes == before


def test_the_snapshot_has_the_automatic_scale_in_it(pipeline):
    parameters = pipeline.jobs.latest("grid").parameters
    assert parameters.auto_scale
    assert parameters.softmax_scale == pipeline.automatic_scale == pipeline.jobs.latest("T").value.softmax_scale
    pipeline.scheme = "cosine"
    pipeline.wait()
    parameters = pipeline.jobs.latest("grid").parameters
    assert parameters.softmax_scale == pipeline.automatic_scale == pipeline.jobs.latest("T").value.softmax_scale


def test_new_values_of_the_traits_a_stage_depends_on_give_it_another_hash():
    """What the browser is told of them decides which pictures wait for Python's answer."""
    other = {
        "vkey": "another", "xkey": "spliced", "gene_subset": ["a"], "conn_key": "another", "n_neighbors": 5,
        "symmetrize": False, "threshold": 0.1, "connectivity_weight": 0.2, "degenerate": "self",
        "scheme": "cosine", "softmax_scale": 5.0, "auto_scale": False, "mode": "monte_carlo", "backward": True,
        "basis": "pca", "components": (2, 1), "smooth": 2.0, "density": 2.0, "cluster_key": "stage",
        "time_key": "day", "n_sims": 31, "max_iter": 8, "successive_hits": 1, "start_ixs": None, "stop_ixs": None,
        "seed": 1,
    }  # fmt: skip
    drawn = {"mode": "monte_carlo"}, {"backward": True}
    for name, value in {**other, "n_samples": 10, "backward_mode": "negate"}.items():
        changed = set()
        for context in ({}, *drawn):
            before, after = hashes(**context), hashes(**{**context, name: value})
            changed |= {stage for stage in STAGES if before[stage] != after[stage]}
        assert changed == {stage for stage in STAGES if name in traits_behind(stage)}, name


def test_traits_of_the_snapshot_are_the_parameters():
    assert set(TRAITS) - {"attr"} < set(PARAMETERS)
    assert traits_of(("compared", "direction", "basis")) == ("scheme", "backward", "backward_mode", "basis")


def test_what_is_drawn_leaves_the_process(pipeline):
    for field, stage in FIELDS.items():
        assert (STAGES[stage].to_wire is None) == (field == "none")


@pytest.mark.parametrize("stage", [name for name, stage in STAGES.items() if stage.to_wire])
def test_a_result_is_json_values_and_arrays(pipeline, stage):
    pipeline.want(stage)
    pipeline.wait()
    values, arrays = STAGES[stage].to_wire(pipeline.jobs.latest(stage).value)
    assert json.loads(json.dumps(values)) == values
    assert arrays
    assert all(isinstance(array, np.ndarray) and array.dtype.kind in "fi" for array in arrays.values())


def test_each_stage_has_a_file_of_its_own_that_knows_no_later_stage():
    """A stage may import results of those before it: so there is no circle."""
    folder = Path(package.__file__).parent
    modules = {path.stem: path for path in folder.glob("*.py") if path.stem != "__init__"}
    named = {name: {"T": "transitions"}.get(name, name) for name in STAGES}
    assert set(named.values()) == set(modules)
    for name, module in named.items():
        before = {named[stage.name] for stage in with_ancestors(name)}
        before |= {"similarity"} if name == "null" else set()  # depends on the same values
        imported = {
            node.module.rpartition(".")[2]
            for node in ast.walk(ast.parse(modules[module].read_text()))
            if isinstance(node, ast.ImportFrom) and node.module.startswith("velowidget.pipeline.stages.")
        }
        assert imported <= before, name


def test_every_stage_takes_only_stages_before_it():
    seen = set()
    for stage in STAGES.values():
        assert set(stage.after) <= seen
        seen.add(stage.name)
