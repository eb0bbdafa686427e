"""Other bodies sign the heads of the log; who rewrites it gets no signature any more."""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import LazySettings
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from survey.integrity import services
from survey.integrity.heads import LedgerFault, full_note, ledger_folder, policy_path, split_note
from survey.integrity.merkle import find_root, hash_leaf
from survey.integrity.models import LedgerCosignature, LedgerHead, LedgerLeaf, LedgerStamp
from survey.integrity.policy import (
    MLDSA,
    PolicyError,
    VerifierKey,
    find_time,
    read_key,
    read_policy,
)
from survey.integrity.proofs import TileNodes, encode_hashes
from survey.integrity.services import ledger_signer, seal_day, write_checkpoint
from survey.integrity.verifying import verify_ledger
from survey.integrity.witnessing import gather_signatures
from survey.nightly import STEPS
from survey.responses.models import Response
from survey.responses.services import record_batch
from survey.scorecards.bridge.notes import sign_note
from tests.survey.factories import Cast
from tests.survey.integrity.builders import (
    RunningWitness,
    by_owner,
    run_authority,
    start_witness,
    write_log,
    write_policy,
)
from tests.survey.scorecards.builders import fill

pytestmark = pytest.mark.django_db
PROGRAM = Path(services.__file__).with_name("verify.py")


@pytest.fixture(autouse=True)
def _own_folder(settings: LazySettings, tmp_path: Path) -> None:
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def sealed(cast: Cast) -> list[Response]:
    fill(cast, good=50, bad=22, now=timezone.now())
    seal_day(timezone.now())
    return list(Response.objects.order_by("pk"))


@pytest.fixture
def bodies(sealed: list[Response], tmp_path: Path) -> Iterator[list[RunningWitness]]:
    """Three bodies that watch, of which two have to sign."""
    log_key = ledger_signer().verifier
    names = ("thanhtra.example", "mttq.example", "tinhban.example")
    started = [start_witness(tmp_path / name, name, log_key) for name in names]
    policy_path().write_text(write_policy(started, log_key, least=2))
    yield started
    for one in started:
        if one.process.poll() is None:
            one.kill()


def answer(cast: Cast, count: int, name: str) -> None:
    """So many answers more, sealed."""
    now = timezone.now()
    record_batch(submissions=[cast.submission(f"{name} {k}", 5, now=now) for k in range(count)])
    seal_day(now)


