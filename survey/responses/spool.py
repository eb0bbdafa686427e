"""Answers that came while the database was gone: one sealed file each, on the disk before the
citizen reads that it is kept, taken in once when the database is back.

The name of a file is that of the answer's key: sent twice it is the same file, and taken in twice
the database knows it. Files are sealed (AES-GCM under ``PHONE_KEY``, bound to their name), so that
nobody reads, makes or changes one without the key.
"""

from __future__ import annotations

import json
import logging
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import DataError, IntegrityError, connection
from django.utils import timezone

from survey.common.durable_files import has_room, replace_file
from survey.common.encryption import DecryptionError, decrypt, encrypt
from survey.common.outage import OUTAGES, forget_outage, note_outage
from survey.common.tokens import Ticket
from survey.questionnaires.queries import load_form
from survey.responses.answers import AnswersRefused
from survey.responses.cut_offs import counted_month
from survey.responses.services import AnswerPlace, Submission, record_response

log = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS: Final = 10.0
SUFFIX: Final = ".answer"
UNREADABLE: Final = ".unreadable"


UNFIT: Final = (
    DecryptionError,
    AnswersRefused,
    ValueError,
    KeyError,
    TypeError,
    ObjectDoesNotExist,
    IntegrityError,
    DataError,
)
"""What a file says that is no answer here: of another key, changed, or of tables that were
restored from before.
"""
KEPT_MARK: Final = "kept"


@dataclass
class Taken:
    """What became of the files: ``stored`` now, ``known`` to the database before, ``unreadable``
    set aside under another name, ``left`` because it is gone still.
    """

    stored: int = 0
    known: int = 0
    unreadable: int = 0
    left: int = 0


def spool_folder() -> Path:
    """Where they lie, on the disk of the server that took them."""
    return Path(settings.VAR_DIR) / "spool"


def count_spooled() -> int:
    """How many wait on this server."""
    folder = spool_folder()
    return sum(1 for _ in folder.glob(f"*{SUFFIX}")) if folder.is_dir() else 0


def keep_submission(submission: Submission) -> bool:
    """Write an answer to the disk; False where it cannot be kept, and nothing was promised."""
    folder = spool_folder()
    try:
        if not has_room(folder):
            return False
        name = sha256(submission.ticket.key.encode()).hexdigest() + SUFFIX
        sealed = encrypt(_dump(submission), f"spool/{name}")
        # The hour is what an answer keeps, also of its file.
        replace_file(folder / name, sealed, modified=time.time() // 3600 * 3600)
    except OSError:
        log.exception("an answer could not be kept on the disk")
        return False
    return True


def _dump(submission: Submission) -> str:
    ticket = submission.ticket
    return json.dumps(
        {
            "ticket": [ticket.key, ticket.receipt, ticket.lookup],
            "version": submission.form.version_id,
            "answers": submission.answers,
            "place": vars(submission.place),
            "channel": str(submission.channel),
            "evidence": str(submission.evidence),
            "language": submission.language,
            # The hour is what an answer keeps.
            "now": submission.now.replace(minute=0, second=0, microsecond=0).isoformat(),
            "marks": dict(submission.marks),
            "facts": dict(submission.facts),
        }
    )


def _load(text: str) -> Submission:
    data: dict[str, Any] = json.loads(text)
    given = datetime.fromisoformat(data["now"])
    return Submission(
        ticket=Ticket(*data["ticket"]),
        form=load_form(data["version"]),
        answers=data["answers"],
        place=AnswerPlace(**data["place"]),
        channel=data["channel"],
        evidence=data["evidence"],
        language=data["language"],
        now=given,
        month=counted_month(timezone.localdate(given), timezone.localdate()),
        marks={**data["marks"], KEPT_MARK: "yes"},
        facts=data["facts"],
    )


def erase_aside(before: datetime) -> int:
    """Files nobody could read, and drafts of a server that died, older than a moment."""
    folder, erased = spool_folder(), 0
    paths = list(folder.iterdir()) if folder.is_dir() else []
    for path in paths:
        if path.suffix != SUFFIX and path.stat().st_mtime < before.timestamp():
            path.unlink(missing_ok=True)
            erased += 1
    return erased


def take_in() -> Taken:
    """Store what waits on this server, each once; a file goes when its answer is stored."""
    taken, folder = Taken(), spool_folder()
    paths = list(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    # In no order that tells who came when.
    secrets.SystemRandom().shuffle(paths)
    for place, path in enumerate(paths):
        try:
            _take_one(path, taken)
        except OUTAGES as error:
            note_outage(error)
            taken.left += len(paths) - place
            return taken
        except OSError:
            log.exception("a kept answer could not be read or removed")
            taken.left += 1
    forget_outage()
    return taken


def _take_one(path: Path, taken: Taken) -> None:
    try:
        submission = _load(decrypt(path.read_bytes(), f"spool/{path.name}"))
        recorded = record_response(submission=submission)
    except FileNotFoundError:
        return  # another process has taken it
    except UNFIT:
        log.exception("a kept answer cannot be read: it is set aside")
        path.replace(path.with_suffix(UNREADABLE))
        taken.unreadable += 1
        return
    if recorded.repeated:
        taken.known += 1
    else:
        taken.stored += 1
    path.unlink(missing_ok=True)


def start_taking_in() -> threading.Thread:
    """Look every few seconds, for as long as the process lives."""
    thread = threading.Thread(target=_keep_looking, name="spool", daemon=True)
    thread.start()
    return thread


def _keep_looking() -> None:
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        try:
            if count_spooled():
                taken = take_in()
                log.warning("kept answers: %s", taken)
        except Exception:
            log.exception("kept answers were not taken in")
        finally:
            connection.close()
