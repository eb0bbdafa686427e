"""The example of the documents reads figures from a real server, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.servers.conftest import ROOT, manage, serve

EXAMPLE: Final = ROOT / "docs" / "examples" / "read_figures.py"
FILL: Final = """
from datetime import timedelta
from django.utils import timezone
from survey.accounts.api_keys import make_api_key
from survey.accounts.models import Role, User
from survey.scorecards.bridge.bundles import INDEX_COLUMNS
from survey.scorecards.models import AgencyResult, Edition

now = timezone.now()
edition = Edition.objects.create(period="2025-Q3", method="overall", method_version=3,
    method_sha256="m" * 64, snapshot_sha256="s" * 64, responses=1, about={}, made_at=now,
    released_at=now, public_number=1)
row = dict.fromkeys(INDEX_COLUMNS) | {"period": "2025-Q3", "agency": "*", "level": "overall",
    "agency_name": "Tỉnh Đồng Tháp", "code": "overall", "status": "published", "n": 420,
    "weighted_index": "83.54"}
AgencyResult.objects.create(edition=edition, name="Tỉnh Đồng Tháp", kind="province", rows=[row])
owner, _made = User.objects.get_or_create(username="program", defaults={"role": Role.ANALYST})
last = timezone.localdate() + timedelta(days=9)
print(make_api_key(owner=owner, name="x", scopes=["figures"], expires_on=last, now=now)[1])
"""


def test_the_typed_client_reads_figures(installation: dict[str, str], tmp_path: Path) -> None:
    lines = manage(installation, "shell", "--no-imports", "-c", FILL).strip().splitlines()
    key = lines[-1]
    with serve(installation, tmp_path) as server:

        def run(text: str) -> subprocess.CompletedProcess[str]:
            plain = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
            return subprocess.run(
                [sys.executable, "-I", str(EXAMPLE)],
                env={**plain, "HAILONG_URL": server.url, "HAILONG_KEY": text},
                capture_output=True,
                text=True,
                check=False,
            )

        done = run(key)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("2025-Q3 overall")
        assert "Tỉnh Đồng Tháp    83.54" in done.stdout
        refused = run("hl_x")
        assert refused.returncode == 1
        assert refused.stderr.startswith("401: Send a good key")
