"""What becomes of a file, its neighbours, its bits and its links when it is replaced."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from tests.kernels.conftest import make_adata
from velowidget.data.atomic import replacing
from velowidget.kernels import Kernel, VelocityKernel


def write(path, content=b"new"):
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")
    return path


@pytest.mark.parametrize("name", ["file.txt", "ä ö 細胞 🧬.txt", "-rf", ".hidden", "a\nb", "x" * 255, "é" * 127])
def test_new_and_old_files(tmp_path, name):
    path = tmp_path / name
    for content in (b"first", b""):
        with replacing(path) as temporary:
            assert temporary.name == name
            assert temporary.parent.parent == tmp_path
            temporary.write_bytes(content)
        assert path.read_bytes() == content
        assert names(tmp_path) == [name]


@pytest.mark.parametrize("raised", [ValueError, OSError, KeyboardInterrupt, SystemExit, MemoryError, GeneratorExit])
def test_an_error_leaves_the_old_file(file, raised):
    def fails():
        with replacing(file) as temporary:
            temporary.write_bytes(b"half")
            (temporary.parent / "more").write_bytes(b"of the writer's own")
            raise raised

    with pytest.raises(raised):
        fails()
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["file.txt"]


def test_a_block_that_writes_nothing(file):
    with pytest.raises(FileNotFoundError, match="No file was written"), replacing(file):
        pass
    with pytest.raises(FileNotFoundError, match="No file was written"), replacing(file) as temporary:
        temporary.mkdir()
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["file.txt"]


def test_places_that_are_none(tmp_path, file):
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        write(tmp_path / "nowhere" / "file")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        write(file / "within")
    with pytest.raises(IsADirectoryError, match="A folder is there"):
        write(tmp_path)
    with pytest.raises(OSError, match="name too long"):
        write(tmp_path / ("x" * 256))
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        for special in (tmp_path / "pipe", tmp_path / "s", Path("/dev/null")):
            with pytest.raises(OSError, match="Only files are replaced"):
                write(special)
    assert Path("/dev/null").is_char_device()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match="symbolic links"):
        write(tmp_path / "loop")
    assert names(tmp_path) == ["file.txt", "loop", "pipe", "s"]


def test_a_size_that_is_not_free(file):
    said = r"No room for 'file\.txt': it needs 1,\d{3},.* are free\. .* old file is as it was"
    with pytest.raises(OSError, match=said), replacing(file, 2**60):
        pytest.fail("nothing is written")
    assert names(file.parent) == ["file.txt"]


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755, 0o440])
def test_permissions_are_kept(file, mode):
    if not mode & 0o200 and os.geteuid():
        pytest.skip("only root may")
    file.chmod(mode)
    write(file)
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert file.read_bytes() == b"new"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_new_files_have_the_permissions_that_all_new_files_have(tmp_path, umask):
    before = os.umask(umask)
    try:
        write(tmp_path / "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o666 & ~umask


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(file):
    os.chown(file, 65534, 65534)
    file.chmod(0o4755)
    write(file)
    assert (file.stat().st_uid, file.stat().st_gid, stat.S_IMODE(file.stat().st_mode)) == (65534, 65534, 0o4755)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
@pytest.mark.parametrize("protected", ["folder", "file"])
def test_what_may_not_be_written(file, protected):
    """As a user who may not."""
    file.parent.chmod(0o755 if protected == "folder" else 0o777)
    file.chmod(0o666 if protected == "folder" else 0o644)
    parents = [parent for parent in file.parents if not parent.stat().st_mode & 0o001]
    for parent in parents:
        parent.chmod(parent.stat().st_mode | 0o001)
    os.seteuid(65534)
    try:
        with pytest.raises(PermissionError):
            write(file)
    finally:
        os.seteuid(0)
        for parent in parents:
            parent.chmod(parent.stat().st_mode & ~0o001)
    assert file.read_bytes() == b"old"
    assert names(file.parent) == ["file.txt"]


def test_symbolic_links_stay(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link.png").symlink_to("between")
    (tmp_path / "between").symlink_to(Path("far", "file.bin"))
    for content in (b"made through the link", b"replaced through it"):
        with replacing(tmp_path / "link.png") as temporary:
            assert temporary.name == "link.png", "writers choose a format by the name that they were given"
            temporary.write_bytes(content)
        assert (tmp_path / "far" / "file.bin").read_bytes() == content
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "between").is_symlink()
    assert names(tmp_path / "far") == ["file.bin"]
    (tmp_path / "folder").symlink_to("far")
    write(tmp_path / "folder" / "second")
    assert names(tmp_path / "far") == ["file.bin", "second"]


def test_kernels_are_written_through_links(tmp_path):
    kernel = VelocityKernel(make_adata())
    (tmp_path / "k.velo").symlink_to("store.bin")
    assert kernel.write(tmp_path / "k") == tmp_path / "k.velo"
    assert names(tmp_path) == ["k.velo", "store.bin"]
    assert Kernel.read(tmp_path / "k").shape == kernel.shape


def test_hard_links_keep_what_was_there(file):
    os.link(file, file.with_name("other"))
    write(file)
    assert file.read_bytes() == b"new"
    assert file.with_name("other").read_bytes() == b"old"


def test_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("file")
    write(Path("file"), b"again")
    assert (tmp_path / "file").read_bytes() == b"again"


DIES = """
    import os, signal, sys
    from velowidget.data.atomic import replacing
    with replacing(sys.argv[1]) as temporary:
        temporary.write_bytes(b"half")
        print(temporary, flush=True)
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_folders_of_the_dead_are_cleared_and_those_of_the_living_are_not(file):
    command = [sys.executable, "-c", textwrap.dedent(DIES), str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        temporary = Path(writer.stdout.readline().strip())
        assert temporary.read_bytes() == b"half"
        with replacing(file) as other:
            other.write_bytes(b"new")
        assert temporary.read_bytes() == b"half", "its writer lives"
        writer.stdin.close()
        writer.wait(30)
    assert temporary.exists()
    assert file.read_bytes() == b"new"
    write(file.with_name("another"))
    assert names(file.parent) == ["another", "file.txt"]


def test_what_only_looks_like_a_folder_of_ours_is_left_alone(file):
    target = file.with_name("precious")
    target.mkdir()
    (target / "data").write_bytes(b"mine")
    (file.parent / ".velowidget-link.tmp").symlink_to(target)
    (file.parent / ".velowidget-file.tmp").write_bytes(b"mine")
    write(file)
    assert (target / "data").read_bytes() == b"mine"
    assert (file.parent / ".velowidget-file.tmp").read_bytes() == b"mine"


def test_many_writers_of_one_file(file):
    """Threads here and a process elsewhere: each reader finds one whole file."""
    contents = [bytes([65 + i]) * (1000 + i) for i in range(4)]
    code = f"""
        from velowidget.data.atomic import replacing
        for _ in range(100):
            with replacing({str(file)!r}) as temporary:
                temporary.write_bytes({contents[3]!r})
    """
    errors = []

    def repeat(content):
        try:
            for _ in range(100):
                write(file, content)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=repeat, args=(content,)) for content in contents[:3]]
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)]) as other:
        for thread in threads:
            thread.start()
        while other.poll() is None or any(thread.is_alive() for thread in threads):
            assert file.read_bytes() in [b"old", *contents]
    assert not errors
    assert other.returncode == 0
    assert names(file.parent) == ["file.txt"]
