"""Find what a napari viewer needs to be drawn without a screen, or get it; run by ``make test``."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys

# Those of Qt's libraries that a machine without a desktop lacks; it names another one when they are missing.
LIBRARIES = ("GL", "EGL", "xkbcommon-x11", "xcb-cursor", "xcb-icccm", "xcb-image", "xcb-keysyms", "xcb-render-util")
DEBIAN = (
    *("xvfb", "libgl1", "libegl1", "libgl1-mesa-dri", "libglx-mesa0", "libdbus-1-3", "libfontconfig1"),
    *("fonts-dejavu-core", "libglib2.0-0", "libxkbcommon-x11-0", "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0"),
    *("libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0", "libxcb-shape0", "libxcb-xfixes0", "libxcb-xkb1"),
)
HINT = f"Install it: apt install {' '.join(DEBIAN)}"


def missing() -> list[str]:
    """What is not there of an X server without a screen and of Qt's libraries."""
    server = [] if shutil.which("Xvfb") else ["Xvfb"]
    return server + [f"lib{name}" for name in LIBRARIES if ctypes.util.find_library(name) is None]


def start() -> str:
    """Start an X server and return its name; it ends by itself when its last client has gone.

    Not before: Qt ends the process that has lost its server.
    """
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-terminate"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    if not number:
        raise RuntimeError(f"Xvfb ended with {server.wait()}.")
    return f":{number}"


if __name__ == "__main__":
    if missing() and shutil.which("apt-get") and os.geteuid() == 0:
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *DEBIAN]):
            print("+ apt-get", *arguments, flush=True)
            if subprocess.run(["apt-get", *arguments], check=False, stdin=subprocess.DEVNULL).returncode:
                break
    if missing():
        print(f"NO DISPLAY: napari cannot be tested without {', '.join(missing())}. {HINT}", file=sys.stderr)
        sys.exit(1 if os.environ.get("CI") == "true" else 0)
    print("napari's tests use", shutil.which("Xvfb"))
