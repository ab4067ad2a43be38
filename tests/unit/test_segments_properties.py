"""For any file, any facts: segments that refer to each other say what the oracle says of them written out in full."""

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from homing.domain.rules import FACTS, RuleError
from homing.domain.rules.calendars import SEASONS
from homing.domain.rules.reading import BOUNDS, LOGIC
from homing.domain.segments import SECTIONS, Segments
from tests.unit.rules_oracle import (
    CALENDAR,
    DEFINITIONS,
    SCORES,
    Data,
    Profile,
    first_change,
    holds,
    one_entry,
    profiles_at,
    rules,
)

# Segments that refer to each other

references = st.sampled_from(["a", "b"]).map(lambda name: {"segment": name})
referring = st.recursive(
    references | rules,
    lambda inner: (
        one_entry(st.sampled_from(["all", "any"]), st.lists(inner, min_size=1, max_size=3))
        | one_entry(st.just("not"), inner)
    ),
    max_leaves=4,
)


def written_out(data: Any, by_name: dict[str, Data]) -> Any:
    """The rule with the rules of the segments in their places."""
    if isinstance(data, list):
        return [written_out(item, by_name) for item in data]
    if isinstance(data, dict) and "segment" in data:
        return by_name[data["segment"]]
    if isinstance(data, dict):
        return {word: written_out(argument, by_name) for word, argument in data.items()}
    return data


@given(rules, rules, st.lists(referring, min_size=1, max_size=3), profiles_at())
def test_segments_that_refer_to_each_other_change_when_the_oracle_first_does(
    a: Data, b: Data, others: list[Data], profile_at: tuple[Profile, int]
) -> None:
    profile, now = profile_at
    written = {f"s{number}": other for number, other in enumerate(others)} | {"a": a, "b": b}
    verdict = Segments.parse(
        {"segments": written, "calendar": CALENDAR, "scores": SCORES}, DEFINITIONS.figures
    ).evaluate(profile, now)
    full = {name: written_out(data, written) for name, data in written.items()}
    assert verdict.memberships == tuple(sorted(name for name, data in full.items() if holds(data, profile, now)))
    turns = [first_change(data, profile, now) for data in full.values()]
    assert verdict.changes_at == min((turn for turn in turns if turn is not None), default=None)
    assert verdict.parked == ()


# Any file

words = st.sampled_from(
    [
        *SECTIONS,
        *LOGIC,
        *BOUNDS,
        *FACTS,
        *SEASONS,
        *("within", "longer_ago_than", "within_next", "known", "one_of", "on_days", "top", "name", "times", "of"),
        *("season", "score.a", "calendar.a", "half_life", "points", "description", "a", "b"),
        *("30 days", "10 %", "12-25", "2026-02-17", "yes"),
    ]
)
values = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | words
data = st.recursive(
    values,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | values, inner, max_size=3),
    max_leaves=12,
)
conditions = st.recursive(
    st.dictionaries(words, values | st.dictionaries(words, data, max_size=3), min_size=1, max_size=1) | data,
    lambda inner: st.dictionaries(st.sampled_from(LOGIC), inner | st.lists(inner, max_size=3), min_size=1, max_size=1),
    max_leaves=4,
)
files = st.fixed_dictionaries(
    {"segments": st.dictionaries(st.sampled_from(["a", "b"]), conditions, max_size=2) | data},
    optional={"scores": data, "calendar": data, "life_spans": data},
)


@settings(max_examples=300)
@given(files | data)
def test_whatever_stands_in_the_file_is_read_or_refused_with_a_reason(file: object) -> None:
    with suppress(RuleError):
        Segments.parse(file)
