"""Finds the published index again from this folder alone; needs pandas, not the product.

    python reproduce.py

For every agency with a published index: share of satisfied answers of each item, weighted, then
their mean as method.toml says. The largest difference to index.csv is printed; it is at most 0.01.
"""

from __future__ import annotations

import sys
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = Path(__file__).resolve().parent


def read_method() -> dict[str, Any]:
    """What the index stands for: valid answers, satisfied ones, factors, rule."""
    return tomllib.loads((FOLDER / "method.toml").read_text(encoding="utf-8"))


def item_sums(rows: pd.DataFrame, method: dict[str, Any]) -> pd.DataFrame:
    """By agency and item: weight of valid answers, weight times what counts, and valid answers."""
    scale, index = method["scale"], method["index"]
    statistic = index.get("statistic", "share")
    items = [item for members in method["factors"].values() for item in members]
    valid = rows[items].isin(scale["answers"])
    if index.get("missing") == "complete":
        valid = valid.mul(valid.all(axis=1), axis=0)
    if statistic == "score":
        value = rows[items].where(valid, 0).astype(float)
    else:
        value = rows[items].isin(scale["satisfied"]).astype(float)
        if statistic == "net":
            value -= rows[items].isin(scale["opposed"]).astype(float)
        value = value.where(valid, 0.0)
    found = []
    for item in items:
        part = pd.DataFrame(
            {
                "agency": rows["agency"],
                "weight": rows["weight"] * valid[item],
                "sum": rows["weight"] * value[item],
                "n": rows["counted"] * valid[item],
            }
        )
        found.append(part.groupby("agency").sum().assign(item=item))
    return pd.concat(found).reset_index()


def index_of_agency(sums: pd.DataFrame, method: dict[str, Any]) -> float:
    """The overall index of one agency, in percent."""
    index, scale = method["index"], method["scale"]
    asked = sums[sums["weight"] > 0]
    enough = asked[asked["n"].round() >= method["publication"]["min_n"]]
    used = enough if len(enough) else asked
    low, high = scale.get("range", [0, 1]) if index.get("statistic") == "score" else (0, 1)
    if index["rule"] == "pooled":
        value = used["sum"].sum() / used["weight"].sum()
    else:
        ratio = (used["sum"] / used["weight"]).set_axis(used["item"])
        value = weigh(ratio, method)
    return 100 * (value - low) / (high - low)


def weigh(ratio: pd.Series, method: dict[str, Any]) -> float:
    """The mean of items, or the sum of factor weights times the mean of a factor's items."""
    if method["index"]["rule"] == "mean-of-items":
        return float(ratio.mean())
    weights: dict[str, float] = {}
    for factor, items in method["factors"].items():
        asked = [item for item in items if item in ratio.index]
        share = float(Fraction(method["factor_weights"][factor]))
        weights |= {item: share / len(asked) for item in asked}
    size = sum(weights.values())
    return float(sum(ratio[item] * weight for item, weight in weights.items()) / size)


def compare() -> pd.DataFrame:
    """Published and reproduced index by agency."""
    method = read_method()
    rows = pd.read_csv(FOLDER / "rows.csv", dtype={"agency": str, "domain": str})
    sums = item_sums(rows[rows["weight"] > 0], method)
    own = {agency: index_of_agency(part, method) for agency, part in sums.groupby("agency")}
    table = pd.read_csv(FOLDER / "index.csv", dtype={"agency": str})
    shown = table[(table["level"] == "overall") & table["status"].isin(["published", "few"])]
    shown = shown[shown["agency"] != "*"].set_index("agency")[["agency_name", "weighted_index"]]
    shown["reproduced"] = pd.Series(own)
    shown["difference"] = (shown["reproduced"] - shown["weighted_index"]).abs()
    return shown


if __name__ == "__main__":
    found = compare()
    worst = float(found["difference"].max()) if len(found) else 0.0
    sys.stdout.write(f"{len(found)} agencies, largest difference {worst:.4f}\n")
    sys.exit(0 if worst <= 0.01 and found["difference"].notna().all() else 1)
