"""What another method would make of the answers an edition was computed from."""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from survey.accounts.models import User
from survey.common.languages import staff_language
from survey.scorecards.archive import find_snapshot
from survey.scorecards.bridge.indices import compute_index, method_items
from survey.scorecards.bridge.methods import shipped_methods
from survey.scorecards.methods import known_methods, locate_method
from survey.scorecards.models import ComputationState, Edition, MethodComparison
from survey.scorecards.queries import figures_shown, releases_about

log = logging.getLogger(__name__)
COMPARED: Final = ("weighted_index", "ci_low", "ci_high", "n", "status", "rank_best", "rank_worst")


def editions_to_compare() -> list[Edition]:
    """The newest edition of each finished period and method whose answers are kept, the latest
    period first.
    """
    found: dict[tuple[str, str], Edition] = {}
    for edition in Edition.objects.order_by("made_at"):
        if not edition.is_preview and find_snapshot(edition.snapshot_sha256) is not None:
            found[edition.period, edition.method] = edition
    return sorted(found.values(), key=lambda edition: (edition.period, edition.pk), reverse=True)


def request_comparison(
    *, edition: Edition, sha256: str, by: User, now: datetime
) -> MethodComparison:
    """Have an edition's answers computed under another method, in the background.

    Raises
    ------
    ValidationError
        The method is not there, is the edition's own, or the answers are no longer kept.
    """
    method = next((one for one in known_methods() if one.sha256 == sha256), None)
    if method is None:
        raise ValidationError({"method": _("There is no such method.")})
    if sha256 == edition.method_sha256:
        raise ValidationError({"method": _("These figures were computed under this method.")})
    if method.counts not in {one.counts for one in shipped_methods()}:
        raise ValidationError(
            {
                "method": _(
                    "This method counts other answers than the methods that are shipped: what "
                    "it changes would tell of a few people. Two people choose it without a look."
                )
            }
        )
    if find_snapshot(edition.snapshot_sha256) is None:
        raise ValidationError(
            {"edition": _("The answers of these figures are no longer kept on this server.")}
        )
    row = MethodComparison.objects.create(
        edition=edition, method=method.id, method_sha256=sha256, asked_by=by, asked_at=now
    )
    number = row.pk
    transaction.on_commit(lambda: compare_methods.enqueue(number, by.language))
    return row


@task()
def compare_methods(number: int, language: str) -> None:
    """Compute one comparison and keep what may be shown of it."""
    row = MethodComparison.objects.select_related("edition").filter(pk=number).first()
    if row is None or row.state in (ComputationState.DONE, ComputationState.FAILED):
        return
    with override(staff_language(language)):
        MethodComparison.objects.filter(pk=number).update(state=ComputationState.COMPUTING)
        try:
            row.rows, row.state = _compare(row), ComputationState.DONE
        except Exception as error:  # whatever it is, nobody may be left waiting
            log.exception("methods were not compared")
            row.problem, row.state = str(error), ComputationState.FAILED
        row.save(update_fields=["rows", "state", "problem"])


def _compare(row: MethodComparison) -> list[dict[str, Any]]:
    """Overall figures of every agency under both methods, the province first.

    The new ones are held against every release about the same items, the compared one among them:
    no difference of the two tells of a few people.
    """
    folder = find_snapshot(row.edition.snapshot_sha256)
    if folder is None:
        raise ValidationError(_("The answers of these figures are no longer kept on this server."))
    method = locate_method(row.method, row.method_sha256)
    about = [row.edition, *releases_about(method_items(method=method))]
    others = {edition.pk: edition for edition in about}
    after = _overall_rows(Path(folder), method, list(others.values()))
    lines = []
    for result in row.edition.results.all():
        before = next(line for line in result.rows if line["level"] == "overall")
        now = after.get(before["agency"], {})
        lines.append(
            {
                "agency": before["agency"],
                "name": result.name,
                "kind": result.kind,
                "before": {name: before.get(name) for name in COMPARED},
                "after": {name: now.get(name) for name in COMPARED},
            }
        )
    return lines


def _overall_rows(folder: Path, method: str, releases: list[Edition]) -> dict[str, dict[str, Any]]:
    computed = compute_index(
        folder=folder, method=method, releases=[figures_shown(edition) for edition in releases]
    )
    return {
        agency: next(line for line in rows if line["level"] == "overall")
        for agency, rows in computed.rows.items()
    }
