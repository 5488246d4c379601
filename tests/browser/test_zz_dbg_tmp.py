from tests.browser.conftest import *
from tests.browser.test_widget import SIMULATED, SHOW, canvas, settled, drag, slider


def test_dbg(notebook):
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
    for share in (0.8, 0.3, 0.9, 0.2, 0.7, 0.5):
        drag(notebook, share)
        notebook.python("w.wait()")
        early = notebook.python("w.pipeline.jobs.generation")
        notebook.page.wait_for_timeout(3000)
        late = notebook.python("(w.pipeline.jobs.generation, w.softmax_scale)")
        print(
            "ROW early",
            early,
            "rest",
            late,
            notebook.page.evaluate(
                "(()=>{const e=document.querySelector('.vw-plot');return [e.dataset.shows,e.dataset.scale,document.querySelector('[aria-label=\"softmax scale value\"]').value]})()"
            ),
        )
