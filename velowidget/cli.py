"""The command ``velowidget``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import shutil
import sys
from pathlib import Path

PACKAGE = Path(__file__).parent
NOTEBOOK = "01_first_look.ipynb"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="velowidget", description="A live RNA-velocity Markov chain in the notebook.")
    commands = parser.add_subparsers(dest="command", required=True)
    demo = commands.add_parser("demo", help="start JupyterLab on a first notebook, on this machine only")
    demo.add_argument(
        "--port", type=int, default=8888, help="port to start at (default 8888; the next free one is taken)"
    )
    demo.add_argument(
        "--directory",
        type=Path,
        default=Path("velowidget-demo"),
        help="where the notebook is (default ./velowidget-demo)",
    )
    demo.add_argument("--no-browser", action="store_true", help="do not open a browser")
    plugins = commands.add_parser("plugins", help="list plugins, or look whether they can be used")
    actions = plugins.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="installed plugins and what they contribute; imports none of them")
    validate = actions.add_parser("validate", help="check manifests, and import what they name")
    validate.add_argument("plugin", nargs="*", help="names, or manifests' files (default: every installed plugin)")
    options = parser.parse_args(arguments)
    if options.command == "plugins":
        return list_plugins() if options.action == "list" else validate_plugins(options.plugin)
    return run_demo(options.directory, options.port, open_browser=not options.no_browser)


def list_plugins() -> int:
    """Print the plugins with their contributions, and those that were left out; the status is 1 if there are any."""
    from velowidget.plugins.registry import registry

    for name, manifest in registry.manifests.items():
        print(name if manifest.title == name else f"{name}: {manifest.title}")
        for kind, entries in manifest.contributions.items():
            for entry in entries.values():
                needs = f" (requires {', '.join(entry.requires)})" if entry.requires else ""
                print(f"  {kind.replace('_', ' '):<12} {entry.key:<30} {entry.title}{needs}")
    for failure in registry.failures:
        print(failure.message, file=sys.stderr)
    return 1 if registry.failures else 0


def validate_plugins(asked: list[str]) -> int:
    """Check manifests, those of all plugins by default, and import what they name; the status is 1 if any is wrong."""
    from velowidget.plugins.manifest import ManifestError
    from velowidget.plugins.registry import PluginError, check, registry

    problems = []
    for plugin in asked or dict.fromkeys([*registry.manifests, *(failure.plugin for failure in registry.failures)]):
        # Of two plugins of one name, one was left out.
        found = [failure.message for failure in registry.failures if failure.plugin == plugin]
        try:
            if not found or plugin in registry.manifests:
                found += check(plugin)
        except (ManifestError, PluginError, ValueError) as error:
            found.append(str(error))
        print(f"{plugin}: {'can be used' if not found else 'cannot be used'}")
        problems += found
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def run_demo(directory: Path, port: int, *, open_browser: bool) -> int:
    """Put the notebook into `directory` unless it is there, and start JupyterLab on it until it is stopped."""
    if importlib.util.find_spec("jupyterlab") is None:
        print('JupyterLab is missing: pip install "velowidget[lab]"', file=sys.stderr)
        return 1
    notebook = directory / NOTEBOOK
    if not notebook.exists():
        from velowidget.data.atomic import replacing

        directory.mkdir(parents=True, exist_ok=True)
        # A wheel holds the examples inside the package, a checkout beside it.
        homes = (PACKAGE / "examples", PACKAGE.parent / "examples")
        with replacing(notebook) as temporary:
            shutil.copy(next(home / NOTEBOOK for home in homes if home.is_dir()), temporary)
    # The folder's labconfig keeps JupyterLab from asking about news over the network.
    settings = [str(PACKAGE / "lab"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    from jupyterlab.labapp import LabApp

    print(f"Starting JupyterLab on {notebook}; its address follows. Stop it with Ctrl-C.", flush=True)
    LabApp.launch_instance(
        [
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={port}",
            f"--ServerApp.root_dir={directory.resolve()}",
            f"--LabApp.default_url=/lab/tree/{NOTEBOOK}",
            f"--ServerApp.open_browser={open_browser}",
            "--ServerApp.allow_root=True",
        ]
    )
    return 0
