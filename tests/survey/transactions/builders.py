"""Files of totals made up for tests."""

from __future__ import annotations

from survey.transactions.reading import COLUMNS

GOOD = "2026-07,H20.01,land,counter,100,96"


def csv_file(*rows: str) -> bytes:
    return ("\r\n".join([HEAD, *rows]) + "\r\n").encode()


HEAD = ",".join(COLUMNS)
