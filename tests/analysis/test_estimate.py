"""The front door for any survey file, against R: designs with clusters and two stages, calibration,
lonely strata.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import t

from analysis.errors import AnalysisError, DesignError, SpecError
from analysis.estimation.intervals import likelihood
from analysis.sample_survey.estimate import estimate
from analysis.sample_survey.row_weights import weigh_rows
from analysis.sample_survey.spec import build_spec
from tests.analysis.builders import CASES, GOLD

Table = dict[str, Any]
MARGINS = json.loads((GOLD / "apipop_margins.json").read_text(encoding="utf-8"))
DESIGNS: dict[str, tuple[str, Table]] = {
    "srs": ("apisrs", {"weight": "pw", "fpc": "fpc"}),
    "srs_nofpc": ("apisrs", {"weight": "pw"}),
    "strat": ("apistrat", {"weight": "pw", "stratum": "stype", "fpc": "fpc"}),
    "strat_nofpc": ("apistrat", {"weight": "pw", "stratum": "stype"}),
    "clus1": ("apiclus1", {"weight": "pw", "psu": "dnum", "fpc": "fpc"}),
    "clus1_nofpc": ("apiclus1", {"weight": "pw", "psu": "dnum"}),
    "clus2": ("apiclus2", {"weight": "_pw", "psu": "dnum", "fpc": "fpc1", "fpc2": "fpc2"}),
    "clus2_wr": ("apiclus2", {"weight": "pw", "psu": "dnum"}),
}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The samples with the columns the cases derive; apiclus2's weights follow from its two
    population sizes.
    """
    folder = tmp_path_factory.mktemp("api")
    for name in ("apisrs", "apistrat", "apiclus1", "apiclus2"):
        frame = pl.read_csv(GOLD / f"{name}.csv", null_values="", infer_schema_length=None)
        frame = frame.with_columns(
            (pl.col("stype") == k).cast(pl.Int64).alias(f"stype{k}") for k in "EHM"
        )
        frame = frame.with_columns(
            (pl.col("api00") > 700).cast(pl.Int64).alias("high"),
            (pl.col("sch.wide") == "No").cast(pl.Int64).alias("not.wide"),
        )
        if name == "apiclus2":
            second = pl.col("fpc2") / pl.len().over("dnum")
            frame = frame.with_columns(
                (pl.col("fpc1") / pl.col("dnum").n_unique() * second).alias("_pw")
            )
        frame.write_csv(folder / f"{name}.csv")
    return folder


def run(data: Path, design: str, estimands: list[Table], **more: Any) -> Table:
    name, columns = DESIGNS[design]
    return estimate(
        build_spec({"data": f"{name}.csv", "design": columns, "estimand": estimands, **more}, data)
    )


def column(result: Table, key: str) -> np.ndarray:
    return np.array([row[key] for row in result["estimates"]], dtype=float)


def close(found: Any, wanted: Any, rtol: float) -> None:
    wanted = np.atleast_1d(np.asarray(wanted, float))
    np.testing.assert_allclose(
        np.atleast_1d(found), wanted, rtol=rtol, atol=rtol * np.abs(wanted).max()
    )


def chosen(kind: str, *words: str) -> list[Any]:
    found = [
        c
        for c in CASES
        if c["id"].split("/")[1].startswith(kind) and all(w in c["id"] for w in words)
    ]
    return [pytest.param(c, id=c["id"]) for c in found if c["id"].split("/")[0] in DESIGNS]


@pytest.mark.parametrize("case", [*chosen("mean"), *chosen("total"), *chosen("ratio")])
def test_every_design_agrees_with_r(data: Path, case: Table) -> None:
    design, kind, _ = case["id"].split("/")
    names = np.atleast_1d(case["names"]).tolist()
    if kind == "ratio":
        estimands: list[Table] = [
            {"name": "r", "kind": "ratio", "numerator": "api.stu", "denominator": "enroll"}
        ]
    else:
        estimands = [{"name": name, "kind": kind, "numerator": name} for name in names]
    result = run(data, design, estimands)
    close(column(result, "estimate"), case["estimate"], 1e-10)
    close(column(result, "se"), case["se"], 1e-9)
    close(result["covariance"], case["vcov"], 1e-9)
    if "deff" in case and kind == "mean":
        close(column(result, "deff"), case["deff"], 1e-9)
    if "degf" in case:
        assert set(column(result, "df")) == {case["degf"]}


