"""Whether the states of a machine hang together."""

from collections.abc import Iterator, Mapping

from local.asl.errors import InvalidDefinition
from local.asl.fields import Fields

_TERMINAL_TYPES = {"Succeed", "Fail"}


def check_structure(where: str, start_at: str, states: Mapping[str, Fields]) -> None:
    """Raises InvalidDefinition for a target that is no state, an unreachable state, a machine without end."""
    if start_at not in states:
        raise InvalidDefinition(where, f"StartAt names {start_at!r}, which is no state")
    reached = _reachable(start_at, states)
    if unreachable := [name for name in states if name not in reached]:
        raise InvalidDefinition(unreachable[0], "no other state leads here")
    if not any(_is_terminal(state) for state in states.values()):
        raise InvalidDefinition(where, "no state ends it: there is neither End, nor Succeed, nor Fail")


def _reachable(start_at: str, states: Mapping[str, Fields]) -> set[str]:
    reached, pending = {start_at}, [start_at]
    while pending:
        state = states[pending.pop()]
        for place, target in _targets(state):
            if target not in states:
                raise InvalidDefinition(state.where, f"{place} names {target!r}, which is no state")
            if target not in reached:
                reached.add(target)
                pending.append(target)
    return reached


def _targets(state: Fields) -> Iterator[tuple[str, str]]:
    """Where a state may lead, and the field that says so."""
    for name in ("Next", "Default"):
        if state.has(name):
            yield name, state.string(name)
    for list_name in ("Choices", "Catch"):
        for index, way_out in enumerate(state.parts(list_name)):
            yield f"{list_name}[{index}]/Next", way_out.string("Next")


def _is_terminal(state: Fields) -> bool:
    return state.get("Type") in _TERMINAL_TYPES or state.get("End") is True
