"""Full disks and kills, many in one process: ``python -m tests.files.disasters WHAT FOLDER WRITER:TRIES ...``.

A summary for each writer is printed as JSON; what must never be ends the process with an error.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

from tests.files.writers import Write, writer
from velowidget.data.atomic import replacing
from velowidget.kernels import storage

SIZE = storage.size


def both(write: Write, path: Path) -> list[bytes]:
    """The two contents of a writer's file, the second of which is there now."""
    contents = []
    for i in (0, 1, 0, 1):
        write(path, i)
        contents.append(path.read_bytes())
    assert contents[0] == contents[2] != contents[1] == contents[3], "a writer writes the same again"
    return contents[:2]


def full_disk(write: Write, path: Path, tries: int) -> dict[str, int]:
    """Write where less is free than the file needs: the disk, or with ``limit`` the size that files may have."""
    random_ = random.Random(0)
    contents = both(write, path)
    limited = not os.path.ismount(path.parent)
    if limited:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    ballast, refused = path.with_name("ballast"), 0
    for i in range(tries):
        # A disk that was not full when it was asked: another program fills it meanwhile.
        storage.size = (lambda _: 0) if i % 2 else SIZE
        length = len(contents[0])
        room = random_.randrange(0, length) if i % 10 else 2 * length + 8192
        if limited:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        else:
            fill(ballast, room)
        before = path.read_bytes()
        try:
            write(path, 0)
            assert path.read_bytes() == contents[0]
        except OSError as error:
            refused += 1
            if "No room for" not in str(error) or "the old file is as it was" not in str(error):
                raise
            assert path.read_bytes() == before
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
            ballast.unlink(missing_ok=True)
        assert [left.name for left in path.parent.iterdir()] == [path.name]
        if not i % 10:
            write(path, 1)
    return {"refused": refused}


def fill(ballast: Path, room: int) -> None:
    """Leave little more than `room` bytes on a disk; on none at all, not even a folder can be made."""
    disk = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, disk.f_bavail - room // disk.f_frsize) * disk.f_frsize)


def kills(write: Write, path: Path, tries: int) -> dict[str, int]:
    """Kill processes that write again and again; the file is whole, and the next write clears what they left."""
    random_ = random.Random(0)
    contents = both(write, path)
    start = time.perf_counter()
    write(path, 0)
    length = time.perf_counter() - start
    left, replaced = 0, 0
    for _ in range(tries):
        with replacing(path) as temporary:
            temporary.write_bytes(contents[0])
        assert list(path.parent.iterdir()) == [path]
        heard, told = os.pipe()
        child = os.fork()
        if not child:
            for i in range(1, 1_000_000):
                write(path, i % 2)
                os.write(told, b".")  # one more is written
        os.close(told)
        # Half of them have written once: counted, not timed, so that a slow machine gets as far as a fast one.
        if random_.random() < 0.5:
            os.read(heard, 1)
        time.sleep(random_.random() * length)
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        os.close(heard)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "the writer ended by itself"
        assert path.read_bytes() in contents
        replaced += path.read_bytes() == contents[1]
        left += any(other != path for other in path.parent.iterdir())
    return {"left": left, "replaced": replaced}


if __name__ == "__main__":
    what, folder, *tasks = sys.argv[1:]
    run, summary = {"full_disk": full_disk, "kills": kills}[what], {}
    for name, tries in (task.split(":") for task in tasks):
        suffix, write = writer(name)
        path = Path(folder, f"file{suffix}")
        try:
            summary[name] = run(write, path, int(tries))
        except Exception as error:
            error.add_note(f"The writer: {name}")
            raise
        path.unlink()
    print(json.dumps(summary), flush=True)
    os._exit(0)  # without waiting for threads of pipelines