@pytest.mark.parametrize("case", chosen("by"))
def test_domains_agree_with_r(data: Path, case: Table) -> None:
    design, _, by, what = case["id"].split("/")
    estimands: list[Table] = [
        {"name": name, "numerator": name, "by": [by]}
        for name in (["high"] if what.startswith("share") else what.split("+"))
    ]
    result = run(data, design, estimands)
    close(column(result, "estimate"), case["estimate"], 1e-10)
    close(column(result, "se"), case["se"], 1e-9)
    if "vcov" in case:
        close(result["covariance"], case["vcov"], 1e-9)


INTERVALS = {
    "logit": "logit",
    "xlogit": "xlogit",
    "likelihood": "likelihood",
    "beta": "korn-graubard",
    "asin": "asin",
    "mean": "t",
}
# R reads the limits off a spline through the profile; the equation itself is tested below.
LOOSE = {"likelihood": 1.3e-3}
SHARES: dict[str, Table] = {
    "I(sch.wide=='No')": {"numerator": "not.wide", "condition": {"op": "==", "value": 1}},
    "I(api00>850)": {"numerator": "api00", "condition": {"op": ">", "value": 850}},
}


@pytest.mark.parametrize(
    "case", [c for c in chosen("ciprop") if c.values[0]["id"].split("/")[2] in INTERVALS]
)
def test_intervals_of_shares_agree_with_r(data: Path, case: Table) -> None:
    design, _, kind, what = case["id"].split("/", 3)
    estimand = {"name": "y", "kind": "share", **SHARES[what]}
    [row] = run(data, design, [estimand], interval={"method": INTERVALS[kind]})["estimates"]
    # R fits "logit" by iteration and stops at about 3e-9, so its point estimate is the looser of
    # the two.
    close(row["estimate"], case["estimate"], 1e-8 if kind in ("logit", "likelihood") else 1e-10)
    close([row["low"], row["high"]], case["ci95"], LOOSE.get(kind, 1e-8))


@pytest.mark.parametrize("share", [0.001, 0.02, 0.5, 0.93, 0.995])
@pytest.mark.parametrize("effect", [0.7, 1.0, 3.0])
def test_limits_of_the_likelihood_are_as_far_as_the_design_says(
    share: float, effect: float
) -> None:
    n, df = 150, 60
    variance = effect * share * (1 - share) / n
    low, high = (float(one) for one in likelihood(share, variance, n, df))
    assert 0 < low < share < high < 1
    wanted = t.ppf(0.975, df) ** 2 * n / (n - 1)
    for limit in (low, high):
        entropy = share * np.log(share / limit) + (1 - share) * np.log((1 - share) / (1 - limit))
        assert 2 * n / effect * entropy == pytest.approx(wanted, rel=1e-8)


def test_where_everybody_is_alike_the_likelihood_has_limits_too() -> None:
    low, high = likelihood([0.0, 1.0], [0.0, 0.0], 50, 49)
    assert low[0] == 0.0
    assert high[1] == 1.0
    assert 0 < high[0] < 0.1
    assert 0.9 < low[1] < 1


def calibration(case: Table) -> Table:
    """The SPEC's calibration table for a gold case."""
    inside = case["id"].split("(")[1].split(")")[0]
    margins = []
    for name in inside.split(","):
        targets = [{name: category, "total": total} for category, total in MARGINS[name].items()]
        margins.append({"columns": [name], "targets": targets})
    return {"method": "poststratify" if "post(" in case["id"] else "rake", "margin": margins}