def outsider(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def newest() -> LedgerHead:
    return LedgerHead.objects.latest("size")


def test_two_of_three_sign_and_everybody_can_check_it(
    cast: Cast, bodies: list[RunningWitness]
) -> None:
    assert gather_signatures() == []
    lines = (ledger_folder() / "checkpoint").read_text().splitlines()
    signers = [line.split()[1] for line in lines if line.startswith("\u2014")]
    assert signers[2:] == [one.name for one in bodies], "after the two keys of the log"
    done = outsider(ledger_folder(), ledger_folder() / "key", "--policy", policy_path())
    assert (done.returncode, done.stdout) == (0, "ok: 72 entries, 0 older checkpoints begin it\n")
    report = verify_ledger()
    assert (report.faults, report.witnessed) == ([], 72)
    bodies[0].kill()
    answer(cast, 30, "more")
    (problem,) = gather_signatures()
    assert problem.startswith("W0: cannot be reached")
    assert verify_ledger().witnessed == 102, "two are enough"
    bodies[1].kill()
    answer(cast, 30, "still more")
    assert len(gather_signatures()) == 2
    assert verify_ledger().witnessed == 102, "one is not"
    done = outsider(ledger_folder(), ledger_folder() / "key", "--policy", policy_path())
    assert "is not signed by enough witnesses" in done.stdout


def test_whoever_missed_heads_signs_the_newest_one(
    cast: Cast, bodies: list[RunningWitness], tmp_path: Path
) -> None:
    assert gather_signatures() == []
    late = bodies[0]
    late.kill()
    for name in ("one", "two"):
        answer(cast, 300, name)
        gather_signatures()
    port = int(late.address.rpartition(":")[2])
    again = start_witness(tmp_path / late.name, late.name, ledger_signer().verifier, port)
    bodies[0] = again
    assert again.key == late.key
    assert gather_signatures() == []
    assert newest().cosignatures.filter(name=late.name).exists()


def test_a_witness_that_knows_more_than_we_do_is_told(
    cast: Cast, bodies: list[RunningWitness]
) -> None:
    """A restored backup: the database knows fewer entries than others have signed."""
    answer(cast, 30, "more")
    gather_signatures()
    by_owner('DELETE FROM survey_ledgerleaf WHERE "index" >= 72')
    by_owner("DELETE FROM survey_ledgercosignature WHERE head_id > 0")
    by_owner("DELETE FROM survey_ledgerhead WHERE size > 72")
    problems = gather_signatures()
    assert len(problems) == 3
    assert all("knows a log of 102 entries, ours has 72" in one for one in problems)


def test_a_log_rewritten_with_its_own_key_is_signed_by_nobody(
    cast: Cast, bodies: list[RunningWitness], monkeypatch: pytest.MonkeyPatch
) -> None:
    gather_signatures()
    for table in ("ledgercosignature", "ledgerhead", "ledgerleaf"):
        by_owner(f"DELETE FROM survey_{table}")
    shutil.rmtree(ledger_folder())
    seal_day(timezone.now())
    problems = gather_signatures()
    assert len(problems) == 3
    assert all("answers 409" in one for one in problems), "the same size, another root"
    answer(cast, 30, "more")
    assert all("answers 422" in one for one in gather_signatures())
    later = timezone.now() + timedelta(days=3)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    report = verify_ledger()
    assert report.witnessed == 0
    assert any("none is signed by enough witnesses for two days" in one for one in report.faults)


def ask(witness: RunningWitness, old: object, proof: str, note: str) -> requests.Response:
    body = f"old {old}\n{proof}\n{note}".encode()
    return requests.post(f"{witness.address}/add-checkpoint", data=body, timeout=30)


def test_a_witness_answers_as_the_protocol_says(cast: Cast, bodies: list[RunningWitness]) -> None:
    one, head = bodies[0], newest()
    signer = ledger_signer()
    body = split_note(head.note)[0]
    for old, proof, note, status in (
        ("x", "", head.note, 400),
        ("00", "", head.note, 400),
        ("73", "", head.note, 400),
        ("0", "no hash\n", head.note, 400),
        ("0", "", "nothing", 400),
        ("0", encode_hashes([bytes(32)] * 64), head.note, 400),
        ("0", "", head.note.replace(signer.name, "another.example"), 404),
        ("0", "", head.note.replace("72\n", "71\n"), 403),
        ("0", "", f"{body}\n\u2014 {signer.name} AAAA\n", 403),
        ("0", encode_hashes([bytes(32)]), head.note, 422),
        ("5", "", head.note, 409),
    ):
        found = ask(one, old, proof, note)
        assert found.status_code == status, (old, proof[:20], note[:40], found.text)
        assert (found.headers["Content-Type"] == "text/x.tlog.size") == (status == 409)
    assert found.text == "0\n"
    good = ask(one, 0, "", head.note)
    assert good.status_code == 200
    assert find_time(good.text.rstrip("\n"), read_key(one.key), body) is not None
    assert ask(one, 72, "", head.note).status_code == 200, "the same head is signed again"
    assert ask(one, 0, "", head.note).text == "72\n"
    assert requests.get(one.address, timeout=30).status_code == 501
    assert requests.post(f"{one.address}/other", data=b"x", timeout=30).status_code == 404


def test_a_witness_never_goes_back(
    cast: Cast, bodies: list[RunningWitness], tmp_path: Path
) -> None:
    """Many requests at once, then a kill: what was signed for is what is known afterwards."""
    answer(cast, 90, "more")
    entries = [bytes(one.entry) for one in LedgerLeaf.objects.all()]
    leaves = [hash_leaf(entry) for entry in entries]
    signer = ledger_signer()
    notes = {
        size: sign_note(write_checkpoint(signer.name, size, find_root(leaves[:size])), signer)
        for size in range(1, 163, 9)
    }
    one = bodies[0]

    def offer(size: int) -> int:
        """Until it is signed, or one above it was."""
        old = 0
        while True:
            proof = encode_hashes(TileNodes(folders[size], size).extend(old))
            found = ask(one, old, proof, notes[size])
            if found.status_code == 200:
                return size
            assert found.status_code == 409, found.text
            old = int(found.text)
            if old >= size:
                return 0

    folders = {}
    for size in notes:
        folders[size] = tmp_path / f"log-{size}"
        write_log(folders[size], entries[:size])
    with ThreadPoolExecutor(8) as pool:
        signed = list(pool.map(offer, notes))
    one.kill()
    port = int(one.address.rpartition(":")[2])
    bodies[0] = start_witness(tmp_path / one.name, one.name, signer.verifier, port)
    known = int(ask(bodies[0], 1, "", notes[max(notes)]).text)
    assert known == max(signed) == max(notes)


def test_the_second_key_signs_for_computers_to_come(sealed: list[Response]) -> None:
    key = read_key((ledger_folder() / "key-mldsa").read_text().strip())
    assert key.kind == MLDSA
    body, lines = split_note(full_note(newest()))
    assert [find_time(line, key, body) is not None for line in lines] == [False, True]
    other = body.replace("72\n", "73\n")
    assert find_time(lines[1], key, other) is None
    raw = bytearray(base64.b64decode(lines[1].split()[2]))
    raw[5] ^= 1
    changed = f"\u2014 {key.name} {base64.b64encode(raw).decode()}"
    assert find_time(changed, key, body) is None, "the time is signed, too"


def test_a_lost_second_key_is_told_and_never_replaced(
    cast: Cast, sealed: list[Response], settings: LazySettings
) -> None:
    path = Path(settings.VAR_DIR) / "ledger-mldsa.key"
    kept = path.read_bytes()
    path.unlink()
    with pytest.raises(LedgerFault, match="bring back the key"):
        answer(cast, 70, "more")
    assert not path.exists()
    assert any("ledger-mldsa.key is not there" in one for one in verify_ledger().faults)
    path.write_bytes(kept)
    seal_day(timezone.now())
    assert verify_ledger().faults == []


def test_a_policy_nobody_can_read_stops_no_sealing(
    sealed: list[Response], capsys: pytest.CaptureFixture[str]
) -> None:
    policy_path().write_text("nonsense\n")
    call_command("seal_ledger")
    told = capsys.readouterr()
    assert "0 new entries" in told.out
    assert "ledger-policy.txt: line 1" in told.err


def test_signatures_in_the_database_are_only_added_and_checked(
    bodies: list[RunningWitness],
) -> None:
    gather_signatures()
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerCosignature.objects.update(line="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerCosignature.objects.filter(name="mttq.example").delete()
    by_owner("UPDATE survey_ledgercosignature SET line = 'x' WHERE name = 'mttq.example'")
    assert any(
        "head 72: the signature of mttq.example does not hold" in one
        for one in verify_ledger().faults
    )


def test_an_authority_stamps_the_head(
    sealed: list[Response], settings: LazySettings, tmp_path: Path, client: Client
) -> None:
    with run_authority(tmp_path / "tsa") as address:
        settings.LEDGER_TSA_URL = address
        settings.LEDGER_TSA_ROOTS = str(tmp_path / "tsa" / "ca.pem")
        assert gather_signatures() == []
    token = bytes(LedgerStamp.objects.get().token)
    served = client.get("/so-cai/stamp/72.tsr")
    assert b"".join(served.streaming_content) == token  # type: ignore[attr-defined]
    (tmp_path / "note").write_text(newest().note)
    (tmp_path / "token").write_bytes(token)
    command = f"ts -verify -in {tmp_path}/token -data {tmp_path}/note -CAfile {tmp_path}/tsa/ca.pem"
    done = subprocess.run(["openssl", *command.split()], capture_output=True, check=False)
    assert b"Verification: OK" in done.stdout + done.stderr, "openssl itself says so"
    assert verify_ledger().faults == []
    by_owner("UPDATE survey_ledgerhead SET note = note || ' '")
    assert any("head 72: time stamp" in one for one in verify_ledger().faults)
    settings.LEDGER_TSA_URL = "http://127.0.0.1:9/"
    (problem,) = gather_signatures() or [""]
    assert problem == "", "stamped once is enough"


def test_an_authority_nobody_knows_is_not_believed(
    sealed: list[Response], settings: LazySettings, tmp_path: Path
) -> None:
    with run_authority(tmp_path / "own"), run_authority(tmp_path / "other") as address:
        settings.LEDGER_TSA_URL = address
        settings.LEDGER_TSA_ROOTS = str(tmp_path / "own" / "ca.pem")
        (problem,) = gather_signatures()
    assert "its stamp does not hold" in problem
    assert not LedgerStamp.objects.exists()


def test_a_receipt_gives_a_proof_that_shows_no_answer(
    cast: Cast, client: Client, tmp_path: Path, bodies: list[RunningWitness]
) -> None:
    submission = cast.submission("mine", 1, now=timezone.now())
    record_batch(submissions=[submission])
    code = submission.ticket.receipt
    page = client.get(f"/r/{code}/proof").content.decode()
    assert "/proof/file" not in page
    assert client.get(f"/r/{code}/proof/file").status_code == 404
    seal_day(timezone.now())
    gather_signatures()
    page = client.get(f"/r/{code}/proof").content.decode()
    assert f"/r/{code}/proof/file" in page
    answered = client.get(f"/r/{code}/proof/file")
    assert 'filename="hai-long.tlog-proof"' in answered.headers["Content-Disposition"]
    (tmp_path / "file").write_bytes(answered.content)
    given = (tmp_path / "file", ledger_folder() / "key", "--policy", policy_path())
    done = outsider("--proof", *given)
    assert (done.returncode, done.stdout) == (0, "ok: entry 72 of 73 is in the log\n")
    _version, extra, index, *_path = answered.content.decode().splitlines()
    assert index == "index 72"
    entry = base64.b64decode(extra.removeprefix("extra "))
    assert entry == bytes(LedgerLeaf.objects.latest("index").entry)
    (tmp_path / "file").write_text(answered.content.decode().replace("index 72", "index 71"))
    assert "FAULT: the entry is not in the log" in outsider("--proof", *given).stdout
    assert client.get("/r/AAAAAAAAAA/proof").status_code == 404
    assert client.post(f"/r/{code}/proof").status_code == 405


def test_the_page_of_the_log_tells_who_signed(
    client: Client, sealed: list[Response], request: pytest.FixtureRequest
) -> None:
    before = client.get("/ket-qua/en/so-cai/").content.decode()
    assert "No other body signs this log yet" in before
    bodies = request.getfixturevalue("bodies")
    waiting = client.get("/ket-qua/en/so-cai/").content.decode()
    assert "does not yet have the signatures of enough witnesses" in waiting
    gather_signatures()
    page = client.get("/ket-qua/en/so-cai/").content.decode()
    assert "Enough witnesses have signed this head" in page
    assert "2 of 3 are needed" in page
    root = split_note(newest().note)[0].splitlines()[2]
    assert root.replace("+", "&#x2B;") in page or root in page
    for name in ("key-mldsa", "policy", "witness.py", "verify.py"):
        assert client.get(f"/so-cai/{name}").status_code == 200
    assert all(f"W{n}" in page for n in range(len(bodies)))


def test_the_command_and_the_night_ask_for_signatures(
    bodies: list[RunningWitness], capsys: pytest.CaptureFixture[str]
) -> None:
    bodies[2].kill()
    call_command("seal_ledger")
    assert "WARNING: W2: cannot be reached" in capsys.readouterr().err
    assert newest().cosignatures.count() == 3, "the log's own and two"
    call_command("verify_ledger")
    assert "72 entries under signatures of enough witnesses" in capsys.readouterr().out
    assert "witness_head" in [step.__name__ for step in STEPS]


def make_key(kind: int, name: str = "w.example", fill: int = 7) -> str:
    return VerifierKey(name, kind, bytes([fill]) * 32).text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no line names the quorum"),
        ("quorum w\n", "line 1: 'w' is not named above"),
        ("witness w x\nquorum w\n", "line 1: 'x' is no verifier key"),
        ("witness w {w} ftp://a\nquorum w\n", "line 1: 'ftp://a' is no address"),
        ("witness w {log}\nquorum w\n", "line 1: the key is none of a witness"),
        ("log {w}\nquorum none\n", "line 1: the key is none of a log"),
        ("witness w {w}\nwitness w {v}\nquorum w\n", "line 2: 'w' is named twice"),
        ("witness w {w}\nwitness v {w}\nquorum w\n", "line 2: the key is none of a witness, or"),
        ("witness w {w}\ngroup g 2 w\nquorum g\n", "line 2: '2' of 1 is no number"),
        ("witness w {w}\ngroup g any w\ngroup h any w\nquorum g\n", "line 3: 'w' is in a group"),
        ("quorum none\nquorum none\n", "line 2: a second quorum"),
        ("nonsense\nquorum none\n", "line 1: 'nonsense' is no line"),
    ],
)
def test_a_policy_with_a_fault_names_its_line(text: str, told: str) -> None:
    filled = text.format(w=make_key(4), v=make_key(4, "v.example", 8), log=make_key(1))
    with pytest.raises(PolicyError) as error:
        read_policy(filled)
    assert told in str(error.value)


def test_a_policy_counts_as_its_groups_say() -> None:
    keys: dict[str, Any] = {
        name: make_key(4, f"{name}.example", n) for n, name in enumerate("abcd")
    }
    lines = [f"witness {name} {key}" for name, key in keys.items()]
    text = "\n".join(["# a comment", "", *lines, "group x 2 a b c", "group y all x\td", "quorum y"])
    policy = read_policy(text + "\n")
    assert [policy.is_met(set(signed)) for signed in ("abc", "abd", "ad", "abcd")] == [
        False, True, False, True,
    ]  # fmt: skip
