"""A small made-up province as a snapshot: agencies of two kinds, from 3 to some hundred answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis import Snapshot, SnapshotWriter
from analysis.data.schema import ITEMS, SERVICE_ITEMS

SIZES = (
    {f"s{k:02d}": 60 + 25 * k for k in range(6)}
    | {f"x{k:02d}": 35 + 9 * k for k in range(16)}
    | {"x99": 3}
)

MONTHS = ("2026-07", "2026-08")


def write_province(
    folder: Path, *, seed: int = 1, rows_per_part: int = 700, months: tuple[str, str] = MONTHS
) -> Snapshot:
    """Two months, three domains, two channels, three evidence classes."""
    rng = np.random.default_rng(seed)
    writer = SnapshotWriter(folder, rows_per_part=rows_per_part)
    answered: dict[tuple[str, str, str, str], int] = {}
    for agency, size in SIZES.items():
        level = rng.normal(0.85, 0.05)
        for _ in range(size):
            domain, channel = (
                str(rng.choice(["land", "social", "civil"])),
                str(rng.choice(["counter", "online"])),
            )
            evidence = "E3" if channel == "online" else str(rng.choice(["E0", "E2"]))
            month = str(rng.choice(months))
            good = rng.random(len(ITEMS)) < level
            levels = np.where(
                good, rng.integers(4, 6, len(ITEMS)), rng.integers(1, 4, len(ITEMS))
            ).tolist()
            asked = {"overall", *(SERVICE_ITEMS if rng.random() < 0.8 else ())}
            values = [
                value if item in asked else None for item, value in zip(ITEMS, levels, strict=True)
            ]
            writer.add((agency, domain, channel, evidence, "", "vi", month, "", *values))
            key = (agency, domain, channel, month)
            answered[key] = answered.get(key, 0) + 1
    totals = [(*key, 3 * n + 5, 3 * n) for key, n in sorted(answered.items())]
    agencies = [
        (
            agency,
            f"Sở Mẫu {agency}" if agency[0] == "s" else f"UBND xã Mẫu {agency}",
            "department" if agency[0] == "s" else "commune",
            agency.upper(),
        )
        for agency in SIZES
    ]
    about = {"period": "2026-Q3", "province": "Tỉnh Mẫu", "notice": "Dữ liệu mẫu"}
    return writer.close(totals=totals, agencies=agencies, about=about)