SIMPLE = [
    case
    for kind in ("post(", "calraking(", "rake(")
    for case in chosen(kind)
    if all(name in MARGINS for name in case.values[0]["id"].split("(")[1].split(")")[0].split(","))
]


@pytest.mark.parametrize("case", SIMPLE)
def test_calibrated_estimates_agree_with_r(data: Path, case: Table) -> None:
    design = case["id"].split("/")[0]
    name = "high" if "700" in case["id"] else "api00"
    estimands: list[Table] = [
        {"name": "mean", "numerator": name},
        {"name": "total", "kind": "total", "numerator": name},
        {"name": "by", "numerator": name, "by": ["stype"]},
    ]
    result = run(data, design, estimands, calibration=calibration(case))
    wanted = [case["estimate"], case["total"], *case["by_estimate"]]
    errors = [case["se"], case["total_se"], *case["by_se"]]
    # R's rake() stops early and projects with equal weights; calibrate(calfun="raking") is the one
    # to match.
    loose = "/rake(" in case["id"]
    close(column(result, "estimate"), wanted, 1e-6 if loose else 1e-10)
    for found, expected in zip(column(result, "se"), errors, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0.02 if loose else 1e-9, atol=1e-6)
    if not loose:
        weights = result["weights"]
        close(
            [weights["sum"], weights["min"], weights["max"]],
            [case["weight_sum"], case["weight_min"], case["weight_max"]],
            1e-9,
        )
        close(weights["kish_deff"], case["kish_deff"], 1e-9)


def survey(tmp_path: Path, rows: list[dict[str, Any]]) -> Path:
    pl.DataFrame(rows).write_csv(tmp_path / "s.csv")
    return tmp_path


def ask(folder: Path, design: Table, **more: Any) -> Table:
    spec = {
        "data": "s.csv",
        "design": design,
        "estimand": [{"name": "y", "numerator": "y"}],
        **more,
    }
    return estimate(build_spec(spec, folder))


LONELY = [{"h": "a", "y": 1}, {"h": "a", "y": 3}, {"h": "a", "y": 8}, {"h": "b", "y": 10}]


def test_single_units_follow_the_chosen_rule(tmp_path: Path) -> None:
    folder = survey(tmp_path, LONELY)
    se = {
        rule: ask(folder, {"stratum": "h", "lonely": rule})["estimates"][0]["se"]
        for rule in ("remove", "certainty", "adjust", "average")
    }
    y = np.array([1, 3, 8])
    base = 3 * np.var(y, ddof=1) / 16
    assert se["remove"] == se["certainty"] == pytest.approx(np.sqrt(base))
    assert se["average"] == pytest.approx(np.sqrt(2 * base))
    assert se["adjust"] == pytest.approx(np.sqrt(base + ((10 - 5.5) / 4) ** 2))
    with pytest.raises(DesignError, match="stratum b"):
        ask(folder, {"stratum": "h", "lonely": "fail"})


def test_linear_calibration_reproduces_margins_and_bounds_report_their_loss(tmp_path: Path) -> None:
    rows = [{"h": "x", "a": "pq"[i % 2], "b": "rst"[i % 3], "y": i % 5} for i in range(60)]
    folder = survey(tmp_path, rows)
    margins = [
        {"columns": ["a"], "targets": [{"a": "p", "total": 500}, {"a": "q", "total": 100}]},
        {
            "columns": ["b"],
            "targets": [
                {"b": "r", "total": 300},
                {"b": "s", "total": 200},
                {"b": "t", "total": 100},
            ],
        },
    ]
    for method in ("linear", "rake"):
        result = ask(folder, {}, calibration={"method": method, "margin": margins})
        assert result["calibration"]["error"] < 1e-10
        assert result["weights"]["sum"] == pytest.approx(600)
    bounded = ask(
        folder, {}, calibration={"method": "linear", "margin": margins, "bounds": [0.5, 12.0]}
    )
    assert bounded["calibration"]["error"] > 0.01
    assert bounded["weights"]["max"] <= 12


