"""`pancreas()` against a server on this machine; the network is never used."""

from __future__ import annotations

import hashlib
import http.server
import threading
import warnings
from dataclasses import replace

import anndata
import numpy as np
import pandas as pd
import pytest

from tests.deprecations import no_warnings
from velowidget.datasets import pancreas, remote


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(remote.CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def content(tmp_path):
    """Bytes of a small file like the real one, duplicated gene names included."""
    path = tmp_path / "made.h5ad"
    counts = np.arange(6, dtype=np.float32).reshape(2, 3)
    var = pd.DataFrame(index=["Ins1", "Gcg", "Gcg"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        anndata.AnnData(counts, var=var, layers={"spliced": counts}).write_h5ad(path)
    return path.read_bytes()


@pytest.fixture
def server(content, monkeypatch):
    """A server that gives `content`, as if it were the published file; `server.requests` counts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.server.requests += 1
            self.send_response(200 if self.path == "/file.h5ad" else 404)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.requests = 0
    httpd.url = f"http://127.0.0.1:{httpd.server_port}/file.h5ad"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    publish(monkeypatch, url=httpd.url, sha256=hashlib.sha256(content).hexdigest())
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield httpd
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def publish(monkeypatch, **changes):
    monkeypatch.setattr(remote, "PANCREAS", replace(remote.PANCREAS, **changes))


@no_warnings
def test_is_downloaded_once_and_read(server, cache, content):
    first, second = pancreas(), pancreas()
    assert server.requests == 1
    assert (cache / remote.PANCREAS.name).read_bytes() == content
    assert list(first.var_names) == ["Ins1", "Gcg", "Gcg-1"]
    np.testing.assert_array_equal(first.layers["spliced"], second.layers["spliced"])


def test_a_file_with_another_checksum_is_refused_and_not_kept(server, cache, monkeypatch):
    publish(monkeypatch, sha256="0" * 64)
    with pytest.raises(ValueError, match="not the published endocrinogenesis_day15") as caught:
        pancreas()
    assert "0" * 64 in str(caught.value)
    assert list(cache.iterdir()) == []


def test_a_damaged_file_in_the_cache_is_replaced(server, cache, content):
    pancreas()
    path = cache / remote.PANCREAS.name
    path.write_bytes(content[:100])
    pancreas()
    assert path.read_bytes() == content
    assert server.requests == 2


def test_offline_says_what_failed_where_the_file_goes_and_what_works(server, cache, monkeypatch):
    url = server.url
    server.shutdown()
    server.server_close()
    with pytest.raises(ConnectionError) as caught:
        pancreas()
    for part in (url, str(cache / remote.PANCREAS.name), remote.PANCREAS.sha256, "bifurcation()"):
        assert part in str(caught.value)


def test_a_file_that_has_moved_says_so(server, monkeypatch):
    publish(monkeypatch, url=server.url + ".gone")
    with pytest.raises(ConnectionError, match="404"):
        pancreas()


def test_a_file_put_there_by_hand_needs_no_network(cache, content, monkeypatch):
    publish(monkeypatch, url="http://127.0.0.1:9/", sha256=hashlib.sha256(content).hexdigest())
    cache.mkdir()
    (cache / remote.PANCREAS.name).write_bytes(content)
    assert pancreas().shape == (2, 3)


def test_the_published_checksum_is_a_sha256():
    assert len(bytes.fromhex(remote.PANCREAS.sha256)) == 32
