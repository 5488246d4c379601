"""Kernels in files and in AnnData: what is written is what is read, and a bad file is said to be one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import warnings

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fingerprint import fingerprint, unchanged
from tests.kernels.conftest import make_adata
from velowidget.core.similarity import similarity
from velowidget.core.softmax import row_softmax
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.kernels.base import Kernel, Product, Sum
from velowidget.kernels.container import dump, load
from velowidget.kernels.velocity import defined_transitions


def same_matrix(a, b):
    if a is None or b is None:
        return a is b
    return (
        a.shape == b.shape
        and a.data.tobytes() == b.data.tobytes()
        and np.array_equal(a.indices, b.indices)
        and np.array_equal(a.indptr, b.indptr)
    )


def assert_same(a, b):
    """Bit for bit, types of parameters included, and all the way down."""
    assert type(a) is type(b)
    assert a.backward is b.backward
    assert a.params == b.params
    assert repr(a) == repr(b)
    assert same_matrix(a._transition_matrix, b._transition_matrix) or not isinstance(a, VelocityKernel)
    assert same_matrix(a.transition_matrix, b.transition_matrix)
    assert same_matrix(getattr(a, "logits", None), getattr(b, "logits", None))
    assert len(a) == len(b)
    if isinstance(a, Sum):
        assert a._constants == b._constants
    if len(a) > 1:
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)


def assert_read_only(matrix):
    assert not any(array.flags.writeable for array in (matrix.data, matrix.indices, matrix.indptr))


@pytest.fixture
def vk(adata):
    return VelocityKernel(adata, backward=True).compute_transition_matrix(softmax_scale=1 / 3)


@pytest.fixture
def file(vk, tmp_path):
    return vk.write(tmp_path / "kernel")


@contextlib.contextmanager
def changing(file):
    """The tree in a file, to be changed; the checksum of what is written then is right."""
    with load(file) as tree:
        yield tree
        file.unlink()
        dump(tree, file)


ASKED = st.fixed_dictionaries(
    {
        "backward": st.booleans(),
        "scheme": st.sampled_from(["correlation", "cosine", "dot_product"]),
        "mode": st.sampled_from(["deterministic", "stochastic", "sampling"]),
        "softmax_scale": st.one_of(st.none(), st.floats(1e-3, 1e3)),
        "degenerate": st.sampled_from(["error", "self_loop"]),
    }
)
SHAPES = [
    lambda v, c: v,
    lambda v, c: c,
    lambda v, c: 0.1 * v + 0.7 * c,
    lambda v, c: v * c,
    lambda v, c: 3 * v,
    lambda v, c: v + 1 * (v * c + 2 * c) + PrecomputedKernel(c),
]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=ASKED, shape=st.sampled_from(SHAPES), write_adata=st.booleans())
def test_read_of_write_is_the_kernel(asked, shape, write_adata, tmp_path):
    adata = make_adata()
    asked = {**asked, "backward_mode": "negate", "seed": 2**64 - 1}
    v = VelocityKernel(adata, backward=asked.pop("backward")).compute_transition_matrix(**asked)
    kernel = shape(v, ConnectivityKernel(adata).compute_transition_matrix())
    with unchanged(adata):
        path = kernel.write(tmp_path / "k", write_adata=write_adata)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        again = Kernel.read(path, None if write_adata else adata)
    assert_same(again, kernel)
    assert_read_only(again.transition_matrix)
    assert (again.adata is adata) is not write_adata
    if write_adata:
        np.testing.assert_array_equal(again.adata.layers["velocity"], adata.layers["velocity"])


def test_a_read_kernel_computes_on(adata, file, vk):
    again = VelocityKernel.read(file)
    assert [type(value) for value in again.params.values()] == [type(value) for value in vk.params.values()]
    assert again.compute_transition_matrix(softmax_scale=1 / 3).transition_matrix is again.transition_matrix
    for kernel in (again, vk):
        kernel.compute_transition_matrix(scheme="cosine", backward_mode="negate")
    assert_same(again, vk)


def test_settings_of_the_kernel_are_kept(adata, tmp_path):
    adata.layers["other"] = adata.layers["velocity"] * adata.layers["Ms"]
    adata.obsp["mine"] = adata.obsp["connectivities"].T.tocsr()
    adata.X = adata.layers["Ms"] ** 2
    chosen = ["gene1", "gene4", "gene11", "gene5"]
    kernel = VelocityKernel(adata, vkey="other", xkey="X", gene_subset=chosen, conn_key="mine")
    path = kernel.write(tmp_path / "k")
    again = Kernel.read(path)
    assert (again.params, again.logits) == ({}, None), "written uncomputed"
    assert_same(again.compute_transition_matrix(), kernel.compute_transition_matrix())
    assert_same(~again, ~kernel)


def test_shared_parts_stay_shared_and_are_stored_once(adata, vk, tmp_path):
    ck = ConnectivityKernel(adata)
    expression = vk * ck + 2 * ck + vk
    path = expression.write(tmp_path / "k")
    again = Kernel.read(path)
    assert len(again.kernels) == 2
    assert again.kernels[0] is again[2]
    assert again.kernels[0].adata is again.kernels[1].adata is again.adata
    with load(path) as file:
        assert len(file["kernels"]) == 4
        assert len(file["adatas"]) == 1
    parts = again.kernels[0].write(tmp_path / "part")
    with load(parts) as file:
        assert len(file["kernels"]) == 1, "a part knows nothing of what it is a part of"


def test_kernels_of_several_adatas(adata, vk, tmp_path):
    twin = adata.copy()
    numbered = PrecomputedKernel(np.full((30, 30), 1 / 30))
    expression = vk + ConnectivityKernel(twin) + numbered
    again = Kernel.read(expression.write(tmp_path / "with"))
    assert_same(again, expression)
    assert len({id(kernel.adata) for kernel in again.kernels}) == 3
    again = Kernel.read(expression.write(tmp_path / "without", write_adata=False), adata)
    assert_same(again, expression)
    assert_same(Kernel.read(numbered.write(tmp_path / "alone", write_adata=False)), numbered)


def test_suffix(vk, tmp_path, monkeypatch):
    assert vk.write(tmp_path / "a").name == "a.velo"
    assert vk.write(str(tmp_path / "a.velo")).name == "a.velo"
    assert vk.write(tmp_path / "b.c").name == "b.c.velo"
    assert vk.write(tmp_path / "d", ext="h5").name == vk.write(tmp_path / "d.h5", ext=".h5").name == "d.h5"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.velo", "b.c.velo", "d.h5"]
    monkeypatch.chdir(tmp_path)
    for name in ("a", "a.velo", "b.c", "d.h5"):
        assert_same(Kernel.read(name), vk)
    with pytest.raises(FileNotFoundError, match=r"no kernel file 'd', and no 'd\.velo'"):
        Kernel.read("d")
    with pytest.raises(FileNotFoundError, match="no folder"):
        vk.write("nowhere/a")


@pytest.mark.parametrize("name", ["", ".", "..", "/"])
def test_a_file_needs_a_name(vk, tmp_path, monkeypatch, name):
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path / "folder")
    with pytest.raises(ValueError, match="is no name for a file"):
        vk.write(name)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize(("ext", "error"), [(5, TypeError), ("", ValueError), (".", ValueError), ("a/b", ValueError)])
def test_suffixes_of_no_use(vk, tmp_path, ext, error):
    with pytest.raises(error, match="ext must be"):
        vk.write(tmp_path / "k", ext=ext)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given_name", [{"fname": "k", "ext": "pickle"}, {"fname": "k", "ext": ".pkl"}])
def test_no_pickles_are_written(vk, tmp_path, given_name):
    with pytest.raises(ValueError, match="not pickled, as reading a pickle can execute anything"):
        vk.write(tmp_path / given_name["fname"], ext=given_name["ext"])
    assert not list(tmp_path.iterdir())


def test_no_pickles_are_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.pickle").write_bytes(b"cos\nmkdir\n(Vexecuted\ntR.")  # of os.mkdir("executed")
    with pytest.raises(ValueError, match="not a kernel file"):
        Kernel.read("k.pickle")
    assert not (tmp_path / "executed").exists()


def test_an_adata_must_come_from_somewhere(adata, vk, tmp_path):
    path = vk.write(tmp_path / "k", write_adata=False)
    assert os.path.getsize(path) < os.path.getsize(vk.write(tmp_path / "with"))
    with pytest.raises(TypeError, match="written without its AnnData; give it with `adata`"):
        Kernel.read(path)
    with pytest.raises(TypeError, match="Expected an AnnData, got str"):
        Kernel.read(path, "adata.h5ad")
    with pytest.raises(ValueError, match="kernel of 30 cells, and the AnnData has 20"):
        Kernel.read(path, adata[:20])
    with pytest.raises(ValueError, match="another order: number 0 is 'cell0' there and 'cell29'"):
        Kernel.read(path, adata[::-1])
    del adata.layers["velocity"]
    with pytest.raises(KeyError, match=r"velowidget\.velocity"):
        Kernel.read(path, adata)


def test_an_adata_too_many(adata, file):
    with pytest.warns(UserWarning, match="has an AnnData of its own; the one given is not used"):
        assert Kernel.read(file, adata).adata is not adata


def test_copy_of_the_adata(adata, vk, tmp_path):
    path = vk.write(tmp_path / "k", write_adata=False)
    assert Kernel.read(path, adata).adata is adata
    assert Kernel.read(path, adata, copy=True).adata is not adata
    view = Kernel.read(path, adata[:]).adata
    assert not view.is_view


def test_views_and_backed_data_can_be_written(adata, tmp_path):
    view = VelocityKernel(adata[:25])
    assert_same(Kernel.read(view.write(tmp_path / "view")), view)
    adata.write_h5ad(tmp_path / "adata.h5ad")
    backed = ad.read_h5ad(tmp_path / "adata.h5ad", backed="r")
    kernel = ConnectivityKernel(backed)
    again = Kernel.read(kernel.write(tmp_path / "backed"))
    assert_same(again, kernel)
    np.testing.assert_array_equal(again.adata.X, adata.X)


@pytest.mark.parametrize("sparse", [False, True])
def test_memory_mapped_data_can_be_written(adata, tmp_path, sparse):
    def mapped(array):
        made = np.memmap(tmp_path / f"{len(list(tmp_path.iterdir()))}", mode="w+", dtype=array.dtype, shape=array.shape)
        made[:] = array
        return made

    plain = adata.copy()
    plain.raw = plain
    plain.obsm["more"] = plain.obsm["X_umap"] * 2
    plain.uns["nested"] = {"deep": {"array": np.arange(5)}}
    given = plain.copy()
    given.X = sp.csr_matrix(plain.X) if sparse else mapped(plain.X)
    if sparse:
        given.X.data = mapped(given.X.data)
    given.raw = given
    for name in ("Ms", "velocity"):
        given.layers[name] = mapped(plain.layers[name])
    given.obsm["more"] = mapped(plain.obsm["more"])
    given.uns["nested"]["deep"]["array"] = mapped(np.arange(5))
    kernel = VelocityKernel(given)
    with unchanged(given):
        path = kernel.write(tmp_path / "k")
    assert isinstance(given.layers["Ms"], np.memmap), "the user's stay where they are"
    again = Kernel.read(path).adata
    for name in ("Ms", "velocity"):
        np.testing.assert_array_equal(again.layers[name], plain.layers[name])
    np.testing.assert_array_equal(again.X.toarray() if sparse else again.X, plain.X)
    np.testing.assert_array_equal(again.raw.X.toarray() if sparse else again.raw.X, plain.X)
    np.testing.assert_array_equal(again.obsm["more"], plain.obsm["more"])
    np.testing.assert_array_equal(again.uns["nested"]["deep"]["array"], np.arange(5))
    assert list(again.obs.columns) == list(plain.obs.columns)
    assert set(again.layers) == set(plain.layers)


def test_an_adata_that_cannot_be_written(adata, vk, file):
    before = file.read_bytes()
    adata.uns["thing"] = object()
    with pytest.raises(Exception, match="object") as raised:  # anndata's own
        vk.write(file)
    assert any("write_adata=False" in note for note in raised.value.__notes__)
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("what", [KeyboardInterrupt, OSError("disk full"), MemoryError])
def test_an_interrupted_write_leaves_the_old_file(adata, file, vk, monkeypatch, what):
    before = file.read_bytes()
    calls = []

    def fails(*args, **kwargs):
        calls.append(args)
        if len(calls) == 4:
            raise what
        return write_elem(*args, **kwargs)

    from velowidget.kernels import storage

    write_elem = storage.write_elem
    monkeypatch.setattr(storage, "write_elem", fails)
    with pytest.raises((KeyboardInterrupt, OSError, MemoryError)):
        vk.compute_transition_matrix(softmax_scale=9.0).write(file)
    assert len(calls) == 4
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_killed_write_leaves_the_old_file(file):
    before = file.read_bytes()
    code = f"""
        import os, signal
        from velowidget.kernels import Kernel, storage
        kernel = Kernel.read({str(file)!r})
        storage.os.fsync = lambda descriptor: os.kill(os.getpid(), signal.{signal.SIGTERM.name})
        kernel.compute_transition_matrix(softmax_scale=2.0).write({str(file)!r})
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGTERM
    assert file.read_bytes() == before
    assert Kernel.read(file).params["softmax_scale"] == 1 / 3


