"""The page of the rules that look for false answers: whoever is measured may know them."""

from __future__ import annotations

from survey.integrity.models import BackCheck
from survey.integrity.rule_words import language_of_rules, list_rules
from survey.public.paging import PublicPage
from survey.scorecards.bridge.stuffing import open_rules


def rules_page() -> PublicPage:
    """Every rule with its threshold and how often it is wrong by itself."""
    rules = open_rules()
    context = {
        "rules": list_rules(rules),
        "version": rules.text_of_version,
        "text_language": language_of_rules(),
        "checks": BackCheck.objects.exclude(seed=""),
    }
    return PublicPage("rules.html", context)
