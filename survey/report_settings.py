"""Settings of reports: who issues and signs them, and to whom they go."""

from __future__ import annotations

import os

REPORT_ISSUER = os.environ.get("REPORT_ISSUER", "Sở Nội vụ")
"""Who issues reports, under the province's committee."""
REPORT_CODE = os.environ.get("REPORT_CODE", "BC-SNV")
"""Symbol behind the number of a report."""
REPORT_SIGNER = os.environ.get("REPORT_SIGNER", "Giám đốc")
"""Office of who signs reports."""
REPORT_RECEIVERS = [
    line.strip()
    for line in os.environ.get(
        "REPORT_RECEIVERS",
        "UBND tỉnh (để báo cáo); các sở, ban, ngành tỉnh; UBND các xã, phường; lưu: VT, CCHC",
    ).split(";")
]
"""To whom reports go, with semicolons between."""
OPEN_DATA_LICENCE = os.environ.get("OPEN_DATA_LICENCE", "CC-BY-4.0")
"""Under which licence results are published: CC-BY-4.0 or ODbL-1.0."""