def test_writing_over_a_file_replaces_it(file, vk):
    mode = file.stat().st_mode
    vk.compute_transition_matrix(softmax_scale=9.0).write(file)
    assert Kernel.read(file).params["softmax_scale"] == 9.0
    assert file.stat().st_mode == mode
    assert mode & 0o400


@pytest.mark.parametrize("share", [0.001, 0.01, 0.3, 0.7, 0.999])
def test_truncated_files(file, share):
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ValueError, match=r"is damaged: it has .* bytes.*Write it again, or restore it from a copy"):
        Kernel.read(file)


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: f.pop("kernels"),
        lambda f: f.pop("cells"),
        lambda f: f.pop("kernels/0/params"),
        lambda f: f.pop("kernels/0/results/_logits/indptr"),
        lambda f: f["kernels/0"].attrs.pop("kind"),
        lambda f: f["kernels/0"].attrs.update(kind="Kernel"),
        lambda f: f["kernels/0"].attrs.update(adata=7),
        lambda f: f["kernels/0"].attrs.update(adata=-1),
        lambda f: f["kernels/0/results/_transition_matrix/data"].write_direct(np.array([-2.0]), dest_sel=np.s_[:1]),
        lambda f: f["kernels/0/results/_logits"].attrs.update(shape=np.array([2**60, 2**60])),
        lambda f: f["kernels/0/results/_logits"].attrs.update({"encoding-type": "csc_matrix", "shape": [30, 2**60]}),
        lambda f: f["kernels/0/results/_logits"].attrs.update({"encoding-type": "array"}),
        lambda f: f["kernels/0/results/_logits/indices"].write_direct(np.array([99]), dest_sel=np.s_[:1]),
        lambda f: f["kernels/0/results/_logits/indptr"].write_direct(np.array([99]), dest_sel=np.s_[1:2]),
        lambda f: f["kernels/0/settings"].pop("gene_subset") and f["kernels/0/settings"].create_group("gene_subset"),
        lambda f: f["adatas/0/obsp/connectivities/indices"].write_direct(np.array([99]), dest_sel=np.s_[:1]),
        lambda f: f["adatas/0/obsp/connectivities"].attrs.update({"h5sparse_format": "csr"}),
        lambda f: f["adatas"].move("0", "1"),
        lambda f: f.move("kernels/0", "kernels/x"),
    ],
)
def test_damaged_files(file, damage):
    with changing(file) as opened:
        damage(opened)
    with pytest.raises(ValueError, match=r"kernel\.velo is damaged: .*Write it again"):
        Kernel.read(file)


