"""What plugins cost: finding 50 installed ones, beyond reading the entry points, which importlib does in any case."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PLUGINS = 50
ROUNDS = 15
MANIFEST = """
name = "{name}"
title = "Plugin number {number}"
[[commands]]
id = "{name}.scheme"
python_name = "{package}.schemes:scheme"
[[commands]]
id = "{name}.answer"
python_name = "{package}.panel:answer"
[[schemes]]
id = "{name}.scheme"
title = "scheme"
help = "A similarity."
command = "{name}.scheme"
requires = ["layers/Ms"]
[[panels]]
id = "{name}.panel"
title = "Panel"
esm_file = "panel.js"
command = "{name}.answer"
[[palettes]]
id = "{name}.palette"
title = "Palette"
colors = ["#000000", "#ffffff"]
"""
# In a process of its own each time: nothing is known from before.
CODE = """
import sys, time
sys.path[:0] = {path!r}
from velowidget.plugins.registry import Registry, installed
points = list(installed())
assert len(points) == {plugins}, points
registry = Registry(lambda: points)
started, busy = time.perf_counter(), time.process_time()
found = registry.contributions("schemes")
seconds, busy = time.perf_counter() - started, time.process_time() - busy
assert len(found) == {plugins} + 3 and not registry.failures, registry.failures
assert not [name for name in sys.modules if name.startswith("bench_plugin_")]
print(seconds, busy)
"""


def install(folder: Path) -> None:
    for number in range(PLUGINS):
        name, package = f"bench-plugin-{number}", f"bench_plugin_{number}"
        home, info = folder / package, folder / f"{package}-1.0.dist-info"
        home.mkdir()
        info.mkdir()
        (home / "__init__.py").write_text("raise SystemExit('imported')")
        (home / "panel.js").write_text("export default { mount() {} };")
        (home / "plugin.toml").write_text(MANIFEST.format(name=name, package=package, number=number))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[velowidget.manifest]\n{name} = {package}:plugin.toml\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        path = [folder, str(Path(__file__).parents[2])]
        command = [sys.executable, "-c", CODE.format(path=path, plugins=PLUGINS)]
        runs = [subprocess.check_output(command, text=True).split() for _ in range(ROUNDS)]
    print(f"{PLUGINS} installed plugins and our own, to find; {ROUNDS} processes, none of the plugins imported")
    for name, values in zip(("on the clock", "of the processor"), zip(*runs, strict=True), strict=True):
        ms = [1000 * float(value) for value in values]
        print(f"  {name:<17} {statistics.median(ms):6.1f} ms (median; {min(ms):.1f} to {max(ms):.1f})")


if __name__ == "__main__":
    main()
