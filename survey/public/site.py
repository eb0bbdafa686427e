"""The static site: every page and file of the results as files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from django.conf import settings
from django.utils.translation import override

from survey.public.feed import FEED, write_feed
from survey.public.open_data import RESULTS
from survey.public.pages import find_page, list_files, list_paths
from survey.public.paging import PublicPage
from survey.public.rendering import STYLE, language_path, render_page, style_sheet

TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonld": "application/ld+json",
    "xml": "application/xml",
    "pdf": "application/pdf",
    "toml": "application/toml",
    "cff": "application/yaml",
}
Progress = Callable[[int], object]


def content_type(name: str) -> str:
    """Content type of a file by its name."""
    return TYPES.get(name.rpartition(".")[2], "text/plain; charset=utf-8")


def site_files() -> Iterator[tuple[str, bytes]]:
    """(path below the folder, content) of everything."""
    base = RESULTS.strip("/")
    yield f"{base}/{STYLE}", style_sheet()
    yield f"{base}/{FEED}", write_feed()
    for path, content in list_files():
        yield f"{base}/{path}", content
    for path in list_paths():
        for language, _name in settings.LANGUAGES:
            with override(language):
                page = find_page(path)
                assert isinstance(page, PublicPage)  # noqa: S101  (only pages are listed)
                content = render_page(page, path, language)
            yield f"{base}/{language_path(language)}{path}index.html", content


def build_site(target: Path, progress: Progress | None = None) -> int:
    """Write the site; how many files. A file that is the same already is left as it is, each other
    one appears whole; what no longer belongs to it goes.
    """
    written: set[Path] = set()
    for name, content in site_files():
        place = target / name
        if not _holds(place, content):
            _write(place, content)
        written.add(place)
        if progress is not None:
            progress(len(written))
    for place in (target / RESULTS.strip("/")).rglob("*"):
        if place.is_file() and place not in written:
            place.unlink()
    return len(written)


def _holds(place: Path, content: bytes) -> bool:
    try:
        return place.stat().st_size == len(content) and place.read_bytes() == content
    except FileNotFoundError:
        return False


def _make_folder(folder: Path) -> None:
    """A web server under another account reads them, whatever the umask says."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _write(place: Path, content: bytes) -> None:
    _make_folder(place.parent)
    with NamedTemporaryFile("wb", dir=place.parent, delete=False) as file:
        file.write(content)
    made = Path(file.name)
    made.chmod(0o644)
    made.replace(place)