def test_a_flipped_bit_in_a_matrix_is_found(file, vk):
    content = file.read_bytes()
    for raw in (vk.transition_matrix.data.tobytes(), vk.logits.data.tobytes(), vk.params["scheme"].encode()):
        at = content.find(raw[:64]) + 3
        assert at > 3, "stored as it is"
        file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(ValueError, match="is damaged: "):
            Kernel.read(file)
    file.write_bytes(content)
    assert_same(Kernel.read(file), vk)


def test_matrices_of_a_forged_file_are_checked(vk, tmp_path):
    vk._transition_matrix = sp.csr_matrix(2 * np.eye(30)) - sp.eye(30, k=1)
    path = vk.write(tmp_path / "k")
    with pytest.raises(ValueError, match="is damaged: The transition matrix is negative in 29"):
        Kernel.read(path)
    vk._transition_matrix = sp.identity(5, format="csr")
    vk.write(path)
    with pytest.raises(ValueError, match="is damaged: its matrices have not the size of its cells"):
        Kernel.read(path)


def test_sums_of_a_forged_file_are_checked(vk, tmp_path):
    path = (vk + ConnectivityKernel(vk.adata)).write(tmp_path / "k")
    with changing(path) as tree:
        del tree["kernels/2/constants"]
        tree["kernels/2/constants"] = tree["kernels/1/constants"]
    with pytest.raises(ValueError, match="is damaged: a sum has not as many constants as parts"):
        Kernel.read(path)


