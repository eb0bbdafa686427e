"""The tree as it was on a date, what became of an agency, and the real reorganisation of 2025."""

from __future__ import annotations

import io
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from survey.agencies.models import Agency, AgencyKind, AgencyVersion, Extent, Succession
from survey.agencies.queries import (
    find_by_code,
    mapped_to,
    tree_on,
    version_on,
    versions_on,
    visible_agencies,
)
from survey.agencies.reorganisation import committee, load_units
from survey.agencies.services import (
    Attributes,
    change_agency,
    dissolve_agency,
    found_agency,
    merge_agencies,
    split_agency,
)
from tests.survey.factories import Cast

BEFORE, AFTER = date(2025, 6, 30), date(2025, 7, 1)


def department(name: str, **more: object) -> Attributes:
    return Attributes(name=name, kind=AgencyKind.DEPARTMENT, **more)  # type: ignore[arg-type]  # keywords of the dataclass


@pytest.fixture
def three(db: None) -> list[Agency]:
    return [
        found_agency(key=k, on=date(2010, 1, 1), attributes=department(f"Sở {k}"))
        for k in ("a", "b", "c")
    ]


def test_a_rename_keeps_the_agency_and_both_names(three: list[Agency]) -> None:
    change_agency(agency=three[0], on=date(2020, 5, 1), attributes=department("Sở mới"))
    before, after = version_on(three[0], date(2020, 4, 30)), version_on(three[0], date(2020, 5, 1))
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == ("Sở a", "Sở mới")
    assert mapped_to([three[0]], date(2026, 1, 1))[three[0]][0].agency == three[0]


def test_a_merge_ends_the_old_and_links_them_to_the_new(three: list[Agency]) -> None:
    merged = merge_agencies(
        agencies=three[:2], into_key="ab", on=date(2025, 3, 1), attributes=department("Sở ab")
    )
    assert not versions_on(date(2025, 3, 1)).filter(agency__in=three[:2]).exists()
    heirs = mapped_to(three, date(2026, 1, 1))
    assert [heir.agency for heir in heirs[three[0]]] == [merged]
    assert [heir.agency for heir in heirs[three[2]]] == [three[2]]
    origins = Succession.objects.filter(successor=merged)
    assert {origin.predecessor for origin in origins} == set(three[:2])


def test_a_split_names_the_main_successor_and_chains_are_followed(three: list[Agency]) -> None:
    north, _south = split_agency(
        agency=three[0], on=date(2015, 1, 1), parts={"n": department("Bắc"), "s": department("Nam")}
    )
    last = merge_agencies(
        agencies=[north, three[1]], into_key="x", on=date(2020, 1, 1), attributes=department("X")
    )
    heirs = mapped_to([three[0]], date(2026, 1, 1))[three[0]]
    assert {(heir.agency.key, heir.extent) for heir in heirs} == {
        ("x", Extent.PART_MAIN),
        ("s", Extent.PART),
    }
    assert mapped_to([three[0]], date(2014, 1, 1))[three[0]][0].agency == three[0]
    assert last.key == "x"


def test_a_dissolved_agency_without_successor_maps_to_nothing(three: list[Agency]) -> None:
    dissolve_agency(agency=three[0], on=date(2020, 1, 1))
    dissolve_agency(agency=three[1], on=date(2020, 1, 1), successor=three[2])
    heirs = mapped_to(three, date(2026, 1, 1))
    assert heirs[three[0]] == []
    assert [heir.agency for heir in heirs[three[1]]] == [three[2]]


def test_an_ended_agency_cannot_change_and_nothing_is_half_written(three: list[Agency]) -> None:
    dissolve_agency(agency=three[0], on=date(2020, 1, 1))
    with pytest.raises(ValidationError, match="“a”"):
        merge_agencies(
            agencies=[three[1], three[0]],
            into_key="new",
            on=date(2021, 1, 1),
            attributes=department("X"),
        )
    assert not Agency.objects.filter(key="new").exists()
    assert version_on(three[1], date(2022, 1, 1)) is not None


def test_the_database_allows_one_open_version_and_one_owner_of_a_code(three: list[Agency]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        AgencyVersion.objects.create(
            agency=three[0], name="x", kind=AgencyKind.DEPARTMENT, valid_from=date(2021, 1, 1)
        )
    found_agency(key="d", on=AFTER, attributes=department("D", agency_code="H20.99"))
    with pytest.raises((IntegrityError, ValidationError)), transaction.atomic():
        found_agency(key="e", on=AFTER, attributes=department("E", agency_code="H20.99"))


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("Phường Mỹ Tho", "UBND phường Mỹ Tho"),
        ("Thành phố Hà Nội", "UBND thành phố Hà Nội"),
        ("Thị xã Gò Công", "UBND thị xã Gò Công"),
        ("Đặc khu Phú Quốc", "UBND đặc khu Phú Quốc"),
    ],
)
def test_committees_are_named_after_their_units(unit: str, name: str) -> None:
    assert committee(unit) == name


