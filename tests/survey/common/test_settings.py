"""What stands in the environment: secrets also in files, flags that are typed right, addresses."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.utils import timezone

ROOT = Path(__file__).parents[3]


def load(expression: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = f"from survey import settings; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": "x", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from a file\n", encoding="utf-8")
    done = load("settings.TWILIO_AUTH_TOKEN", TWILIO_AUTH_TOKEN_FILE=str(path))
    assert done.stdout.strip() == "from a file"
    both = load("1", TWILIO_AUTH_TOKEN_FILE=str(path), TWILIO_AUTH_TOKEN="x")
    assert "are both set" in both.stderr
    assert "cannot be read" in load("1", PHONE_KEY_FILE=str(tmp_path / "none")).stderr


@pytest.mark.parametrize(("value", "on"), [("1", "True"), ("yes", "True"), ("off", "False")])
def test_a_flag_is_on_or_off(value: str, on: str) -> None:
    assert load("settings.DEBUG", DEBUG=value).stdout.strip() == on


@pytest.mark.parametrize("name", ["DEBUG", "HAILONG_DEMO", "SMS_QUIET_HOURS", "SMS_BESIDE_SQLITE"])
def test_a_mistyped_flag_is_an_error(name: str) -> None:
    done = load("1", **{name: "treu"})
    assert done.returncode != 0
    assert f"{name}='treu' is neither on nor off" in done.stderr


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("postgresql://u:p%40ss@db:5433/hl", "db 5433 u p@ss hl"),
        ("postgresql:///hl?host=/run/pg", "/run/pg    hl"),
        ("sqlite:////tmp/x.sqlite3", "    /tmp/x.sqlite3"),
    ],
)
def test_a_database_is_one_address(url: str, wanted: str) -> None:
    names = '"HOST", "PORT", "USER", "PASSWORD", "NAME"'
    done = load(
        f"*(settings.DATABASES['default'].get(n) or '' for n in ({names}))", DATABASE_URL=url
    )
    assert done.stdout.rstrip("\n") == wanted


def test_another_kind_of_database_is_refused() -> None:
    assert "unknown scheme 'mysql'" in load("1", DATABASE_URL="mysql://x/y").stderr


def check_deployment(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """What step 4 of docs/operations.md runs, with the settings the steps before it name."""
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    settings = {
        "PUBLIC_URL": "https://hailong.example.vn",
        "BUFFERED_BY_PROXY": "1",
        "SECRET_KEY": base64.b64encode(os.urandom(60)).decode(),
        "PHONE_KEY": key,
        "PHONE_HASH_KEY": key[::-1],
        "DATABASE_URL": f"sqlite:///{folder / 'x.sqlite3'}",
        "HAILONG_VAR": str(folder),
    }
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **settings, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_of_a_deployment_is_clean_at_seven_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is set up just when the offices open by default was refused."""
    seven = timezone.now().replace(hour=7, minute=0, second=0)
    monkeypatch.setattr("django.db.models.fields.timezone.now", lambda: seven)
    found = [one for one in run_checks() if one.id == "fields.W161"]
    assert found, "Django warns at that moment"
    assert all(one.is_silenced() for one in found)


def test_a_deployment_by_the_docs_is_checked_and_clean(tmp_path: Path) -> None:
    done = check_deployment(tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"PHONE_KEY": ""}, "survey.E005"),
        pytest.param({"BUFFERED_BY_PROXY": ""}, "PUBLIC_URL is https", marks=pytest.mark.slow),
        pytest.param({"SECRET_KEY": "short"}, "security.W009", marks=pytest.mark.slow),
        pytest.param({"DEBUG": "1"}, "security.W018", marks=pytest.mark.slow),
        ({"PUBLIC_HOLIDAYS": "8/2/2027"}, "'8/2/2027' is no day"),
    ],
)
def test_a_deployment_that_lacks_something_is_told(
    environment: dict[str, str], told: str, tmp_path: Path
) -> None:
    done = check_deployment(tmp_path, **environment)
    assert done.returncode != 0
    assert told in done.stderr
