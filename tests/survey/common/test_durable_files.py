"""Files whole or not at all; keys that several processes make at their first start."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from survey.common.durable_files import erase_drafts, make_file_once, replace_file

ROOT = Path(__file__).parents[3]
START = (
    "import os, sys; from pathlib import Path; from survey.environment import read_secret_key; "
    "sys.stdin.readline(); print(read_secret_key(Path(sys.argv[1])))"
)


def test_of_many_who_make_a_file_at_a_time_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(100):
            path = tmp_path / f"{number}.key"
            made = pool.map(lambda _n, p=path: make_file_once(p, new_key), range(8))
            assert set(made) == {path.read_bytes()}
    assert len(list(tmp_path.iterdir())) == 100, "no draft is left"


def new_key() -> bytes:
    return secrets.token_bytes(32)


@pytest.mark.long
def test_processes_that_start_at_a_time_share_one_key(tmp_path: Path) -> None:
    command = [sys.executable, "-c", START, str(tmp_path / "var")]
    plain = {name: text for name, text in os.environ.items() if name != "SECRET_KEY"}
    started = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=plain,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for _n in range(6)
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=60)[0] for process in started}
    assert len(keys) == 1
    path = tmp_path / "var" / "secret.key"
    assert keys == {f"{path.read_text()}\n"}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_writes_belongs_to_whom_the_folder_belongs(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    replace_file(tmp_path / "mark.json", b"x")
    replace_file(tmp_path / "new" / "mark.json", b"x")
    for path in (tmp_path / "mark.json", tmp_path / "new", tmp_path / "new" / "mark.json"):
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 12345)
    assert (tmp_path / "mark.json").stat().st_mode & 0o777 == 0o600


def test_without_links_a_key_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_draft: Path, _path: Path) -> None:
        raise OSError("Operation not supported")

    monkeypatch.setattr("os.link", refuse)
    first = make_file_once(tmp_path / "a.key", new_key)
    assert make_file_once(tmp_path / "a.key", new_key) == first
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]


def test_drafts_of_programs_that_were_killed_are_erased_after_a_while(tmp_path: Path) -> None:
    for name, age in ((".a.key.1234.draft", 10.0), (".b.key.1234.draft", 0.0), ("a.key", 10.0)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    assert erase_drafts(tmp_path, 995.0) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [".b.key.1234.draft", "a.key"]


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "deep" / "mark.json"
    replace_file(path, b"old", modified=3600.0)
    assert path.stat().st_mtime == 3600.0

    def full(_descriptor: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]