def test_foreign_and_newer_files(adata, file, tmp_path):
    adata.write_h5ad(tmp_path / "adata.h5ad")
    with pytest.raises(ValueError, match=r"adata\.h5ad is not a kernel file: it is an HDF5 file"):
        Kernel.read(tmp_path / "adata.h5ad")
    (tmp_path / "text.velo").write_text("hello")
    with pytest.raises(ValueError, match=r"not a kernel file: .*Write one with `kernel\.write\(path\)`"):
        Kernel.read(tmp_path / "text")
    content = bytearray(file.read_bytes())
    content[8] = 2
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"has format 2, and this velowidget reads format 1\. .*pip install --upgrade"):
        Kernel.read(file)


def test_only_known_classes_are_written(adata, tmp_path):
    class Mine(VelocityKernel):
        pass

    with pytest.raises(TypeError, match="class Mine cannot be written"):
        Mine(adata).write(tmp_path / "k")
    assert not list(tmp_path.iterdir())
    assert Product.__name__ == "Product"


# -- in the AnnData ---------------------------------------------------------------------------------


@pytest.mark.parametrize("through_a_file", [False, True])
@pytest.mark.parametrize("backward", [False, True])
def test_from_adata_gives_back_what_was_written(adata, tmp_path, backward, through_a_file):
    adata.layers["other"] = adata.layers["velocity"] * 2 + adata.layers["Ms"]
    kernel = VelocityKernel(adata, vkey="other", gene_subset=["gene1", "gene2", "gene3"])
    kernel = (~kernel if backward else kernel).compute_transition_matrix(scheme="cosine")
    key = "T_bwd" if backward else "T_fwd"
    kernel.compute_projection()
    kernel.write_to_adata()
    if through_a_file:
        adata.write_h5ad(tmp_path / "a.h5ad")
        adata = ad.read_h5ad(tmp_path / "a.h5ad")
    assert list(adata.uns[f"{key}_params"]["embeddings"]) == ["umap"]
    again = VelocityKernel.from_adata(adata, key)
    assert again.adata is adata
    assert again.backward is backward
    assert again.params == kernel.params
    assert all(type(again.params[name]) is type(value) for name, value in kernel.params.items())
    assert same_matrix(again.transition_matrix, kernel.transition_matrix)
    for k in (again, kernel):
        k.compute_transition_matrix(softmax_scale=2.0)
    assert_same(again, kernel)
    assert VelocityKernel.from_adata(adata, key, copy=True).adata is not adata


