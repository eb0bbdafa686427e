"""The demonstration province: the real communes of Đồng Tháp with made-up departments, counters and
accounts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from survey.access.models import CounterCode
from survey.access.posters import CODE_LENGTH, issue_code
from survey.accounts.models import Role, User
from survey.agencies.models import (
    Agency,
    AgencyKind,
    AgencyVersion,
    Counter,
    Hosting,
    Office,
    OnlineLevel,
    Procedure,
    ProcedureDomain,
    ProcedureVersion,
)
from survey.agencies.queries import versions_on
from survey.agencies.reorganisation import REORGANISED_ON, load_units
from survey.agencies.services import (
    Attributes,
    ensure_domains,
    found_agency,
    merge_agencies,
)
from survey.common.tokens import ALPHABET

PROVINCE: Final = "82"
PROCEDURES: Final = (
    ("1.004193", "Đăng ký biến động về quyền sử dụng đất", "land", OnlineLevel.PARTIAL),
    ("1.001193", "Đăng ký khai sinh", "civil-status", OnlineLevel.FULL),
    ("1.000894", "Đăng ký kết hôn", "civil-status", OnlineLevel.PARTIAL),
    ("2.000815", "Chứng thực bản sao từ bản chính", "authentication", OnlineLevel.NONE),
    ("1.009994", "Cấp giấy phép xây dựng nhà ở riêng lẻ", "construction", OnlineLevel.FULL),
    ("2.001610", "Đăng ký thành lập doanh nghiệp tư nhân", "business", OnlineLevel.FULL),
    ("1.001776", "Trợ cấp xã hội hằng tháng", "social", OnlineLevel.FULL),
)
DEPARTMENTS: Final = (
    ("H20.01", "Sở Nông nghiệp và Môi trường", ("land",)),
    ("H20.02", "Sở Dân tộc và Tôn giáo", ("social",)),
    ("H20.03", "Sở Văn hóa, Thể thao và Du lịch", ("business",)),
    ("H20.04", "Sở Nội vụ", ("social",)),
    ("H20.05", "Sở Tư pháp", ("civil-status", "authentication")),
    ("H20.06", "Sở Tài chính", ("business",)),
    ("H20.07", "Sở Xây dựng", ("construction",)),
    ("H20.08", "Sở Y tế", ("business", "social")),
    ("H20.09", "Sở Giáo dục và Đào tạo", ("social",)),
    ("H20.10", "Sở Công Thương", ("business",)),
    ("H20.11", "Sở Khoa học và Công nghệ", ("business",)),
    ("H20.12", "Ban Quản lý Khu kinh tế", ("construction", "business")),
)
BRANCHES: Final = tuple(
    (f"H20.01.{number:02d}", f"Chi nhánh Văn phòng Đăng ký đất đai khu vực {roman}", ("land",))
    for number, roman in enumerate(("I", "II", "III", "IV", "V", "VI"), start=1)
)
UNITS: Final = (
    ("H20.04.01", "Trung tâm Dịch vụ việc làm tỉnh", ("social",)),
    ("H20.08.01", "Bệnh viện Đa khoa tỉnh", ("social",)),
)
MERGED: Final = (
    ("H20.06.01", "Trung tâm Xúc tiến đầu tư"),
    ("H20.06.02", "Trung tâm Hỗ trợ doanh nghiệp"),
)
MERGED_INTO: Final = ("H20.06.03", "Trung tâm Xúc tiến đầu tư và Hỗ trợ doanh nghiệp")
COMMUNE_DOMAINS: Final = ("land", "civil-status", "authentication")
SEED: Final = 2026


@transaction.atomic
def build_province(*, now: datetime, progress: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Agencies, offices, counters, codes, procedures; what is there already stays. Returns (agency
    key, domains).
    """
    load_units(provinces={PROVINCE}, progress=progress)
    _catalogue()
    province = Agency.objects.get(key=PROVINCE)
    agencies = list(_own_agencies(province))
    communes = (
        versions_on(timezone.localdate(now))
        .filter(kind=AgencyKind.COMMUNE, parent=province)
        .order_by("unit_code")
    )
    agencies += [(version, COMMUNE_DOMAINS) for version in communes]
    _offices(agencies, now)
    return [(version.agency.key, domains) for version, domains in agencies]


def _catalogue() -> None:
    ensure_domains()
    for code, name, domain, level in PROCEDURES:
        procedure, made = Procedure.objects.get_or_create(code=code)
        if made:
            ProcedureVersion.objects.create(
                procedure=procedure,
                name=name,
                domain=ProcedureDomain.objects.get(code=domain),
                online_level=level,
                decision="minh họa",
                valid_from=REORGANISED_ON,
            )


