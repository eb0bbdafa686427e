"""The analyst's notebook runs from the first cell to the last, on a sample snapshot."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.analysis.samples import write_province

ROOT = Path(__file__).parents[2]


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::RuntimeWarning", "ignore::UserWarning"
)
@pytest.mark.slow
def test_the_notebook_reproduces_the_published_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = write_province(tmp_path / "snapshot")
    monkeypatch.setenv("SNAPSHOT", str(snapshot.folder))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    path = ROOT / "docs" / "notebooks" / "analyst.ipynb"
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]  # nbformat has no types here
    NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}
    ).execute()
    texts = [
        str(output)
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    ]
    assert any("trùng hết" in text for text in texts)
