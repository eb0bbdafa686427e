"""Writes: an edition from a snapshot."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from django.db import transaction

from survey.agencies.models import Agency
from survey.scorecards.bridge import compute_index
from survey.scorecards.models import AgencyResult, Edition


@transaction.atomic
def make_edition(*, folder: Path, method: str, now: datetime) -> Edition:
    """Compute a snapshot and keep the publishable figures; the same snapshot and method give the same edition once."""
    computed = compute_index(folder=folder, method=method)
    identity = {
        "period": computed.period,
        "method_sha256": computed.method_sha256,
        "snapshot_sha256": computed.snapshot_sha256,
    }
    if existing := Edition.objects.filter(**identity).first():
        return existing
    edition = Edition.objects.create(
        **identity,
        method=computed.method,
        method_version=computed.method_version,
        responses=computed.responses,
        about=computed.about,
        made_at=now,
    )
    ids = dict(Agency.objects.filter(key__in=computed.rows).values_list("key", "pk"))
    AgencyResult.objects.bulk_create(
        AgencyResult(
            edition=edition,
            agency_id=None if key == computed.province_key else ids[key],
            name=rows[0]["agency_name"],
            kind=rows[0]["agency_kind"],
            rows=rows,
        )
        for key, rows in computed.rows.items()
    )
    return edition
