"""Find a Chromium for the browser tests, or get one; run by ``make test``."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN = ("chromium", "libegl1", "libgl1-mesa-dri", "fonts-dejavu-core")


@cache
def find_chromium() -> str | None:
    """Path of a Chromium: of the system's, else of Playwright's."""
    for name in NAMES:
        if (path := shutil.which(name)) is not None:
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def graphics_flags() -> list[str]:
    """Flags for WebGL without a graphics card: Mesa's where it is installed, else Chromium's own, which is slower."""
    if ctypes.util.find_library("EGL"):
        return ["--use-gl=angle", "--use-angle=gl-egl", "--ignore-gpu-blocklist"]
    return ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def get_chromium() -> None:
    """Install Debian's packages when root, else Playwright's own download."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands = [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *DEBIAN],
        ]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        print("+", *command, flush=True)
        if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:
            return


if __name__ == "__main__":
    if find_chromium() is None:
        find_chromium.cache_clear()
        get_chromium()
    if find_chromium() is None:
        print("NO CHROMIUM: the browser tests cannot run. Install one: apt install chromium", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") == "true" else 0)
    print("Browser tests use", find_chromium())
