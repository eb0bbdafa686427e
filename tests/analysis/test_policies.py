"""Policies kept as data: evidence classes, fixed channel mix, trimming, bands, other scales; what
may be shown.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from analysis.errors import DesignError, MethodError
from analysis.index.indices import compute_indices
from analysis.index.results import PROVINCE, Figure
from analysis.method import FOLDER, Method, load_method
from analysis.publication.disclosure import publish, publish_all
from analysis.weighting.poststratify import fixed_mix, poststratify
from tests.analysis.builders import Person, answers, count

OVERALL = load_method("overall")
COUNTED = 'counted = ["E1", "E2", "E3"]'
MIX = '[channel_mix]\ncounter = "3/4"\nonline = "1/4"\n[publication]'


def figures(
    people: list[Person], dossiers: dict[tuple[str, str, str], int], method: Method
) -> dict[str, Figure]:
    result = compute_indices(
        count(people, method), {key: (n, n) for key, n in dossiers.items()}, method, {}
    )
    return {f"{f.agency}/{f.level}/{f.code}": f for f in result.figures}


def variant(tmp_path: Path, base: str, **changes: str) -> Method:
    text = (FOLDER / f"{base}.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        text = text.replace(old, new)
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    return load_method(path)


def test_open_answers_stand_beside_the_index_and_never_in_it() -> None:
    """40 answers by receipt (half satisfied) and 500 poster answers, all satisfied, on 100
    dossiers.
    """
    people = answers("E2", 20, 20) + answers("E0", 500, 0)
    figure = figures(people, {("a", "land", "counter"): 100}, OVERALL)["a/overall/overall"]
    assert (figure.n, figure.received) == (40, 540)
    assert figure.weighted == pytest.approx(50.0)
    assert figure.with_open == pytest.approx(100 * (20 + 60) / 100)
    assert figure.n_with_open == 100
    assert figure.evidence == pytest.approx((0.0, 0.0, 100.0, 0.0, 0.0, 0.0, 0.0))
    shown = publish(figure, OVERALL)
    assert (shown.with_open, shown.n_with_open) == (Decimal("80.00"), 100)


def test_a_province_may_count_open_answers_by_one_line_and_every_output_says_so(
    tmp_path: Path,
) -> None:
    own = variant(tmp_path, "overall", **{COUNTED: 'counted = ["E0", "E1", "E2", "E3"]'})
    people = answers("E2", 20, 20) + answers("E0", 500, 0)
    figure = figures(people, {("a", "land", "counter"): 100}, own)["a/overall/overall"]
    assert (figure.n, figure.received) == (100, 540)
    assert figure.weighted == pytest.approx(100 * (20 + 60) / 100)
    assert figure.evidence == pytest.approx((60.0, 0.0, 40.0, 0.0, 0.0, 0.0, 0.0))
    assert own.counts_open
    assert not OVERALL.counts_open


def test_more_open_answers_change_nothing_once_the_dossiers_are_reached(tmp_path: Path) -> None:
    own = variant(tmp_path, "overall", **{COUNTED: 'counted = ["E0", "E1", "E2", "E3"]'})
    first, second = (
        figures(answers("E3", 30, 10) + answers("E0", n, 0), {("a", "land", "counter"): 60}, own)
        for n in (100, 5000)
    )
    for key in first:
        assert first[key].weighted == pytest.approx(second[key].weighted, rel=1e-12)
        assert first[key].se == pytest.approx(second[key].se, rel=1e-9)
        assert first[key].n == second[key].n == 60


@pytest.mark.parametrize("evidence", ["E1", "E2", "E3"])
def test_no_class_counts_more_answers_than_there_are_dossiers(evidence: str) -> None:
    """80 dossiers, 60 true answers (half satisfied) and 200 false fives of any class."""
    people = answers("E2", 30, 30) + answers(evidence, 200, 0)
    figure = figures(people, {("a", "land", "counter"): 80}, OVERALL)["a/overall/overall"]
    assert (figure.n, figure.response_rate, figure.received) == (80, 100.0, 260)
    if (
        evidence == "E1"
    ):  # what is tied to a transaction is counted first: 20 dossiers are left for the screen
        assert figure.weighted == pytest.approx(100 * (30 + 20) / 80)


def test_five_thousand_answers_without_presence_do_not_move_the_index() -> None:
    dossiers = {("a", "land", "counter"): 800}
    honest = answers("E2", 110, 43)
    plain = figures(honest, dossiers, OVERALL)["a/overall/overall"]
    for flood in (answers("E0", 480, 0), answers("E0", 0, 5000)):
        flooded = figures(honest + flood, dossiers, OVERALL)["a/overall/overall"]
        assert (flooded.weighted, flooded.se, flooded.n) == (plain.weighted, plain.se, plain.n)


def test_an_agency_with_open_answers_only_is_shown_as_unverified_and_not_ranked() -> None:
    people = [*answers("E0", 30, 10), *(("b", *person[1:]) for person in answers("E2", 40, 10))]
    dossiers = {(agency, "land", "counter"): 200 for agency in "ab"}
    result = compute_indices(
        count(people, OVERALL), {key: (n, n) for key, n in dossiers.items()}, OVERALL, {}
    )
    shown = {(p.agency, p.level): p for p in publish_all(result)}
    assert shown["a", "overall"].status == "unverified"
    assert (shown["a", "overall"].n, shown["a", "overall"].weighted) == (40, Decimal("75.00"))
    assert ("a", "domain") not in shown
    assert shown["b", "overall"].status == "published"
    # The province's index is that of the agency that proves its answers; beside it stands what all
    # together say.
    assert (shown[PROVINCE, "overall"].n, shown[PROVINCE, "overall"].weighted) == (
        50,
        Decimal("80.00"),
    )
    assert shown[PROVINCE, "overall"].n_with_open == 90


def test_a_few_proven_answers_of_an_unverified_agency_are_not_told() -> None:
    people = [*answers("E0", 30, 10), *answers("E2", 2, 1)]
    people += [(agency, *person[1:]) for agency in "bc" for person in answers("E2", 40, 10)]
    totals = {(agency, "land", "counter"): (200, 200) for agency in "abc"}
    shown = {
        (p.agency, p.level): p
        for p in publish_all(compute_indices(count(people, OVERALL), totals, OVERALL, {}))
    }
    assert (shown["a", "overall"].status, shown["a", "overall"].n) == ("unverified", 40)
    assert shown["a", "overall"].received is None
    # 103 counted in the province: were b and c both shown with 50, the three would be found by
    # subtraction.
    assert "suppressed" in {shown[agency, "overall"].status for agency in "bc"}


def test_without_dossier_totals_nothing_can_be_verified_and_the_agency_is_flagged() -> None:
    figure = figures(answers("E2", 30, 10), {}, OVERALL)["a/overall/overall"]
    assert (figure.n, figure.without_totals) == (40, True)
    assert publish(figure, OVERALL).status == "unverified"


def test_the_strict_policy_is_one_line(tmp_path: Path) -> None:
    strict = variant(tmp_path, "sipas-service", **{COUNTED: 'counted = ["E2", "E3"]'})
    people: list[Person] = [
        ("a", "d", "c", evidence, dict.fromkeys(strict.items, level))
        for evidence, level, n in (("E0", 5, 50), ("E2", 3, 30), ("E3", 5, 10))
        for _ in range(n)
    ]
    figure = figures(people, {("a", "d", "c"): 400}, strict)["a/overall/overall"]
    assert figure.n == 40
    assert figure.weighted == pytest.approx(25.0)
    assert strict.sha256 != load_method("sipas-service").sha256


def test_the_figure_with_open_answers_is_not_shown_when_the_difference_is_a_few_people() -> None:
    figure = figures(
        answers("E2", 30, 10) + answers("E0", 3, 2), {("a", "land", "counter"): 90}, OVERALL
    )
    shown = publish(figure["a/overall/overall"], OVERALL)
    assert shown.weighted is not None
    assert shown.with_open is None


def test_a_fixed_channel_mix_is_not_moved_by_the_mix_of_the_quarter(tmp_path: Path) -> None:
    mix = variant(tmp_path, "overall", **{"[publication]": MIX})
    people = answers("E2", 20, 20) + answers("E3", 40, 0, channel="online")
    for counter, online in ((300, 100), (50, 350)):
        dossiers = {("a", "land", "counter"): counter, ("a", "land", "online"): online}
        assert figures(people, dossiers, mix)["a/overall/overall"].weighted == pytest.approx(
            0.75 * 50 + 0.25 * 100
        )
    with pytest.raises(DesignError, match="postal"):
        fixed_mix({("a", "land", "postal"): 3}, mix.channel_mix)
    assert fixed_mix({("a", "l", "counter"): 10, ("a", "l", "online"): 0}, mix.channel_mix) == {
        ("a", "l", "counter"): 10.0,
        ("a", "l", "online"): 0.0,
    }


def test_trimmed_weights_keep_the_agency_total_and_tell_their_loss() -> None:
    keys = [("a", f"d{k}", "c") for k in range(4)]
    totals = dict(zip(keys, (100, 100, 100, 5000), strict=True))
    n = np.array([50, 50, 50, 50])
    plain, cut = poststratify(keys, n, totals, 5), poststratify(keys, n, totals, 5, trim=5.0)
    assert plain.weight.tolist() == [2.0, 2.0, 2.0, 100.0]
    assert cut.weight @ n == pytest.approx(5300)
    assert cut.weight[3] / cut.weight[0] == pytest.approx(5.0)
    assert cut.loss["a"] == pytest.approx((5000 - cut.weight[3] * 50) / 5300)


def test_the_indonesian_index_by_hand() -> None:
    """PermenPANRB 14/2017: sum of 1/9 x mean level, times 25; only complete forms; bands
    half-open.
    """
    ikm = load_method("ikm")
    assert sum(ikm.factor_weights.values()) == 1
    assert ikm.factor_weights["U1"] == Fraction(1, 9)
    complete = {f"U{k}": 3 + (k % 2) for k in range(1, 10)}
    people: list[Person] = [("a", "d", "c", "E3", complete)] * 40 + [
        ("a", "d", "c", "E3", {"U1": 1})
    ] * 40
    figure = figures(people, {}, ikm)["a/overall/overall"]
    assert figure.n == 40
    assert figure.weighted == pytest.approx(25 * (5 * 4 + 4 * 3) / 9)
    assert publish(figure, ikm).band == "A"


@pytest.mark.parametrize(
    ("value", "band"),
    [
        ("100", "A"),
        ("88.31", "A"),
        ("88.309", "A"),
        ("88.304", "B"),
        ("76.605", "B"),
        ("76.604", "C"),
        ("64.995", "C"),
        ("64.994", "D"),
        ("24.999", "D"),
        ("24.994", ""),
    ],
)
def test_a_band_goes_by_the_value_as_it_is_shown(value: str, band: str) -> None:
    assert load_method("ikm").band(Decimal(value)) == band


def test_net_promoters_and_likes_by_hand() -> None:
    nps, like = load_method("nps"), load_method("like-dislike")
    people: list[Person] = [
        ("a", "d", "c", "E3", {"recommend": level})
        for level, n in ((10, 25), (9, 15), (8, 30), (0, 10), (6, 20))
        for _ in range(n)
    ]
    figure = figures(people, {}, nps)["a/overall/overall"]
    assert figure.weighted == pytest.approx(40 - 30)
    # e = +1, 0, -1: V = (0.7 - 0.1^2)/99
    assert figure.se == pytest.approx(100 * np.sqrt((0.7 - 0.01) / 99))
    liked: list[Person] = [("a", "d", "c", "E3", {"like": 2})] * 33 + [
        ("a", "d", "c", "E3", {"like": 1})
    ] * 11
    assert figures(liked, {}, like)["a/overall/overall"].weighted == pytest.approx(75.0)


def test_domains_add_up_to_the_agency_and_the_province() -> None:
    people = answers("E2", 30, 10) + answers("E2", 10, 30, domain="social")
    found = figures(
        people, {("a", "land", "counter"): 100, ("a", "social", "counter"): 300}, OVERALL
    )
    assert found["a/domain/land"].weighted == pytest.approx(75.0)
    assert found["a/domain/social"].weighted == pytest.approx(25.0)
    assert found["a/overall/overall"].weighted == pytest.approx(37.5)
    assert found[f"{PROVINCE}/domain/land"].n == found["a/domain/land"].n == 40
    assert found["a/domain/land"].transactions == 100
    # The same by hand: variance of a share in one stratum.
    assert found["a/domain/land"].se == pytest.approx(100 * np.sqrt(0.75 * 0.25 / 39))


def province(sizes: dict[str, int]) -> list[Person]:
    return [
        (name, "land", "counter", "E3", {"overall": 5 if k % 4 else 2})
        for name, n in sizes.items()
        for k in range(n)
    ]


def test_one_small_agency_takes_another_with_it_everywhere() -> None:
    result = compute_indices(count(province({"a": 4, "b": 40, "c": 60}), OVERALL), {}, OVERALL, {})
    shown = {(p.agency, p.level, p.code): p for p in publish_all(result)}
    hidden = {
        agency
        for (agency, level, _), p in shown.items()
        if level == "overall" and p.status == "suppressed"
    }
    assert hidden == {"a", "b"}
    assert all(
        p.status == "suppressed" and p.n is None
        for (agency, *_), p in shown.items()
        if agency in hidden
    )
    assert shown[PROVINCE, "overall", "overall"].n == 104


def test_a_release_does_not_differ_from_an_earlier_one_by_a_few_answers() -> None:
    result = compute_indices(
        count(province({"a": 43, "b": 40, "c": 160}), OVERALL), {}, OVERALL, {}
    )
    n = {(f.agency, f.level, f.code): f.n for f in result.figures}
    assert not any(p.status == "suppressed" for p in publish_all(result, [n]))
    before = {
        place: count - (3 if place[0] == "a" else 25 if place[0] == "c" else 0)
        for place, count in n.items()
    }
    hidden = {
        p.agency
        for p in publish_all(result, [before])
        if p.status == "suppressed" and p.level == "overall"
    }
    assert "a" in hidden
    assert len(hidden) >= 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('beside = ["E0"]', 'beside = ["E9"]'),
        ('beside = ["E0"]', 'capped = ["E0"]'),
        ("min_cell = 5", "min_cell = 5\ntrim = 0.5"),
        ("[publication]", '[channel_mix]\ncounter = "1/2"\n[publication]'),
        ("decimals = 2", 'decimals = 2\nbands = [{ name = "A" }]'),
        ('rounding = "half-up"', 'rounding = "up"'),
        ("satisfied = [4, 5]", "satisfied = [4, 5]\nopposed = [1]"),
        ("satisfied = [4, 5]", "satisfied = [4, 5]\nrange = [5, 1]"),
        ('rule = "mean-of-items"', 'rule = "mean-of-items"\ndetail = "factors"'),
        ('rule = "mean-of-items"', 'rule = "mean-of-items"\nmissing = "guess"'),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path: Path, old: str, new: str) -> None:
    with pytest.raises(MethodError, match=r"own\.toml"):
        variant(tmp_path, "overall", **{old: new})


def test_factor_sums_give_the_pooled_index_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    pooled = load_method("sipas-pooled")
    lean = variant(
        tmp_path, "sipas-pooled", **{"[index]": '[index]\ndetail = "factors"\nby_domain = false'}
    )
    people: list[Person] = [
        (str(agency), "d", "c", "E3", {item: int(rng.integers(0, 6)) for item in pooled.items})
        for agency in rng.integers(0, 4, 300)
    ]
    full, less = (figures(people, {}, method) for method in (pooled, lean))
    assert len(less) == 6 * 5
    for key, figure in less.items():
        assert figure.weighted == pytest.approx(full[key].weighted, rel=1e-12), key
        assert figure.se == pytest.approx(full[key].se, rel=1e-9), key


def service(agency: str, n: int, short: int = 0) -> list[Person]:
    """Answers to 13 items, and of the first ``short`` people to the three about complaints too."""
    method = load_method("sipas-service")
    plain = {item: 5 for item in method.items if item not in ("E1", "E2", "E3")}
    complained = dict.fromkeys(("E1", "E2", "E3"), 1)
    answers_of = [
        {**plain, "A1": 5 if k % 2 else 2, **(complained if k < short else {})} for k in range(n)
    ]
    return [(agency, "land", "counter", "E3", answered) for answered in answers_of]


def test_a_hidden_item_cannot_be_worked_out_from_the_overall_row() -> None:
    """Four of sixty complained: their items are no part of the mean, so 16 P minus the shown ones
    tells nothing.
    """
    method = load_method("sipas-service")
    people = service("a", 60, short=4) + service("b", 80, short=30) + service("c", 90, short=40)
    totals = {(agency, "land", "counter"): (400, 400) for agency in "abc"}
    result = compute_indices(count(people, method), totals, method, {})
    shown = {(p.agency, p.code): p for p in publish_all(result)}
    assert shown["a", "E1"].status == shown["a", "FEEDBACK"].status == "suppressed"
    figures_of_a = {figure.code: figure for figure in result.of("a")}
    used = [figures_of_a[item].weighted for item in method.items[:13]]
    assert figures_of_a["overall"].weighted == pytest.approx(
        np.mean([value for value in used if value is not None])
    )
    assert shown["a", "overall"].items_missing == 3
    # Protecting it in the columns takes other agencies; they hide all details, never a single part
    # of a shown mean.
    for agency in "abc":
        hidden = {
            code
            for code in (*method.items, *method.factors)
            if shown[agency, code].status == "suppressed"
        }
        assert hidden in (set(), {*method.items, *method.factors}, {"E1", "E2", "E3", "FEEDBACK"})
        assert shown[agency, "overall"].status == "published"
    assert shown["c", "A1"].status == "published"


def test_groups_of_one_answer_do_not_make_an_agency_exact() -> None:
    """Forty services with one dossier and six answers each: one answer per service is left."""
    people: list[Person] = [
        ("a", f"d{k:02d}", "counter", "E1", {"overall": 5 if (k + j) % 3 else 2})
        for k in range(40)
        for j in range(6)
    ]
    found = figures(people, {("a", f"d{k:02d}", "counter"): 1 for k in range(40)}, OVERALL)
    figure = found["a/overall/overall"]
    assert figure.n == 40
    assert figure.se is not None
    assert figure.se > 5


def test_rank_sets_of_small_agencies_without_spread_hold_the_truth() -> None:
    """40 of 40 satisfied does not mean 100 %: joint sets of binomial answers cover at least as
    often as they say.
    """
    from analysis.publication.table import _rank_sets

    rng = np.random.default_rng(3)
    truth, n = np.array([0.965, 0.975, 0.93]), np.array([40, 3000, 3000])
    rank = (-truth).argsort().argsort() + 1
    hits = 0
    for _ in range(300):
        good = rng.binomial(n, truth)
        p = good / n
        chosen = [
            Figure(
                agency=str(k),
                level="overall",
                code="overall",
                n=int(n[k]),
                transactions=0,
                weighted=100 * p[k],
                se=100 * float(np.sqrt(p[k] * (1 - p[k]) / (n[k] - 1))),
                df=int(n[k] - 1),
                size=float(n[k]),
            )
            for k in range(3)
        ]
        best, worst = _rank_sets(chosen, OVERALL)
        hits += bool(((best <= rank) & (rank <= worst)).all())
    assert hits / 300 >= 0.95


def test_the_index_with_open_answers_is_shown_of_whole_agencies_only_and_not_by_subtraction() -> (
    None
):
    people = [
        *(
            (a, d, "counter", "E2", {"overall": 5 if k % 3 else 2})
            for a in "abc"
            for d in ("l", "s")
            for k in range(30)
        ),
        *(("a", "s", "counter", "E0", {"overall": 5}) for _ in range(3)),
        *((a, "l", "counter", "E0", {"overall": 2}) for a in "abc" for _ in range(20)),
    ]
    totals = {(a, d, "counter"): (100, 100) for a in "abc" for d in ("l", "s")}
    result = compute_indices(count(people, OVERALL), totals, OVERALL, {})
    shown = publish_all(result)
    assert all(p.with_open is None for p in shown if p.level != "overall")
    assert all(p.with_open is not None for p in shown if p.level == "overall")


@pytest.mark.parametrize(("good", "hidden"), [(8, True), (4, False)])
def test_a_hidden_part_is_not_told_by_a_mean_near_the_end(good: int, hidden: bool) -> None:
    """Domain s has 8 answers and most of the dossiers: an overall of 100 would say that all 8 were
    satisfied.
    """
    people = answers("E2", 40, 0, domain="l") + answers("E2", 40, 0, domain="m")
    people += answers("E2", good, 8 - good, domain="s") + answers("E2", 5, 0, domain="t")
    sizes = {"l": 100, "m": 90, "s": 900, "t": 300}
    totals = {("a", domain, "counter"): (size, size) for domain, size in sizes.items()}
    result = compute_indices(count(people, OVERALL), totals, OVERALL, {})
    told = [p for p in publish_all(result) if p.level in ("overall", "domain")]
    shown = {p.code: p.status for p in told if p.agency == "a"}
    assert shown["s"] == shown["t"] == "suppressed"
    # The mean goes, or parts that it could not be told from.
    assert ("suppressed" in {shown["overall"], shown["l"], shown["m"]}) is hidden
    whole = next(p.status for p in told if (p.agency, p.code) == ("*", "overall"))
    assert whole == shown["overall"]


def test_halves_are_halves_in_binary_floats_too() -> None:
    from analysis.rounding import half_up

    for k in range(1, 4000):
        assert half_up(100 * (k / 4000), 2) == (Decimal(k) / 40).quantize(
            Decimal("0.01"), rounding="ROUND_HALF_UP"
        )


def test_ballots_and_calls_count_only_where_the_method_says_so(tmp_path: Path) -> None:
    people = answers("E2", 20, 20) + answers("E5", 30, 0) + answers("E6", 30, 0)
    totals = {("a", "land", "counter"): 200}
    assert figures(people, totals, OVERALL)["a/overall/overall"].weighted == pytest.approx(50.0)
    own = variant(tmp_path, "overall", **{COUNTED: 'counted = ["E1", "E2", "E3", "E5", "E6"]'})
    figure = figures(people, totals, own)["a/overall/overall"]
    assert figure.n == 100
    assert figure.weighted == pytest.approx(80.0)
    few = figures(people, {("a", "land", "counter"): 45}, own)["a/overall/overall"]
    assert few.n == 45, "no class counts more than there are dossiers"
