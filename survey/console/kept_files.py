"""A kept file handed out by a staff page: of a scorecard's evidence, or of a matter's step."""

from __future__ import annotations

from django.http import FileResponse, Http404

from survey.scorecards.rounds.evidence import locate_evidence


def send_kept_file(*, name: str, suffix: str, sha256: str) -> FileResponse:
    """A file to be saved, never opened inside the page.

    Its name ends as what it was found to be: a document cannot come back as a program.

    Raises
    ------
    Http404
        The file is not in its place.
    """
    path = locate_evidence(sha256)
    if not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=name if name.lower().endswith(f".{suffix}") else f"{name}.{suffix}",
        content_type="application/octet-stream",
    )
