"""The answers for programs: one JSON object each, with the source and the generation beside the answer."""

import json
from dataclasses import asdict
from typing import Any

from homing.domain.generation import Generation
from homing.domain.moments import Duration, Moment, format_moment
from homing.domain.rules.explaining import Explained
from local.segments.difference import Difference
from local.segments.reasons import Reason
from local.segments.sizes import Sizes
from local.segments.sources import Source


def sizes_json(source: Source, generation: Generation, sizes: Sizes, within: Duration) -> str:
    """What `list` answers; `within_seconds` is how far it looks ahead."""
    segments = {name: asdict(size) for name, size in sizes.segments.items()}
    return _json(
        source,
        generation,
        profiles=sizes.profiles,
        changing=sizes.changing,
        within_seconds=within // 1_000,
        segments=segments,
        parked=sorted(sizes.parked),
    )


def reasons_json(source: Source, generation: Generation, profile_id: str, at: Moment, reasons: list[Reason]) -> str:
    """What `explain` answers."""
    segments = [_reason(reason) for reason in reasons]
    return _json(source, generation, profile_id=profile_id, at=format_moment(at), segments=segments)


def difference_json(source: Source, generation: Generation, difference: Difference) -> str:
    """What `diff` answers."""
    segments = {name: asdict(change) for name, change in difference.segments.items()}
    return _json(source, generation, profiles=difference.profiles, segments=segments, runs=difference.starts)


def _json(source: Source, generation: Generation, **told: Any) -> str:
    head = {"from": source.name, "as_of": format_moment(source.as_of), "generation": generation.number}
    return json.dumps({**head, **told}, indent=2, ensure_ascii=False)


def _reason(reason: Reason) -> dict[str, Any]:
    return {
        "name": reason.segment.name,
        "description": reason.segment.description,
        "member": reason.member,
        "since": _told(reason.since),
        "changes_at": _told(reason.changes_at),
        "fault": reason.fault,
        "conditions": None if reason.conditions is None else _explained(reason.conditions),
    }


def _explained(told: Explained) -> dict[str, Any]:
    return {
        "words": told.words,
        "value": told.value,
        "holds": told.member,
        "changes_at": _told(told.changes_at),
        "parts": [_explained(part) for part in told.parts],
    }


def _told(moment: Moment | None) -> str | None:
    return None if moment is None else format_moment(moment)