def _own_agencies(province: Agency) -> Iterator[tuple[AgencyVersion, tuple[str, ...]]]:
    groups = (
        (AgencyKind.DEPARTMENT, DEPARTMENTS),
        (AgencyKind.LAND_OFFICE_BRANCH, BRANCHES),
        (AgencyKind.PUBLIC_SERVICE_UNIT, UNITS),
    )
    for kind, rows in groups:
        for code, name, domains in rows:
            key = code.lower()
            if not Agency.objects.filter(key=key).exists():
                above = Agency.objects.filter(key=key.rpartition(".")[0]).first() or province
                attributes = Attributes(name=name, kind=kind, parent=above, agency_code=code)
                found_agency(key=key, on=REORGANISED_ON, attributes=attributes)
            yield (
                AgencyVersion.objects.select_related("agency").get(agency__key=key, valid_to=None),
                domains,
            )


@transaction.atomic
def merge_units(
    *, on: date
) -> tuple[list[tuple[str, tuple[str, ...]]], tuple[str, tuple[str, ...]]]:
    """Two units that merge into a third on a day, so that the series of two published quarters have
    a merger between them; what is there already stays. Returns both before it, and the one after.
    """
    domains: tuple[str, ...] = ("business",)
    before = [(code.lower(), domains) for code, _name in MERGED]
    after = (MERGED_INTO[0].lower(), domains)
    if Agency.objects.filter(key=after[0]).exists():
        return before, after
    above = Agency.objects.get(key="h20.06")
    kind = AgencyKind.PUBLIC_SERVICE_UNIT
    units = [
        found_agency(
            key=code.lower(),
            on=REORGANISED_ON,
            attributes=Attributes(name=name, kind=kind, parent=above, agency_code=code),
        )
        for code, name in MERGED
    ]
    code, name = MERGED_INTO
    attributes = Attributes(name=name, kind=kind, parent=above, agency_code=code)
    merge_agencies(agencies=units, into_key=after[0], on=on, attributes=attributes)
    return before, after


def _offices(agencies: list[tuple[AgencyVersion, tuple[str, ...]]], now: datetime) -> None:
    rng = random.Random(SEED)
    centre, _made = Office.objects.get_or_create(
        key="ttphcc-tinh",
        defaults={"name": "Trung tâm Phục vụ hành chính công tỉnh Đồng Tháp", "phone": "1022"},
    )
    domains = {domain.code: domain for domain in ProcedureDomain.objects.all()}
    numbers: dict[int, int] = {}
    for version, own in agencies:
        office = centre if version.kind == AgencyKind.DEPARTMENT else _find_office(version)
        Hosting.objects.get_or_create(
            office=office, agency=version.agency, valid_from=REORGANISED_ON
        )
        for code in own[:2]:
            numbers[office.pk] = numbers.get(office.pk, 0) + 1
            printed = "".join(rng.choices(ALPHABET, k=CODE_LENGTH))
            name = f"Quầy {numbers[office.pk]}" + (f" – {version.name}" if office == centre else "")
            counter, made = Counter.objects.get_or_create(
                office=office,
                number=numbers[office.pk],
                defaults={"agency": version.agency, "domain": domains[code], "name": name},
            )
            if made:
                issue_code(counter=counter, now=now, code=printed)


def _find_office(version: AgencyVersion) -> Office:
    name = version.name.replace("UBND ", "Trung tâm Phục vụ hành chính công ")
    return Office.objects.get_or_create(
        key=f"mc-{version.agency.key}", defaults={"name": name, "phone": "1022"}
    )[0]


def make_accounts(password: str) -> list[User]:
    """One account per role, all with this password."""
    head_of = Agency.objects.get(key="h20.05")
    wanted: dict[str, dict[str, Any]] = {
        "phantich": {
            "role": Role.ANALYST,
            "first_name": "Chuyên viên phân tích",
            "body": "Sở Nội vụ",
        },
        "thutruong": {
            "role": Role.AGENCY_HEAD,
            "agency": head_of,
            "first_name": "Giám đốc Sở Tư pháp",
        },
        "quantritinh": {"role": Role.PROVINCE_ADMIN, "first_name": "Chánh Văn phòng Sở Nội vụ"},
        "soanthao": {"role": Role.AUTHOR, "first_name": "Người soạn phiếu hỏi"},
        "pheduyet": {
            "role": Role.APPROVER,
            "first_name": "Phó Chánh Thanh tra tỉnh",
            "body": "Thanh tra tỉnh",
        },
        "kiemtra": {"role": Role.AUDITOR, "first_name": "Thanh tra tỉnh"},
        "motcua": {
            "role": Role.OFFICE_MANAGER,
            "agency": head_of,
            "first_name": "Phụ trách bộ phận một cửa",
        },
        "tongdai": {"role": Role.HOTLINE, "first_name": "Tổng đài 1022"},
        "quantri": {
            "role": Role.OPERATOR,
            "is_staff": True,
            "is_superuser": True,
            "first_name": "Quản trị hệ thống",
        },
    }
    made = []
    for name, attributes in wanted.items():
        user, _new = User.objects.get_or_create(username=name, defaults=attributes)
        user.set_password(password)
        user.save()
        made.append(user)
    return made


def issued_codes() -> list[CounterCode]:
    """All codes in use, by office and counter number."""
    codes = CounterCode.objects.select_related(
        "counter__office", "counter__domain", "counter__agency"
    )
    return list(codes.filter(status="active").order_by("counter__office__key", "counter__number"))
