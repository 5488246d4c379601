"""Passes in blocks."""

from __future__ import annotations

import threading

import pytest

from velowidget.core.blocks import compiled_code, over_blocks


@pytest.mark.parametrize(("total", "block"), [(10, 3), (10, 10), (10, 99), (1, 1), (0, 5), (3, 0)])
def test_every_item_once(total, block):
    seen, reports = [], []
    over_blocks(lambda start, stop: seen.extend(range(start, stop)), total, block, lambda *r: reports.append(r))
    assert seen == list(range(total))
    assert reports[-1] == (total, total)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_an_error_in_the_report_stops_the_pass():
    seen = []

    def report(done, total):
        if done == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        over_blocks(lambda start, stop: seen.append(start), 10, 2, report)
    assert seen == [0, 2]


def test_the_lock_is_held_for_one_block_at_a_time():
    """Others get in between the blocks, never during one."""
    free = {"in block": [], "between": []}

    def try_lock(where):
        def attempt():
            got = compiled_code.acquire(blocking=False)
            if got:
                compiled_code.release()
            free[where].append(got)

        thread = threading.Thread(target=attempt)
        thread.start()
        thread.join()

    over_blocks(lambda *_: try_lock("in block"), 3, 1, lambda *_: try_lock("between"))
    assert free == {"in block": [False] * 3, "between": [True] * 4}
