"""Replacing a file at once: whatever happens meanwhile, there is the whole old file or the whole new one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

# Of the folders that hold what is not finished yet, beside the file that it will be.
_PREFIX, _SUFFIX = ".velowidget-", ".tmp"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str], size: int = 0) -> Iterator[Path]:
    """Let a file be written elsewhere, and move it to its place when it is complete and on the disk.

    ``with replacing(path) as temporary:`` gives a path in a private folder beside `path`, with the same name; the block
    writes it with whatever it likes. When the block ends without an error, it replaces `path`; otherwise `path` is as
    it was. Folders that killed processes left behind are removed.

    The permission bits of a file that is replaced are kept. Where `path` is a symbolic link, it stays one, and what it
    points to is replaced. Other hard links to the old file keep the old content.

    Parameters
    ----------
    path
        The file to make or to replace.
    size
        Number of bytes that will be written at least; 0 where it is not known.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or the block wrote no file.
    IsADirectoryError, PermissionError
        If `path` is a folder, or may not be written.
    OSError
        If `path` is neither a file nor a folder, cannot be a name, or does not fit on the disk.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    before = _replaceable(target)
    try:
        with _private_folder(target.parent) as folder:
            free = shutil.disk_usage(folder).free
            if free < size:
                raise OSError(errno.ENOSPC, f"it needs {size:,} bytes, and {free:,} are free")
            temporary = folder / path.name
            yield temporary
            if not temporary.is_file():
                raise FileNotFoundError(errno.ENOENT, "No file was written", str(path))
            if before is not None:
                if (before.st_uid, before.st_gid) != (temporary.stat().st_uid, temporary.stat().st_gid):
                    with contextlib.suppress(OSError):
                        os.chown(temporary, before.st_uid, before.st_gid)
                temporary.chmod(stat.S_IMODE(before.st_mode))
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(target)
            if sys.platform != "win32":
                with contextlib.suppress(OSError), _opened(target.parent) as parent:  # some disks cannot
                    os.fsync(parent)
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        state = "there is no such file yet" if before is None else "the old file is as it was"
        raise OSError(
            error.errno, f"No room for {target.name!r}: {error.strerror}. Free some space, or write elsewhere; {state}"
        ) from error


def _replaceable(target: Path) -> os.stat_result | None:
    """The status of the file that will be replaced, None if there is none; an error if it may not be."""
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {str(target.parent)!r} to write {target.name!r} into.")
    try:
        before = target.stat()
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(errno.EISDIR, "A folder is there, and is not replaced by a file", str(target))
    if not stat.S_ISREG(before.st_mode):
        raise OSError(errno.EINVAL, "Only files are replaced, not devices, pipes and sockets", str(target))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "The file is read-only", str(target))
    return before


@contextlib.contextmanager
def _private_folder(parent: Path) -> Iterator[Path]:
    """A new folder in `parent`, locked as long as this process needs it and lives, and then removed."""
    _clear(parent)
    with contextlib.ExitStack() as stack:
        while True:
            folder = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=parent))
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            if sys.platform == "win32":
                break
            # Another writer may just now have taken the folder for one that was left behind.
            with contextlib.suppress(FileNotFoundError, BlockingIOError):
                _lock(stack.enter_context(_opened(folder)))
                if folder.exists():
                    break
        yield folder


def _clear(parent: Path) -> None:
    """Remove the folders of processes that were killed: those that nobody has locked."""
    if sys.platform == "win32":  # which has no such locks
        return
    for left in parent.glob(f"{_PREFIX}*{_SUFFIX}"):
        with contextlib.suppress(OSError), _opened(left) as folder:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)


if sys.platform != "win32":

    def _lock(folder: int) -> None:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # a disk without locks: there, nobody can lock the folder in order to remove it
            return

    @contextlib.contextmanager
    def _opened(folder: Path) -> Iterator[int]:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
