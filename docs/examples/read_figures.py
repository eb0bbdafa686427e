"""Reads the newest figures of an installation with a key: two environment variables, one table.

HAILONG_URL=https://hailong.example HAILONG_KEY=hl_... python read_figures.py
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import requests


@dataclass(frozen=True)
class Figures:
    """The figures of an installation, as the owner of the key may see them."""

    url: str
    key: str

    def get(self, path: str, **query: str) -> Any:
        """One answer; a refusal ends the program with what it says."""
        answer = requests.get(
            f"{self.url}/api/v1{path}", params=query, headers=self.headers, timeout=30
        )
        if not answer.ok:
            # A proxy in between refuses in its own words.
            told = answer.headers["Content-Type"] == "application/problem+json"
            sys.exit(f"{answer.status_code}: {answer.json()['detail'] if told else answer.reason}")
        return answer.json()

    @property
    def headers(self) -> dict[str, str]:
        """What shows the key."""
        return {"Authorization": f"Bearer {self.key}"}

    def items(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """Everything of a list, part by part."""
        cursor = ""
        while True:
            part = self.get(path, cursor=cursor, **query)
            yield from part["items"]
            cursor = part["next"] or ""
            if not cursor:
                return

    def table(self, edition: int) -> pd.DataFrame:
        """All rows of an edition."""
        address = f"{self.url}/api/v1/editions/{edition}/figures.csv"
        return pd.read_csv(address, storage_options=self.headers)


if __name__ == "__main__":
    figures = Figures(os.environ["HAILONG_URL"], os.environ["HAILONG_KEY"])
    released = (one for one in figures.items("/editions") if one["state"] == "released")
    newest = next(released, None)
    if newest is None:
        sys.exit("no figures are released yet")
    frame = figures.table(newest["id"])
    shown = frame[frame["level"] == "overall"].set_index("agency_name")["weighted_index"]
    sys.stdout.write(f"{newest['period']} {newest['method']}\n{shown.to_string()}\n")