def test_from_adata_of_the_other_kernels(adata):
    ck = ConnectivityKernel(adata).compute_transition_matrix(density_normalize=False)
    ck.write_to_adata("walk")
    assert_same(ConnectivityKernel.from_adata(adata, "walk"), ck)
    pk = PrecomputedKernel(ck, backward=True)
    pk.write_to_adata()
    assert_same(PrecomputedKernel.from_adata(adata, "T_bwd"), pk)
    both = VelocityKernel(adata, backward=True) + ck
    both.write_to_adata("both")
    read = PrecomputedKernel.from_adata(adata, "both")
    assert read.backward is True
    assert read.params == both.params
    assert same_matrix(read.transition_matrix, both.transition_matrix)


def test_from_adata_reads_what_cellrank_writes(adata):
    T = VelocityKernel(adata, backward=True).compute_transition_matrix().transition_matrix
    adata.obsp["T_bwd"] = T.copy()
    params = {"model": "deterministic", "similarity": "correlation", "softmax_scale": 4.0, "bwd_mode": "transpose"}
    init = {"backward": False, "attr": "layers", "xkey": "Ms", "vkey": "velocity", "check_symmetric": True}
    adata.uns["T_bwd_params"] = {"params": params, "init": init}  # of an inverted kernel: `init` has the old direction
    kernel = VelocityKernel.from_adata(adata, "T_bwd")
    assert kernel.backward is True
    assert kernel.params == params
    assert same_matrix(kernel.transition_matrix, T)
    assert PrecomputedKernel("T_bwd", adata).backward is True


