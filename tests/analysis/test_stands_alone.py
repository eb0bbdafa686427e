"""The statistics run where Django, Twilio and qrcode are not installed, and load heavy libraries
only when used.
"""

from __future__ import annotations

import subprocess
import sys

BLOCK = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('django', 'formtools', 'twilio', 'qrcode', 'survey'):
            raise ImportError(name)
sys.meta_path.insert(0, Blocked())
import analysis
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_needs_nothing_of_the_web_side() -> None:
    assert run(BLOCK + "print(analysis.load_method('overall').id)") == "overall"


def test_heavy_libraries_are_loaded_when_used() -> None:
    heavy = (
        "('numpy', 'polars', 'scipy', 'pandas', 'xlsxwriter', 'altair', 'vl_convert', 'pyspark')"
    )
    assert run(BLOCK + f"print([m for m in {heavy} if m in sys.modules])") == "[]"
    used = run(
        BLOCK
        + f"analysis.open_run, analysis.estimate; print([m for m in {heavy} if m in sys.modules])"
    )
    assert used == "['numpy', 'polars']"


def test_the_front_door_is_documented() -> None:
    code = (
        BLOCK
        + "print([n for n in analysis.__all__ if not (getattr(analysis, n).__doc__ or '').strip()])"
    )
    assert run(code) in ("[]", "['FORMATS', 'ITEMS', 'PROVINCE', 'RESPONSE_COLUMNS']")


def test_results_leave_as_pandas_frames() -> None:
    code = (
        "import tests.analysis.builders as b; from analysis.index.indices import compute_indices;"
        "cells = b.cells_of(b.frame(b.people('a', 'd', 'c', 9, 3)));"
        "print(compute_indices(cells, {}, b.OVERALL, {}).to_frame().shape[0])"
    )
    assert run(code) == "8"
