"""Every release of a period has a number that is never used again; those there are get theirs in
the order they were released.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, models


def number_releases(apps: Any, schema_editor: Any) -> None:
    """Count the releases of each period."""
    editions = apps.get_model("survey", "Edition").objects.using(schema_editor.connection.alias)
    counts: dict[str, int] = {}
    rows = editions.exclude(released_at=None).order_by("released_at", "pk")
    for pk, period in rows.values_list("pk", "period"):
        counts[period] = counts.get(period, 0) + 1
        editions.filter(pk=pk).update(public_number=counts[period])


class Migration(migrations.Migration):
    """A column, its values, and that each is there once."""

    dependencies: ClassVar = [("survey", "0042_line_owners")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="edition",
            name="public_number",
            field=models.PositiveSmallIntegerField(
                editable=False, null=True, verbose_name="number of the release"
            ),
        ),
        migrations.RunPython(number_releases, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="edition",
            constraint=models.UniqueConstraint(
                fields=("period", "public_number"), name="release_number_once_in_a_period"
            ),
        ),
    ]
