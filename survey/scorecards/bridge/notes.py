"""Signed notes (C2SP): what the log's heads are signed and checked by."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import analysis

NoteError = analysis.AnalysisError
Signer = analysis.Signer


def open_signer(path: Path, name: str) -> Signer:
    """The key of a file, made there once, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _signer, pem = analysis.make_signer(name)
        # Whole or not at all: an empty key file would be taken for the key.
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return analysis.read_signer(name, path.read_bytes())


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