def test_factor_weights_and_conditions(tmp_path: Path) -> None:
    folder = survey(tmp_path, [{"a": a, "b": b} for a, b in ((5, 5), (4, 1), (2, 4), (None, 5))])
    shares = {
        "name": "i",
        "kind": "mean-of-shares",
        "items": ["a", "b"],
        "condition": {"op": ">=", "value": 4},
    }
    for weights, wanted in (([1, 1], (2 / 3 + 3 / 4) / 2), ([3, 1], (3 * 2 / 3 + 3 / 4) / 4)):
        spec = build_spec({"data": "s.csv", "estimand": [{**shares, "weights": weights}]}, folder)
        assert estimate(spec)["estimates"][0]["estimate"] == pytest.approx(wanted)


def test_row_order_and_scale_of_weights_change_nothing(data: Path, tmp_path: Path) -> None:
    frame = pl.read_csv(data / "apistrat.csv", infer_schema_length=None)
    (frame.sample(fraction=1, shuffle=True, seed=3).with_columns(pl.col("pw") * 7)).write_csv(
        tmp_path / "s.csv"
    )
    asked = [{"name": "m", "numerator": "api00", "by": ["awards"]}]
    one = run(data, "strat", asked)
    two = estimate(
        build_spec(
            {
                "data": "s.csv",
                "design": {"weight": "pw", "stratum": "stype", "fpc": "fpc"},
                "estimand": asked,
            },
            tmp_path,
        )
    )
    close(column(two, "estimate"), column(one, "estimate"), 1e-12)
    close(column(two, "se"), column(one, "se"), 1e-12)


FAULTS: list[tuple[Table, Table, str]] = [
    ({"design": {"weigth": "w"}}, {}, "weigth"),
    ({"design": {"weight": "nope"}}, {}, "nope"),
    ({"design": {"weight": "zero"}}, {}, "row 3"),
    ({"design": {"stratum": "h", "psu": "j"}}, {}, "two strata"),
    ({"design": {"stratum": "h", "fpc": "one"}}, {}, "fpc"),
    ({"design": {"fpc": "uneven"}}, {}, "uneven"),
    ({"data": "none.csv"}, {}, "none.csv"),
    ({"interval": {"method": "wald"}}, {}, "wald"),
    ({"interval": {"level": 95}}, {}, "level"),
    ({"estimand": []}, {}, "estimand"),
    ({}, {"numerator": "h"}, "'h'"),
    ({}, {"kind": "median"}, "median"),
    ({}, {"kind": "share"}, "condition"),
    ({}, {"kind": "share", "condition": {"op": "~", "value": 1}}, "condition"),
    ({"calibration": {"method": "rake"}}, {}, "margin"),
    (
        {
            "calibration": {
                "method": "rake",
                "margin": [{"columns": ["h"], "targets": [{"h": "a", "total": 9}]}],
            }
        },
        {},
        "b",
    ),
    (
        {
            "calibration": {
                "method": "rake",
                "margin": [
                    {
                        "columns": ["h"],
                        "targets": [
                            {"h": "a", "total": 9},
                            {"h": "b", "total": 1},
                            {"h": "c", "total": 1},
                        ],
                    }
                ],
            }
        },
        {},
        "nobody",
    ),
    (
        {
            "calibration": {
                "method": "rake",
                "margin": [
                    {"columns": ["h"], "targets": [{"h": "a", "total": 9}, {"h": "b", "total": 1}]},
                    {"columns": ["g"], "targets": [{"g": "x", "total": 11}]},
                ],
            }
        },
        {},
        "add up",
    ),
]


@pytest.mark.parametrize(("more", "estimand", "word"), FAULTS)
def test_faults_name_what_to_mend(tmp_path: Path, more: Table, estimand: Table, word: str) -> None:
    rows = [
        {"h": "aab"[i % 3], "g": "x", "j": i % 2, "y": i, "zero": 1 - i, "one": 1, "uneven": 10 + i}
        for i in range(9)
    ]
    folder = survey(tmp_path, rows)
    spec = {"data": "s.csv", "estimand": [{"name": "y", "numerator": "y", **estimand}], **more}
    with pytest.raises(AnalysisError, match=word):
        estimate(build_spec(spec, folder))