def test_from_adata_without_what_it_needs(adata):
    with pytest.raises(KeyError, match=r"adata\.obsp has no 'T_fwd'.*Write one with `kernel\.write_to_adata\(\)`"):
        VelocityKernel.from_adata(adata, "T_fwd")
    adata.obsp["T_fwd"] = sp.identity(30, format="csr")
    with pytest.raises(KeyError, match=r"no parameters under 'T_fwd_params'.*PrecomputedKernel\('T_fwd', adata\)"):
        VelocityKernel.from_adata(adata, "T_fwd")
    adata.obsp["T_fwd"] = sp.identity(30, format="csr") * -1
    adata.uns["T_fwd_params"] = {"params": {}, "init": {}}
    with pytest.raises(ValueError, match=r"adata\.obsp\['T_fwd'\] is negative in 30"):
        VelocityKernel.from_adata(adata, "T_fwd")
    with pytest.raises(TypeError, match="Expected an AnnData"):
        VelocityKernel.from_adata(None, "T_fwd")
    (VelocityKernel(adata) + VelocityKernel(adata)).write_to_adata("sum")
    with pytest.raises(TypeError, match="PrecomputedKernel"):
        Sum.from_adata(adata, "sum")


def test_from_adata_of_another_class(adata):
    ConnectivityKernel(adata).write_to_adata("walk")
    with pytest.raises(
        ValueError, match=r"of a ConnectivityKernel, which is no VelocityKernel.*PrecomputedKernel\('walk'"
    ):
        VelocityKernel.from_adata(adata, "walk")
    taken = PrecomputedKernel.from_adata(adata, "walk").transition_matrix
    np.testing.assert_array_equal(taken.toarray(), ConnectivityKernel(adata).transition_matrix.toarray())


@pytest.mark.parametrize("junk", ["of mine", ["params", "init"], {"params": "of mine"}, {"init": 5, "params": {}}])
def test_what_is_no_record_of_a_kernel(adata, junk):
    kernel = VelocityKernel(adata)
    kernel.write_to_adata()
    adata.uns["T_fwd_params"] = junk
    uses = [kernel.write_to_adata, kernel.compute_projection, lambda: VelocityKernel.from_adata(adata, "T_fwd")]
    for use in (*uses, lambda: PrecomputedKernel("T_fwd", adata)):
        with pytest.raises(TypeError, match=r"adata\.uns\['T_fwd_params'\] .* is no record of a kernel.*another key"):
            use()
    assert adata.uns["T_fwd_params"] is junk
    assert "T_fwd_umap" not in adata.obsm


def test_a_kernel_of_an_adata_computes_its_logits(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix(softmax_scale=2.0)
    kernel.write_to_adata()
    again = VelocityKernel.from_adata(adata, "T_fwd")
    assert again.logits is None
    assert_same(again.compute_transition_matrix(softmax_scale=2.0), kernel)


def test_write_without_a_copy(adata):
    kernel = ConnectivityKernel(adata)
    kernel.write_to_adata("own", copy=False)
    assert adata.obsp["own"].data is kernel.transition_matrix.data
    before = fingerprint(adata)
    with pytest.raises(ValueError, match="read-only"):
        adata.obsp["own"].data[:] = 0
    assert fingerprint(adata) == before


def test_a_kernel_of_results_knows_where_its_data_came_from(adata, tmp_path):
    adata.layers["other"] = adata.layers["velocity"] * adata.layers["Ms"]
    adata.obsp["mine"] = adata.obsp["connectivities"].T.tocsr()
    alone = VelocityKernel(adata, vkey="other", conn_key="mine", gene_subset=["gene1", "gene2", "gene5"])
    alone.compute_transition_matrix()
    graph, data = read_graph(adata, "mine")[0], read_velocity(adata, "other", "Ms", ["gene1", "gene2", "gene5"])
    directed = similarity(graph, data.x, data.v)
    probabilities = row_softmax(graph, directed.logits, alone.params["softmax_scale"])
    chain = defined_transitions(
        adata, graph, directed, probabilities, "error", alone.params["softmax_scale"], "forward"
    )
    kernel = VelocityKernel.of_chain(adata, data, "correlation", chain, alone.params, {"conn_key": "mine"})
    again = Kernel.read(kernel.write(tmp_path / "k"))
    assert_same(again, kernel)
    assert_same(again, alone)
    assert_same(~again, ~alone)
