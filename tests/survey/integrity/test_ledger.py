"""Whatever is changed behind the log is found and named, by us and by outsiders."""

from __future__ import annotations

import hashlib
import random
import shutil
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from survey.accounts.approvals import ApprovalDecision, ApprovalRequest
from survey.integrity import entries, services
from survey.integrity.entries import CLASSES
from survey.integrity.heads import LedgerFault, ledger_folder
from survey.integrity.merkle import EMPTY, find_root, hash_leaf, hash_node
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.services import LEAST, publish_log, seal_day, seal_entries
from survey.integrity.tiles import TileError, name_tile
from survey.integrity.verifying import verify_ledger
from survey.reports.content import build_province_report
from survey.reports.pdf import report_pdf
from survey.responses.exclusions import Exclusion
from survey.responses.flags import Flag
from survey.responses.models import Response
from survey.responses.services import mark_response, record_batch, record_response
from survey.scorecards.models import Edition
from survey.scorecards.services import make_edition, release_edition, withdraw_edition
from tests.survey.factories import Cast
from tests.survey.integrity.builders import by_owner
from tests.survey.scorecards.builders import fill, snapshot

pytestmark = pytest.mark.django_db
PROGRAM = Path(services.__file__).with_name("verify.py")
LATER = timedelta(days=3)


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def sealed(cast: Cast) -> list[Response]:
    fill(cast, good=50, bad=22, now=timezone.now())
    seal_day(timezone.now())
    return list(Response.objects.order_by("pk"))


def answer(cast: Cast, count: int, name: str) -> None:
    """So many answers more."""
    now = timezone.now()
    record_batch(submissions=[cast.submission(f"{name} {k}", 5, now=now) for k in range(count)])


def faults(against: list[str] | None = None) -> list[str]:
    return verify_ledger(against or []).faults


def first_night(now: datetime) -> datetime:
    """The night on which the next month begins."""
    next_month = timezone.localtime(now).replace(day=1) + timedelta(days=32)
    return next_month.replace(day=1, hour=2, minute=20)