@pytest.mark.parametrize(
    "estimand",
    [
        {"numerator": "y"},
        {"numerator": "y", "kind": "total"},
        {"kind": "ratio", "numerator": "y", "denominator": "x"},
        {"kind": "share", "numerator": "y", "condition": {"op": ">=", "value": 2}},
        {"kind": "mean-of-shares", "items": ["y", "x"], "condition": {"op": ">=", "value": 2}},
    ],
)
def test_a_domain_without_answers_is_a_row_without_a_figure(
    tmp_path: Path, estimand: Table
) -> None:
    rows: list[Table] = [
        {"h": "a", "y": 1, "x": 1},
        {"h": "a", "y": 2, "x": 3},
        {"h": "b", "y": None, "x": None},
    ]
    folder = survey(tmp_path, rows)
    spec = {"data": "s.csv", "estimand": [{"name": "y", "by": ["h"], **estimand}]}
    first, second = estimate(build_spec(spec, folder))["estimates"]
    assert first["estimate"] is not None
    assert (second["label"], second["n"], second["answers"]) == ("y[h=b]", 1, 0)
    assert {second[key] for key in ("estimate", "se", "low", "high", "deff", "n_eff")} == {None}


def everything(**more: Any) -> list[Table]:
    condition = {"op": ">", "value": 700}
    return [
        {"name": "m", "numerator": "api00", "by": ["stype"]},
        {"name": "t", "kind": "total", "numerator": "enroll"},
        {
            "name": "s",
            "kind": "share",
            "numerator": "api00",
            "condition": condition,
            "by": ["awards", "stype"],
        },
        {
            "name": "i",
            "kind": "mean-of-shares",
            "items": ["api00", "api99"],
            "condition": condition,
            "by": ["awards"],
        },
    ]


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("design", list(DESIGNS))
def test_variances_without_the_matrix_are_its_diagonal(
    data: Path, design: str, calibrated: bool
) -> None:
    case = next(c for c in CASES if "/calraking(stype" in c["id"])
    more: Table = {"calibration": calibration(case)} if calibrated else {}
    full, lean = (
        run(data, design, everything(), covariance=asked, **more) for asked in (True, False)
    )
    assert lean["covariance"] is None
    np.testing.assert_allclose(column(lean, "se"), column(full, "se"), rtol=1e-12)
    np.testing.assert_allclose(column(lean, "se") ** 2, np.diag(full["covariance"]), rtol=1e-12)


@pytest.mark.parametrize("rule", ["adjust", "average", "remove"])
def test_single_units_count_alike_with_and_without_the_matrix(data: Path, rule: str) -> None:
    name = DESIGNS["strat"][0]
    spec = {"data": f"{name}.csv", "design": {"weight": "pw", "stratum": "cnum", "lonely": rule}}
    full, lean = (
        estimate(build_spec({**spec, "estimand": everything(), "covariance": asked}, data))
        for asked in (True, False)
    )
    np.testing.assert_allclose(column(lean, "se"), column(full, "se"), rtol=1e-12)
    assert full["design"]["lonely"] > 0


def test_the_matrix_is_given_for_few_estimates_and_else_when_asked_for(tmp_path: Path) -> None:
    folder = survey(tmp_path, [{"g": k % 150, "y": k % 5} for k in range(900)])
    spec = {"data": "s.csv", "estimand": [{"name": "y", "numerator": "y", "by": ["g"]}]}
    assert estimate(build_spec(spec, folder))["covariance"] is None
    assert len(estimate(build_spec({**spec, "covariance": True}, folder))["covariance"]) == 150
    assert len(ask(folder, {})["covariance"]) == 1


def test_the_spec_error_is_one_of_ours() -> None:
    assert issubclass(SpecError, AnalysisError)


