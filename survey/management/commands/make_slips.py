"""Codes for receipt slips: a CSV for the case system's printer, or a PDF to cut; the codes are told
this once.
"""

from __future__ import annotations

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from survey.access.print.qr import short_url
from survey.access.print.slips import slips_pdf
from survey.access.slip_requests import slip_batch
from survey.access.slips import group_slip_code, issue_slips
from survey.agencies.models import Agency
from survey.common.languages import is_supported_language


class Command(BaseCommand):
    """``manage.py make_slips --agency H20.01 --domain land --count 500 --out slips.csv``."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--agency", required=True, help="electronic identifier or unit code")
        parser.add_argument("--domain", default="", help="code of the procedure domain")
        parser.add_argument("--channel", default="counter")
        parser.add_argument("--count", type=int, required=True)
        parser.add_argument(
            "--with", dest="second", default="", help="second language on a PDF, e.g. km"
        )
        parser.add_argument("--out", type=Path, required=True, help="file ending in .csv or .pdf")

    def handle(self, *args: Any, **options: Any) -> None:
        now, out = timezone.now(), options["out"]
        if out.suffix not in (".csv", ".pdf"):
            raise CommandError(f"--out {out}: the name must end in .csv or .pdf")
        if options["second"] and not is_supported_language(options["second"]):
            raise CommandError(f"--with {options['second']}: this language is not in LANGUAGES")
        if not out.parent.is_dir():
            raise CommandError(f"--out {out}: there is no such folder")
        wanted = {
            "agency_code": options["agency"],
            "domain_code": options["domain"],
            "channel": options["channel"],
            "count": options["count"],
        }
        try:
            with transaction.atomic():
                batch = slip_batch(wanted, None, now)
                codes = issue_slips(batch=batch, count=options["count"], now=now)
                name = str(Agency.objects.get(pk=batch.agency_id))
                sheet = (
                    slips_pdf(codes, name=name, second=options["second"])
                    if out.suffix == ".pdf"
                    else b""
                )
        except ValueError as error:
            raise CommandError(str(error)) from error
        if out.suffix == ".pdf":
            out.write_bytes(sheet)
        else:
            with out.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["code", "printed", "address"])
                writer.writerows([code, group_slip_code(code), short_url(code)] for code in codes)
        out.chmod(0o600)
        self.stdout.write(f"{len(codes)} codes in {out}")
