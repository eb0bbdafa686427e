"""Two thousand random tamperings by the owner of database, files and key: each is found and named,
and what was sealed honestly never is.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.utils import timezone

from survey.integrity import verify
from survey.integrity.heads import ledger_folder
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.services import seal_day
from survey.integrity.verifying import verify_ledger
from survey.responses.models import Response
from survey.responses.services import record_batch
from tests.survey.factories import Cast
from tests.survey.integrity.builders import by_owner
from tests.survey.scorecards.builders import fill

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PROGRAM = Path(verify.__file__)
EACH = 200
Tamper = Callable[[random.Random], str]


class Undone(Exception):
    """Takes a change back."""


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


def key_of(row: Response) -> object:
    return row.pk.hex if connection.vendor == "sqlite" else row.pk


def some_row(rng: random.Random) -> Response:
    return rng.choice(list(Response.objects.order_by("pk")))


def change_row(rng: random.Random) -> str:
    row = some_row(rng)
    column, value = rng.choice(
        [
            ("answers", '{"overall": 1}'),
            ("agency_id", "agency_id + 1"),
            ("evidence", "E0"),
            ("channel", "online"),
            ("month", "2025-01-01"),
            ("language", "km"),
            ("revision", "revision + 1"),
            ("receipt_hash", "x" * 64),
        ]
    )
    if "+" in value:
        agency = "agency_id = (SELECT max(id) FROM survey_agency)"
        what = agency if column == "agency_id" else f"{column} = {value}"
        by_owner(f"UPDATE survey_response SET {what} WHERE id = %s", (key_of(row),))
    else:
        by_owner(f"UPDATE survey_response SET {column} = %s WHERE id = %s", (value, key_of(row)))
    return str(row.pk)


def delete_row(rng: random.Random) -> str:
    row = some_row(rng)
    by_owner("DELETE FROM survey_response WHERE id = %s", (key_of(row),))
    return str(row.pk)


def swap_answers(rng: random.Random) -> str:
    rows = list(Response.objects.order_by("pk"))
    good = rng.choice([row for row in rows if row.answers["overall"] == 5])
    bad = rng.choice([row for row in rows if row.answers["overall"] == 2])
    sql = "UPDATE survey_response SET answers = (SELECT answers FROM survey_response WHERE id = %s)"
    by_owner(f"{sql} WHERE id = %s", (key_of(good), key_of(bad)))
    return str(bad.pk)


def change_entry(rng: random.Random) -> str:
    leaf = rng.choice(list(LedgerLeaf.objects.all()))
    entry = bytearray(bytes(leaf.entry))
    entry[rng.randrange(len(entry))] ^= 1 << rng.randrange(8)
    sql = 'UPDATE survey_ledgerleaf SET entry = %s WHERE "index" = %s'
    by_owner(sql, (bytes(entry), leaf.index))
    return f"entry {leaf.index}"


def delete_entry(rng: random.Random) -> str:
    place = rng.randrange(LedgerLeaf.objects.count() - 1)
    by_owner('DELETE FROM survey_ledgerleaf WHERE "index" = %s', (place,))
    return f"entry {place} is missing"


def reorder_entries(rng: random.Random) -> str:
    count = LedgerLeaf.objects.count()
    one, two = rng.sample(range(count), 2)
    sql = 'UPDATE survey_ledgerleaf SET "index" = %s WHERE "index" = %s'
    for new, old in ((-1, one), (one, two), (two, -1)):
        by_owner(sql, (new, old))
    return "is another one than in file"


def backdate(rng: random.Random) -> str:
    """A copy of a row put in behind the log, older than its last sealing."""
    row = some_row(rng)
    copy = Response.objects.get(pk=row.pk)
    copy.pk = None
    copy._state.adding = True
    copy.id = copy.response = UUID(int=rng.getrandbits(128))
    copy.submission_key, copy.receipt_hash = f"{rng.getrandbits(200):050x}", "y" * 64
    copy.answered_hour = row.answered_hour - timedelta(days=rng.randrange(4, 40))
    copy.save(force_insert=True)
    return str(copy.pk)


def restore_backup(rng: random.Random) -> str:
    """Yesterday's database under today's files."""
    size = LedgerHead.objects.order_by("size")[0].size
    by_owner('DELETE FROM survey_ledgerleaf WHERE "index" >= %s', (size,))
    by_owner("DELETE FROM survey_ledgercosignature WHERE head_id > %s", (size,))
    by_owner("DELETE FROM survey_ledgerhead WHERE size > %s", (size,))
    return "entries it was signed over are gone"


def rewrite_log(rng: random.Random) -> str:
    """Another history, sealed and signed with the real key: told by a head kept elsewhere."""
    change_row(rng)
    for table in ("ledgercosignature", "ledgerhead", "ledgerleaf"):
        by_owner(f"DELETE FROM survey_{table}")
    shutil.rmtree(ledger_folder())
    seal_day(timezone.now())
    return "from elsewhere"


def change_file(rng: random.Random) -> str:
    files = [path for path in (ledger_folder() / "tile").rglob("*") if path.is_file()]
    path = rng.choice(sorted(files))
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    # Shorter tiles of older heads are no longer read by outsiders.
    return f"file {path.relative_to(ledger_folder())}"


KINDS: dict[Tamper, int] = {
    change_row: 40,
    delete_row: 15,
    swap_answers: 10,
    change_entry: 10,
    delete_entry: 5,
    reorder_entries: 5,
    backdate: 5,
    restore_backup: 2,
    rewrite_log: 3,
    change_file: 5,
}


def outsider(folder: Path, *older: Path) -> int:
    command = [sys.executable, "-I", "-S", str(PROGRAM), str(folder), str(folder / "key")]
    done = subprocess.run([*command, *map(str, older)], capture_output=True, check=False)
    return done.returncode


@pytest.mark.parametrize("seed", range(10))
def test_every_tampering_is_found_and_named(cast: Cast, seed: int, tmp_path: Path) -> None:
    rng, done = random.Random(seed), Counter[str]()
    fill(cast, good=50, bad=22, now=timezone.now())
    seal_day(timezone.now())
    now = timezone.now()
    record_batch(submissions=[cast.submission(f"m{k}", 5, now=now) for k in range(30)])
    seal_day(now)
    kept, copy = tmp_path / "kept", tmp_path / "copy"
    kept.write_text(LedgerHead.objects.latest("size").note)
    shutil.copytree(ledger_folder(), copy)
    for _number in range(EACH):
        tamper = rng.choices(list(KINDS), weights=list(KINDS.values()))[0]
        done[tamper.__name__] += 1
        try:
            with transaction.atomic():
                words = tamper(rng)
                found = verify_ledger([kept.read_text()]).faults
                assert found, tamper.__name__
                assert any(words in one for one in found), (tamper.__name__, words, found)
                if tamper is rewrite_log or (tamper is change_file and ".p/72" not in words):
                    assert outsider(ledger_folder(), kept) == 1, tamper.__name__
                raise Undone
        except Undone:
            shutil.rmtree(ledger_folder())
            shutil.copytree(copy, ledger_folder())
    assert sum(done.values()) == EACH
    assert verify_ledger([kept.read_text()]).faults == [], "and nothing honest ever is"
    assert outsider(ledger_folder(), kept) == 0