def test_a_denominator_that_cancels_is_no_denominator(tmp_path: Path) -> None:
    """0.1 + 0.2 - 0.3 is 5.6e-17 in binary; a ratio to it is no figure, neither in one domain nor
    over all.
    """
    rows = [
        "g,y,x",
        *(f"a,{y},{x}" for y, x in ((1, 0.1), (2, 0.2), (3, -0.3))),
        *(f"b,{y},2" for y in (1, 2, 3)),
    ]
    (tmp_path / "f.csv").write_text("\n".join(rows), encoding="utf-8")
    kinds = {"kind": "ratio", "numerator": "y", "denominator": "x"}
    spec = {"data": "f.csv", "estimand": [{**kinds, "name": "r", "by": ["g"]}]}
    found = estimate(build_spec(spec, tmp_path))["estimates"]
    assert [row["estimate"] for row in found] == [None, 1.0]


STYPE: Table = {
    "columns": ["stype"],
    "targets": [{"stype": k, "total": n} for k, n in MARGINS["stype"].items()],
}
API99: Table = {"number": "api99", "total": 3914069}
KNOWN_TOTALS = [
    # survey's own help page of calibrate(): dclus1 ~ stype + api99, c(pop.totals, api99 = 3914069).
    ("linear", [STYPE, API99], (665.31, 3.4418), (3638487, 385524)),
]


@pytest.mark.parametrize(("method", "margins", "mean", "total"), KNOWN_TOTALS)
def test_calibration_to_the_total_of_a_number_agrees_with_r(
    data: Path,
    method: str,
    margins: list[Table],
    mean: tuple[float, float],
    total: tuple[float, float],
) -> None:
    estimands: list[Table] = [
        {"name": "mean", "numerator": "api00"},
        {"name": "total", "kind": "total", "numerator": "enroll"},
        {"name": "fixed", "kind": "total", "numerator": "api99"},
    ]
    found = run(data, "clus1", estimands, calibration={"method": method, "margin": margins})
    first, second, fixed = found["estimates"]
    assert (round(first["estimate"], 2), round(first["se"], 4)) == mean
    assert (round(second["estimate"]), round(second["se"])) == total
    assert fixed["estimate"] == pytest.approx(3914069, rel=1e-12)
    assert fixed["se"] == 0.0, "what calibration fixes has no variance"


@pytest.mark.parametrize("method", ["linear", "rake"])
@pytest.mark.parametrize("margins", [[API99], [STYPE, API99], [API99, {**API99, "number": "ell"}]])
def test_weights_reach_the_totals_of_numbers_row_by_row(
    data: Path, method: str, margins: list[Table]
) -> None:
    """Against the formulas on rows: g = 1 + x'l, or log g = x'l."""
    rows = pl.read_csv(data / "apisrs.csv")
    known = {m["number"]: m["total"] for m in margins if "number" in m}
    if "ell" in known:
        known["ell"] = 130_000
        margins = [API99, {"number": "ell", "total": 130_000}]
    kinds = [(rows["stype"] == k).cast(pl.Float64) for k in MARGINS["stype"]]
    x = np.column_stack([*(kinds if STYPE in margins else []), *(rows[name] for name in known)])
    goal = np.array([*(MARGINS["stype"].values() if STYPE in margins else []), *known.values()])
    spec = build_spec(
        {
            "data": "apisrs.csv",
            "design": {"weight": "pw"},
            "calibration": {"method": method, "margin": margins},
            "estimand": [{"name": "y", "kind": "total", "numerator": "enroll"}],
        },
        data,
    )
    found = weigh_rows(spec)
    np.testing.assert_allclose(x.T @ found["weight"].to_numpy(), goal, rtol=1e-10)
    g = found["factor"].to_numpy()
    explained = np.log(g) if method == "rake" else g - 1
    left = explained - x @ np.linalg.lstsq(x, explained, rcond=None)[0]
    assert np.abs(left).max() < 1e-9 * max(np.abs(explained).max(), 1)
    residual = _residual(rows, x, found)
    (estimate_row,) = estimate(spec)["estimates"]
    n = len(rows)
    variance = n / (n - 1) * ((residual - residual.mean()) ** 2).sum()
    assert estimate_row["se"] == pytest.approx(variance**0.5, rel=1e-9)


