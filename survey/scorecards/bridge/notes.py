"""Signed notes (C2SP): what the log's heads are signed and checked by."""

from __future__ import annotations

from pathlib import Path

import analysis
from survey.common.durable_files import make_file_once

NoteError = analysis.AnalysisError
Signer = analysis.Signer


def open_signer(path: Path, name: str) -> Signer:
    """The key of a file, made there once, readable by its owner only."""
    pem = make_file_once(path, lambda: analysis.make_signer(name)[1])
    return analysis.read_signer(name, pem)


def sign_note(text: str, signer: Signer) -> str:
    """The text with a signature below it."""
    return analysis.sign_note(text, signer)


def read_note(note: str, verifiers: list[str]) -> tuple[str, str]:
    """(text, verifier key) of a note one of these keys signed.

    Raises
    ------
    NoteError
        It is no signed note, or none of the keys signed it.
    """
    return analysis.read_note(note, verifiers)