def outsider(folder: Path, *older: Path) -> subprocess.CompletedProcess[str]:
    """The program for outsiders, in an interpreter without anything of ours."""
    command = [sys.executable, "-I", "-S", str(PROGRAM), str(folder), str(folder / "key")]
    command += [str(path) for path in older]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_tree_is_that_of_rfc_6962() -> None:
    """The roots of the seven leaves of the RFC's own reference tests (certificate-transparency)."""
    texts = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "60" + "".join(f"{n:02x}" for n in range(0x61, 0x70)),
    ]
    leaves = [hash_leaf(bytes.fromhex(text)) for text in texts]
    assert [find_root(leaves[:n]).hex() for n in (1, 2, 3, 8)] == [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    assert find_root([]) == EMPTY == hashlib.sha256(b"").digest()
    assert find_root(leaves[:2]) == hash_node(*leaves[:2])


def test_tiles_are_named_as_the_format_says() -> None:
    assert [name_tile(n) for n in (0, 67, 999, 1000, 1234067)] == [
        "000",
        "067",
        "999",
        "x001/000",
        "x001/x234/067",
    ]


def test_honest_rows_verify_for_us_and_for_outsiders(
    cast: Cast, sealed: list[Response], tmp_path: Path
) -> None:
    assert faults() == []
    assert verify_ledger().entries == len(sealed) == 72
    first = tmp_path / "first"
    first.write_text(LedgerHead.objects.get().note)
    answer(cast, 309, "more")
    seal_day(timezone.now())
    assert faults([first.read_text()]) == []
    done = outsider(ledger_folder(), first)
    assert (done.returncode, done.stdout) == (0, "ok: 381 entries, 1 older checkpoints begin it\n")
    leaf = LedgerLeaf.objects.get(index=0)
    agency = sealed[0].agency.key.encode()
    head = bytes([1, 0, CLASSES.index(sealed[0].evidence)])
    assert bytes(leaf.entry)[:3] == head
    assert bytes(leaf.entry)[5:-32] == bytes([len(agency)]) + agency
    assert len(leaf.entry) + 2 <= 60


def test_few_wait_for_the_end_of_the_day_and_links_for_their_month(cast: Cast) -> None:
    now = timezone.now()
    fill(cast, good=LEAST - 1, bad=0, now=now)
    assert seal_entries(now) == 0
    record_response(submission=cast.submission("one more", 4, now=now))
    assert seal_entries(now) == LEAST
    for k in range(5):
        record_response(submission=cast.submission(f"link {k}", 4, now=now, evidence="E3"))
    seal_day(now)
    assert verify_ledger().waiting == 5, "five links would tell their day"
    seal_day(first_night(now))
    report = verify_ledger()
    assert (report.waiting, report.faults) == (0, [])


def test_places_in_the_log_do_not_follow_the_order_of_answers(sealed: list[Response]) -> None:
    by_place = LedgerLeaf.objects.order_by("index").values_list("response_id", flat=True)
    assert list(by_place) != [row.pk for row in sealed]
    assert sorted(by_place) == sorted(row.pk for row in sealed)


CHANGES = (
    ("UPDATE survey_response SET evidence = 'E3' WHERE id = %s", "was changed"),
    ("UPDATE survey_response SET answers = '{\"overall\": 1}' WHERE id = %s", "was changed"),
    ("UPDATE survey_response SET month = '2020-01-01' WHERE id = %s", "was changed"),
    ("UPDATE survey_response SET answered_hour = '2020-01-01 00:00:00' WHERE id = %s", "changed"),
    ('UPDATE survey_response SET marks = \'{"flag": "x"}\' WHERE id = %s', "was changed"),
    ("DELETE FROM survey_response WHERE id = %s", "was deleted"),
)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_random_tampering_is_found_and_named(sealed: list[Response], seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(25):
        row, (statement, words) = rng.choice(sealed), rng.choice(CHANGES)
        key = row.pk.hex if connection.vendor == "sqlite" else row.pk
        try:
            with transaction.atomic():
                by_owner(statement, (key,))
                found = faults()
                assert len(found) == 1, (statement, found)
                assert str(row.pk) in found[0]
                assert words in found[0]
                raise Undone
        except Undone:
            pass
    assert faults() == []


class Undone(Exception):
    """Takes a change back."""


def test_a_row_put_in_behind_the_log_is_named(cast: Cast, sealed: list[Response]) -> None:
    now = timezone.now()
    row = record_response(submission=cast.submission("late", 5, now=now - LATER)).row
    (found,) = faults()
    assert f"{row.pk} has no entry" in found
    fresh = record_response(submission=cast.submission("fresh", 5, now=now)).row
    assert str(fresh.pk) not in " ".join(faults()), "what came today waits"


def test_entries_that_were_rewritten_are_named_by_the_files(sealed: list[Response]) -> None:
    leaf = LedgerLeaf.objects.get(index=17)
    by_owner(
        'UPDATE survey_ledgerleaf SET entry = %s WHERE "index" = 17',
        (bytes(leaf.entry)[:-1] + b"\x00",),
    )
    found = faults()
    assert any("entry 17 is another one than in file tile/entries/000.p/72" in one for one in found)
    assert any("head 72: the first 72 entries are not those" in one for one in found)
    with pytest.raises(LedgerFault):
        publish_log(timezone.now())


def test_a_log_rewritten_with_its_own_key_fails_against_a_note_from_elsewhere(
    cast: Cast, sealed: list[Response], tmp_path: Path
) -> None:
    """The owner of the database and of the key changes a row and makes the whole log anew."""
    kept = tmp_path / "kept"
    kept.write_text(LedgerHead.objects.get().note)
    by_owner("DELETE FROM survey_ledgerleaf")
    by_owner("DELETE FROM survey_ledgercosignature")
    by_owner("DELETE FROM survey_ledgerhead")
    shutil.rmtree(ledger_folder())
    seal_day(timezone.now())
    assert faults() == [], "nothing here tells"
    (found,) = faults([kept.read_text()])
    assert "note 1 from elsewhere: the first 72 entries are not those" in found
    done = outsider(ledger_folder(), kept)
    assert done.returncode == 1
    assert "its 72 entries are not those of this copy" in done.stdout
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_ledger", "--against", str(kept))


def test_a_restored_backup_lacks_entries(
    cast: Cast, sealed: list[Response], tmp_path: Path
) -> None:
    copy = tmp_path / "yesterday"
    shutil.copytree(ledger_folder(), copy)
    answer(cast, 80, "more")
    seal_day(timezone.now())
    newest = tmp_path / "newest"
    newest.write_text(LedgerHead.objects.latest("size").note)
    done = outsider(copy, newest)
    assert (done.returncode, done.stdout.count("FAULT")) == (1, 1)
    assert "80 of its entries are gone" in done.stdout
    by_owner('DELETE FROM survey_ledgerleaf WHERE "index" >= 72')
    by_owner("DELETE FROM survey_ledgercosignature WHERE head_id > 72")
    by_owner("DELETE FROM survey_ledgerhead WHERE size > 72")
    found = faults([newest.read_text()])
    assert any("the last 80 entries it was signed over are gone" in one for one in found)


@pytest.mark.parametrize("name", ["tile/0/000.p/72", "tile/entries/000.p/72", "checkpoint", "key"])
def test_files_that_were_changed_are_found_by_both(sealed: list[Response], name: str) -> None:
    path = ledger_folder() / name
    content = bytearray(path.read_bytes())
    # Of a head in the signature of the log: the one below it is of the second key.
    content[150 if name == "checkpoint" else -40] ^= 1
    path.write_bytes(content)
    assert faults() != []
    assert outsider(ledger_folder()).returncode == 1


def test_a_full_tile_is_never_written_over(cast: Cast, sealed: list[Response]) -> None:
    answer(cast, 300, "more")
    seal_day(timezone.now())
    path = ledger_folder() / "tile/0/000"
    assert path.stat().st_size == 256 * 32
    path.write_bytes(b"\x00" * 8192)
    with pytest.raises(TileError, match="tile/0/000"):
        seal_day(timezone.now())


def test_by_day_sealing_looks_at_nothing_before_the_last_full_bundle(
    cast: Cast, sealed: list[Response]
) -> None:
    """At ten million entries the whole log takes minutes, and by day it is sealed every ten."""
    now = timezone.now()
    answer(cast, 600 - len(sealed), "more")
    seal_day(now)
    kept = LedgerLeaf.objects.get(index=3)
    by_owner('UPDATE survey_ledgerleaf SET entry = %s WHERE "index" = 3', (b"\x00",))
    (ledger_folder() / "tile/0/001").unlink()
    answer(cast, LEAST, "by day")
    assert seal_entries(now) == LEAST
    with pytest.raises(LedgerFault, match="the first 664 entries are not those"):
        seal_day(now)
    answer(cast, LEAST, "the next day")
    with pytest.raises(LedgerFault, match="the last look at the whole log found"):
        seal_entries(now)
    by_owner('UPDATE survey_ledgerleaf SET entry = %s WHERE "index" = 3', (bytes(kept.entry),))
    assert faults() == ["file tile/0/001 is missing: run seal_ledger --whole"]
    call_command("seal_ledger", "--whole")
    assert faults() == []
    answer(cast, LEAST, "afterwards")
    assert seal_entries(now) == LEAST, "and by day it goes on"


def test_without_files_sealing_begins_from_the_first_entry(
    cast: Cast, sealed: list[Response]
) -> None:
    answer(cast, 300, "more")
    seal_day(timezone.now())
    shutil.rmtree(ledger_folder() / "tile")
    answer(cast, LEAST, "by day")
    assert seal_entries(timezone.now()) == LEAST
    assert faults() == []


def test_what_counts_in_an_older_month_waits_for_the_night(cast: Cast) -> None:
    now = timezone.now()
    fill(cast, good=LEAST, bad=0, now=now - timedelta(days=90))
    assert seal_entries(now) == 0
    seal_day(now)
    assert LedgerLeaf.objects.count() == LEAST


def test_a_killed_sealing_is_completed_by_the_next(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(cast, 70, "first")

    def die(*_args: Any) -> None:
        raise KeyboardInterrupt

    for name in ("write_tile", "sign_note", "publish_head"):
        with monkeypatch.context() as patch:
            patch.setattr(services, name, die)
            with pytest.raises(KeyboardInterrupt):
                seal_day(timezone.now())
        seal_day(timezone.now())
        assert faults() == []
        answer(cast, 70, name)


def test_the_database_refuses_a_second_entry_and_any_change(sealed: list[Response]) -> None:
    leaf = LedgerLeaf.objects.get(index=3)
    for change in (
        lambda: LedgerLeaf.objects.filter(index=3).update(kind="x"),
        lambda: LedgerLeaf.objects.filter(index=3).delete(),
        lambda: LedgerHead.objects.update(root=""),
        lambda: LedgerLeaf.objects.create(
            index=900, kind="answer", response_id=leaf.response_id, entry=b"", salt=b""
        ),
        lambda: LedgerLeaf.objects.create(index=901, kind="answer", entry=b"", salt=b""),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    assert faults() == []


def test_editions_and_their_withdrawal_are_entries(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=30, bad=9)
    now = timezone.now()
    edition = make_edition(folder=snapshot(tmp_path), method="overall", now=now)
    release_edition(edition=edition, now=now)
    seal_day(now)
    edition.refresh_from_db()
    withdraw_edition(edition=edition, now=now)
    assert faults() == [], "a withdrawal is an entry of its own"
    seal_day(now)
    kinds = set(LedgerLeaf.objects.values_list("kind", flat=True))
    assert {"edition", "edition-withdrawn"} <= kinds
    by_owner("UPDATE survey_agencyresult SET name = 'Sở khác'")
    assert any(f"edition {edition.pk} was changed" in one for one in faults())


def test_everybody_gets_head_key_hashes_and_program_and_no_entry(sealed: list[Response]) -> None:
    client = Client()
    for name in ("checkpoint", "key", "tile/0/000.p/72", "verify.py"):
        answer = client.get(f"/so-cai/{name}")
        assert answer.status_code == 200, name
        assert not answer.cookies
        path = PROGRAM if name == "verify.py" else ledger_folder() / name
        assert b"".join(answer.streaming_content) == path.read_bytes()  # type: ignore[attr-defined]
    assert "immutable" in client.get("/so-cai/tile/0/000.p/72").headers["Cache-Control"]
    for name in ("tile/entries/000.p/72", "tile/0/001", "../ledger.key", "tile/../key", "x"):
        assert client.get(f"/so-cai/{name}").status_code == 404, name
    assert client.post("/so-cai/checkpoint").status_code == 405


def test_the_commands(cast: Cast, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fill(cast, good=3, bad=0, now=timezone.now())
    call_command("seal_ledger")
    assert capsys.readouterr().out == "0 new entries\n"
    call_command("seal_ledger", "--day")
    assert capsys.readouterr().out == "3 new entries\n"
    call_command("verify_ledger")
    assert capsys.readouterr().out == "ok: 3 entries, 1 signed heads, 0 waiting\n"
    with pytest.raises(CommandError):
        call_command("verify_ledger", "--against", str(tmp_path / "no"))
    other = tmp_path / "other"
    other.write_text("a\n1\nx\n\n\u2014 a AAAA\n")
    with pytest.raises(CommandError, match="1 faults"):
        call_command("verify_ledger", "--against", str(other))


def test_the_report_of_the_province_prints_the_signed_head(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=30, bad=9)
    now = timezone.now()
    edition = make_edition(folder=snapshot(tmp_path), method="overall", now=now)
    release_edition(edition=edition, now=now)
    edition.refresh_from_db()
    assert "so-cai" not in str(build_province_report(edition, now).as_data())
    seal_day(now)
    kept = tmp_path / "kept"
    printed = [
        block["text"]
        for block in build_province_report(edition, now).as_data()["blocks"]
        if block["type"] == "paragraph"
    ]
    origin = next(k for k, line in enumerate(printed) if line.endswith("/so-cai"))
    lines = printed[origin:]
    assert max(map(len, lines)) <= 45, "what is longer runs over the edge of the page"
    kept.write_text("\n".join([*lines[:3], "", f"{lines[3]} {''.join(lines[4:])}", ""]))
    assert kept.read_text() == LedgerHead.objects.get().note
    assert faults([kept.read_text()]) == []
    pdf = pypdfium2.PdfDocument(report_pdf(build_province_report(edition, now).as_data()))
    codes = zxingcpp.read_barcodes(pdf[len(pdf) - 1].render(scale=3).to_pil())
    codes += zxingcpp.read_barcodes(pdf[len(pdf) - 2].render(scale=3).to_pil())
    assert [code.text for code in codes] == [kept.read_text()], "photographed, it is the same note"


def test_without_heads_the_files_still_tell(sealed: list[Response]) -> None:
    by_owner("DELETE FROM survey_ledgercosignature")
    by_owner("DELETE FROM survey_ledgerhead")
    assert any("no signed head" in one for one in faults())
    leaf = LedgerLeaf.objects.get(index=5)
    by_owner(
        'UPDATE survey_ledgerleaf SET entry = %s WHERE "index" = 5',
        (bytes(leaf.entry)[:-1] + b"\x00",),
    )
    assert any("file checkpoint: the first 72 entries are not those" in one for one in faults())


def test_a_row_with_an_older_date_is_named_after_it_was_sealed_too(
    cast: Cast, sealed: list[Response]
) -> None:
    now = timezone.now()
    row = record_response(submission=cast.submission("late", 5, now=now - LATER)).row
    seal_day(now)
    (found,) = faults()
    assert f"submission {row.pk} was put in with an older date (entry 72)" in found


def test_changes_and_marks_of_older_answers_are_no_fault(
    cast: Cast, sealed: list[Response]
) -> None:
    old = record_response(submission=cast.submission("old", 5, now=timezone.now())).row
    seal_day(timezone.now())
    mark_response(row=old, flag=Flag.DISPUTED, key="a mark")
    assert faults() == []
    seal_day(timezone.now())
    assert faults() == []


def test_a_late_change_of_an_answer_by_link_waits_for_the_next_month(cast: Cast) -> None:
    now = timezone.localtime().replace(day=12)
    row = record_response(submission=cast.submission("link", 4, now=now, evidence="E3")).row
    seal_day(now)
    assert LedgerLeaf.objects.count() == 0
    later = first_night(now)
    seal_entries(later)
    assert LedgerLeaf.objects.count() == 0, "the timer of that day is not its night"
    seal_day(later)
    assert LedgerLeaf.objects.count() == 1
    mark_response(row=row, flag=Flag.DISPUTED, key="a mark")
    for days in range(1, 28):
        seal_entries(later + timedelta(days=days, hours=9))
        seal_day(later + timedelta(days=days))
    assert LedgerLeaf.objects.count() == 1, "alone it would tell its minute, or its day"
    seal_day(first_night(later))
    assert LedgerLeaf.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        "month = replace(month, '-', '')",
        "response = upper(response)",
        "response = response || 'x'",
        "answered_hour = replace(answered_hour, ' ', 'T')",
    ],
)
def test_another_spelling_of_the_same_value_is_found_on_sqlite(
    sealed: list[Response], change: str
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps values, not their spelling")
    by_owner(f"UPDATE survey_response SET {change} WHERE id = %s", (sealed[3].pk.hex,))
    assert any(f"submission {sealed[3].pk.hex} was changed: a value" in one for one in faults())


def test_a_row_nobody_can_have_stored_is_named_and_stops_no_other(
    cast: Cast, sealed: list[Response]
) -> None:
    row = record_response(submission=cast.submission("odd", 5, now=timezone.now())).row
    key = row.pk.hex if connection.vendor == "sqlite" else row.pk
    by_owner("UPDATE survey_response SET evidence = 'E9' WHERE id = %s", (key,))
    answer(cast, 3, "more")
    seal_day(timezone.now())
    assert LedgerLeaf.objects.count() == 75
    (found,) = faults()
    assert f"{row.pk} has no entry" in found
    odd = sealed[7]
    key = odd.pk.hex if connection.vendor == "sqlite" else odd.pk
    by_owner("UPDATE survey_response SET evidence = 'E9' WHERE id = %s", (key,))
    assert any(f"submission {odd.pk} was changed" in one for one in faults())


def test_a_lost_key_is_told_and_never_replaced(sealed: list[Response], tmp_path: Path) -> None:
    path = tmp_path / "var" / "ledger.key"
    kept = path.read_bytes()
    path.unlink()
    assert any("bring back the key" in one for one in faults())
    assert not path.exists()
    with pytest.raises(CommandError, match="bring back the key"):
        call_command("seal_ledger", "--day")
    path.write_bytes(b"")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("seal_ledger", "--day")
    path.write_bytes(kept)
    assert faults() == []


def test_what_is_kept_of_a_head_is_its_note(sealed: list[Response]) -> None:
    by_owner("UPDATE survey_ledgerhead SET root = '00'")
    assert any("head 72 says another root" in one for one in faults())


def test_a_request_that_was_rewritten_after_its_decision_is_named(cast: Cast) -> None:
    now = timezone.now()
    request = ApprovalRequest.objects.create(
        action="x",
        asks="y",
        payload={"a": 1},
        payload_hash="0" * 64,
        subject="s",
        policy={},
        reason="r",
        requester=cast.analyst,
        made_at=now,
        expires_at=now,
    )
    ApprovalDecision.objects.create(request=request, user=cast.operator, approved=True, at=now)
    seal_day(now)
    assert faults() == []
    ApprovalRequest.objects.filter(pk=request.pk).update(reason="another")
    assert any("approval" in one and "was changed" in one for one in faults())


def test_junk_is_told_in_a_sentence(sealed: list[Response], tmp_path: Path) -> None:
    folder = ledger_folder()
    odd = tmp_path / "odd"
    odd.write_bytes(b"\xff\x00" * 50)
    for older in (odd, tmp_path / "no"):
        done = outsider(folder, older)
        assert done.returncode == 1
        assert "is no checkpoint signed by this key" in done.stdout
        assert "Traceback" not in done.stderr
    (folder / "key").write_text("abc")
    done = outsider(folder)
    assert done.stderr == "the key is no verifier key of a signed note\n"
    shutil.rmtree(folder)
    folder.mkdir()
    command = [sys.executable, "-I", str(PROGRAM), str(folder), services.ledger_signer().verifier]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")


def test_every_column_is_committed_to_or_said_not_to_be() -> None:
    """A new column belongs to a later version of the format: decide, do not forget."""
    left_out = {Exclusion: {"lifted_at"}, Edition: {"withdrawn_at"}}
    told = {
        Response: entries.RESPONSE_FIELDS,
        Exclusion: entries.EXCLUSION_FIELDS,
        ApprovalDecision: entries.DECISION_FIELDS,
        Edition: entries.EDITION_FIELDS,
    }
    for model, fields in told.items():
        columns = {field.attname for field in model._meta.concrete_fields}
        assert set(fields) == columns - left_out.get(model, set()), model