def test_dong_thap_as_it_is_and_as_it_was(db: None) -> None:
    load_units(provinces={"82"})
    now = {v.unit_code: v for v in versions_on(AFTER)}
    assert sum(v.kind == AgencyKind.COMMUNE for v in now.values()) == 102
    before = list(versions_on(BEFORE))
    assert {v.name for v in before if v.kind == AgencyKind.PROVINCE} == {
        "UBND tỉnh Đồng Tháp",
        "UBND tỉnh Tiền Giang",
    }
    assert sum(v.kind == AgencyKind.COMMUNE for v in before) == 164 + 141
    assert sum(v.kind == AgencyKind.DISTRICT for v in before) > 20
    assert not any(v.kind == AgencyKind.DISTRICT for v in versions_on(AFTER))
    tien_giang = Agency.objects.get(key="p82-2025")
    assert [heir.agency.key for heir in mapped_to([tien_giang], AFTER)[tien_giang]] == ["82"]
    district = Agency.objects.get(key="h815-2025")
    assert mapped_to([district], AFTER)[district] == []


def test_the_same_code_means_another_unit_before_and_after(db: None) -> None:
    load_units(provinces={"82"})
    before, after = find_by_code("28249", BEFORE), find_by_code("28249", AFTER)
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == ("UBND phường 5", "UBND phường Đạo Thạnh")
    tree = tree_on(BEFORE, Agency.objects.get(key="p82-2025"))
    assert tree[0][0] == 0
    assert {depth for depth, _ in tree} == {0, 1, 2}


def test_loading_twice_adds_nothing(db: None) -> None:
    first = load_units(provinces={"82"})
    rows = (Agency.objects.count(), AgencyVersion.objects.count(), Succession.objects.count())
    assert load_units(provinces={"82"}) == first
    assert (
        Agency.objects.count(),
        AgencyVersion.objects.count(),
        Succession.objects.count(),
    ) == rows


@pytest.mark.long
def test_the_whole_country_loads_and_answers_as_of_queries(db: None) -> None:
    loaded = load_units()
    assert loaded.units == 34 + 3321 + 63 + 10035 + 691
    assert versions_on(AFTER).filter(kind=AgencyKind.PROVINCE).count() == 34
    assert versions_on(BEFORE).filter(kind=AgencyKind.PROVINCE).count() == 63
    expected = {
        "Tây Ninh": "Tây Ninh",
        "Long An": "Tây Ninh",
        "Tiền Giang": "Đồng Tháp",
        "Bến Tre": "Vĩnh Long",
        "Trà Vinh": "Vĩnh Long",
        "Bạc Liêu": "Cà Mau",
    }
    old = {v.agency: v.name for v in versions_on(BEFORE).filter(kind=AgencyKind.PROVINCE)}
    heirs = mapped_to(old, AFTER)
    for name, successor in expected.items():
        agency = next(agency for agency, full in old.items() if full == f"UBND tỉnh {name}")
        assert [str(heir.agency) for heir in heirs[agency]] == [f"UBND tỉnh {successor}"]


def test_an_account_sees_its_agency_and_those_below_only(cast: Cast) -> None:
    branch = found_agency(
        key="h20.01.01",
        on=date(2025, 8, 1),
        attributes=Attributes(
            name="Chi nhánh I", kind=AgencyKind.LAND_OFFICE_BRANCH, parent=cast.land
        ),
    )
    assert set(visible_agencies(cast.head)) == {cast.land, branch}
    assert set(visible_agencies(cast.analyst)) == set(Agency.objects.all())
    other = Attributes(name="Chi nhánh I", kind=AgencyKind.LAND_OFFICE_BRANCH, parent=cast.commune)
    change_agency(agency=branch, on=date(2026, 6, 1), attributes=other)
    assert set(visible_agencies(cast.head)) == {cast.land}, (
        "a former parent no longer sees who moved away"
    )
    cast.head.is_active = False
    assert not visible_agencies(cast.head).exists()


def test_operators_can_ask_for_the_tree_of_a_day(db: None) -> None:
    load_units(provinces={"82"})
    out = io.StringIO()
    call_command("show_agencies", on=BEFORE, root="h815-2025", mapped_to=AFTER, stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("h815-2025  UBND thành phố Mỹ Tho")
    assert any("UBND phường 5  ->  UBND phường" in line for line in lines)
    with pytest.raises(CommandError, match="nowhere"):
        call_command("show_agencies", root="nowhere")
