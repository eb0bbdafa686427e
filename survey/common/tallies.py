"""Adds to a counter row that may not be there yet, whoever else adds at the same moment."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, models, transaction
from django.db.models import F


def increment(model: type[models.Model], field: str, number: int, **key: Any) -> None:
    """Add ``number`` to ``field`` of the row with this unique key; the database decides who creates
    it.
    """
    row = model._default_manager.filter(**key)
    if row.update(**{field: F(field) + number}):
        return
    try:
        with transaction.atomic():
            model._default_manager.create(**key, **{field: number})
    except IntegrityError:
        row.update(**{field: F(field) + number})
