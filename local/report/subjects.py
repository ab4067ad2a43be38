"""What a segment's rule is about, so that thirty of them can be shown in groups.

Most rules ask for consent or an order beside what they are really about. So a segment belongs to the first of these
subjects whose facts its rule names, from the special to the general.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

SUBJECTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Carts": ("cart",),
    "Tastes and supplies": ("interests", "bought", "launches", "supplies", "gender"),
    "Place and calendar": (
        "country",
        "region",
        "city",
        "timezone",
        "language",
        "currency",
        "season",
        "calendar",
        "birthday",
    ),
    "Mail and channels": ("consent.newsletter", "consent.newsletter_at", "campaigns", "channel"),
    "Engagement": ("score", "activity", "visits", "products", "mails", "event"),
    "Buying": ("orders",),
    "Signing up": ("consent", "signed_up_at"),
}
OTHERS: Final = "Others"
_ORDER: Final = ("Buying", "Carts", "Engagement", "Signing up")
"""Which subjects are shown first; the others follow as they stand above."""


def by_subject(rules: Mapping[str, Any]) -> dict[str, list[str]]:
    """The segments of a file's data by their subject, each subject's in the order of the file."""
    segments = rules.get("segments", {})
    groups: dict[str, list[str]] = {}
    for name in segments:
        groups.setdefault(_subject(set(_facts(segments[name], segments))), []).append(name)
    order = [*_ORDER, *SUBJECTS, OTHERS]
    return dict(sorted(groups.items(), key=lambda group: order.index(group[0])))


def _subject(facts: set[str]) -> str:
    for subject, words in SUBJECTS.items():
        if any(fact == word or fact.startswith(f"{word}.") for fact in facts for word in words):
            return subject
    return OTHERS


def _facts(condition: Any, segments: Mapping[str, Any]) -> Iterator[str]:
    """The facts that a rule names, those of segments that it refers to included."""
    for word, data in condition.items() if isinstance(condition, Mapping) else ():
        match word:
            case "all" | "any":
                for part in data:
                    yield from _facts(part, segments)
            case "not":
                yield from _facts(data, segments)
            case "segment":
                yield from _facts(segments[data], segments)
            case "description":
                pass
            case _:
                yield word
