"""Cases of R, and answers made up, for several tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from analysis.counting.cells import Cells, count_rows
from analysis.index.counted import KEYS
from analysis.method import Method, load_method
from analysis.publication.audit import ALL, Counts

GOLD = Path(__file__).parents[1] / "gold"


CASES: list[dict[str, Any]] = json.loads((GOLD / "gold_api.json").read_text(encoding="utf-8"))[
    "cases"
]


Person = tuple[str, str, str, str, dict[str, int]]


def count(people: list[Person], method: Method) -> Cells:
    data = [dict(zip(KEYS, (*person[:4], "", ""), strict=True)) | person[4] for person in people]
    schema = {**dict.fromkeys(KEYS, pl.String), **dict.fromkeys(method.items, pl.Int8)}
    return count_rows(pl.DataFrame(data, schema=schema), KEYS, method.variables())


def answers(
    evidence: str, good: int, bad: int, channel: str = "counter", domain: str = "land"
) -> list[Person]:
    def person(level: int) -> Person:
        return ("a", domain, channel, evidence, {"overall": level})

    return [person(5)] * good + [person(2)] * bad


OVERALL = load_method("overall")


def frame(
    rows: list[tuple[str, str, str, dict[str, int]]], method: Method = OVERALL
) -> pl.DataFrame:
    """Responses as (agency, domain, channel, answers)."""
    keys = [dict(zip(KEYS, (a, d, c, "E3", "", ""), strict=True)) for a, d, c, _ in rows]
    data = [
        key | {i: x.get(i) for i in method.items} for key, (*_, x) in zip(keys, rows, strict=True)
    ]
    schema = {**dict.fromkeys(KEYS, pl.String), **dict.fromkeys(method.items, pl.Int8)}
    return pl.DataFrame(data, schema=schema)


def cells_of(data: pl.DataFrame, method: Method = OVERALL) -> Cells:
    return count_rows(data, KEYS, method.variables())


def people(
    agency: str, domain: str, channel: str, good: int, bad: int
) -> list[tuple[str, str, str, dict[str, int]]]:
    return [(agency, domain, channel, {"overall": 5})] * good + [
        (agency, domain, channel, {"overall": 3})
    ] * bad


def table_of_counts(rng: np.random.Generator) -> Counts:
    """A random table: 2 to 12 agencies, in groups or not, by 0 to 3 domains, many small counts."""
    agencies, domains = int(rng.integers(2, 13)), int(rng.choice([0, 2, 3]))
    mean = rng.choice([1, 4, 20, 60])
    inner = rng.negative_binomial(0.7, 0.7 / (0.7 + mean), size=(agencies, max(domains, 1)))
    n = np.hstack([inner, inner.sum(axis=1, keepdims=True)]) if domains else inner
    names = [f"a{row}" for row in range(agencies)]
    parent = dict.fromkeys(names, "*")
    groups: list[str] = []
    if agencies > 4 and rng.random() < 0.5:
        groups = ["g1", "g2"]
        parent = {name: groups[row % 2] for row, name in enumerate(names)} | dict.fromkeys(
            groups, "*"
        )
        n = np.vstack([n, n[::2].sum(axis=0), n[1::2].sum(axis=0)])
    n = np.vstack([n, n[:agencies].sum(axis=0)])
    columns = (*(f"d{c}" for c in range(domains)), ALL)
    return Counts((*names, *groups, "*"), parent, columns, n)
