"""News of the results as an Atom feed: what was published, corrected or taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.conf import settings
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from survey.common.province import province_name
from survey.public.editions import public_editions
from survey.public.open_data import RESULTS
from survey.public.words import period_title

FEED: Final = "tin-moi.xml"
_BEGINNING: Final = datetime(2025, 1, 1, tzinfo=UTC)


class _Feed(Atom1Feed):
    """Its day is that of the newest entry: the same feed gives the same bytes."""

    def latest_post_date(self) -> datetime:
        dates = [item["updateddate"] for item in self.items]
        return max(dates, default=_BEGINNING)


def write_feed() -> bytes:
    """Every released edition, the latest first, in Vietnamese."""
    with override("vi"):
        root = f"{settings.PUBLIC_URL}{RESULTS}"
        feed = _Feed(
            title=f"{province_name()}: {_('Satisfaction with public services')}",
            link=root,
            feed_url=f"{root}{FEED}",
            description="",
            language="vi",
        )
        for one in public_editions():
            title = (
                f"{period_title(one.edition.period)}, {pgettext('public', 'edition')} {one.number}"
            )
            if one.withdrawn_on:
                title = f"{title} ({_('Taken back').lower()})"
            feed.add_item(
                title=title[0].upper() + title[1:],
                link=f"{root}{one.path}",
                description="",
                unique_id=f"{root}{one.path}",
                pubdate=one.edition.released_at,
                updateddate=one.edition.withdrawn_at or one.edition.released_at,
            )
        return feed.writeString("utf-8").encode()