def _residual(rows: pl.DataFrame, x: np.ndarray, found: pl.DataFrame) -> np.ndarray:
    """g w (y - x'B) of each row, B by the starting weights."""
    y, start = rows["enroll"].to_numpy().astype(float), found["start"].to_numpy()
    b = np.linalg.solve(x.T @ (x * start[:, None]), x.T @ (start * y))
    return np.asarray(found["weight"].to_numpy() * (y - x @ b))


@pytest.mark.parametrize(
    ("calibration", "words"),
    [
        ({"method": "linear", "margin": [{"number": "y"}]}, "a number has a total"),
        ({"method": "linear", "margin": [{**API99, "columns": ["h"]}]}, "neither columns nor"),
        ({"method": "poststratify", "margin": [{"number": "y", "total": 3}]}, "rake or linear"),
        ({"method": "rake", "margin": [{"number": "y", "total": "3"}]}, "must be a number"),
        ({"method": "rake", "margin": [{"number": "y", "total": 9}] * 2}, "has two totals"),
        (
            {"method": "rake", "margin": [{"number": "h", "total": 9}]},
            "'h' must hold numbers",
        ),
        ({"method": "rake", "margin": [{"number": "y", "total": -9}]}, "does not settle"),
        ({"method": "rake", "margin": [{"columns": ["h"], "total": 9}]}, "beside number"),
    ],
)
def test_totals_of_numbers_that_cannot_be_meant_are_refused(
    tmp_path: Path, calibration: Table, words: str
) -> None:
    with pytest.raises(AnalysisError, match=words):
        ask(survey(tmp_path, LONELY), {}, calibration=calibration)


def test_every_row_needs_the_number_weights_are_calibrated_to(tmp_path: Path) -> None:
    folder = survey(tmp_path, [{"x": 1, "y": 1}, {"x": None, "y": 3}])
    margin = {"number": "x", "total": 9}
    with pytest.raises(DesignError, match=r"column x, row 3: weights are calibrated"):
        ask(folder, {}, calibration={"method": "linear", "margin": [margin]})


@pytest.mark.parametrize("method", ["linear", "rake"])
def test_a_large_offset_of_a_number_changes_nothing(tmp_path: Path, method: str) -> None:
    """Years and identifiers: what differs is the tenth part of a millionth."""
    found = []
    for offset in (0, 10**8):
        rows: list[Table] = [
            {"g": "ab"[k % 2], "x": offset + k, "y": (k * k) % 7} for k in range(10)
        ]
        total = sum(row["x"] for row in rows) + 3
        groups = {"columns": ["g"], "targets": [{"g": g, "total": 5} for g in "ab"]}
        margins = [groups, {"number": "x", "total": total}]
        result = ask(survey(tmp_path, rows), {}, calibration={"method": method, "margin": margins})
        assert result["calibration"]["error"] < 1e-9
        found.append([result["estimates"][0][name] for name in ("estimate", "se")])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-7)
    assert found[0][0] != pytest.approx(sum((k * k) % 7 for k in range(10)) / 10, abs=1e-3)


def test_a_column_called_as_the_program_calls_its_own_is_refused(tmp_path: Path) -> None:
    folder = survey(tmp_path, [{"_amount0": 1, "x": 1, "y": 1}, {"_amount0": 2, "x": 2, "y": 3}])
    estimand = [{"name": "y", "numerator": "y", "by": ["_amount0"]}]
    margin = {"number": "x", "total": 9}
    with pytest.raises(SpecError, match=r"_amount0.* is used by the program"):
        ask(folder, {}, estimand=estimand, calibration={"method": "linear", "margin": [margin]})
