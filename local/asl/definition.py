"""Reading a definition: from what a JSON or YAML file says to a Machine, or to a clear refusal."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from homing.domain.moments import SECOND
from local.asl.errors import InvalidDefinition, UnsupportedFeature
from local.asl.fields import Fields
from local.asl.machine import Machine
from local.asl.readers import StateReader
from local.asl.structure import check_structure
from local.asl.vocabulary import Vocabulary

_MACHINE_FIELDS: Final = ("Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version")
_LONGEST_NAME: Final = 80


def parse(definition: Mapping[str, Any]) -> Machine:
    """Compile a state machine definition.

    Raises InvalidDefinition where AWS would refuse it, and UnsupportedFeature where this interpreter does;
    both name the state and the field.
    """
    fields = Fields("state machine", definition)
    _refuse_jsonpath(fields)
    names: set[str] = set()
    for name in _state_names(definition):
        if name in names:
            raise InvalidDefinition(name, "two states have this name")
        if len(name) > _LONGEST_NAME:
            raise InvalidDefinition(name, f"a state's name has at most {_LONGEST_NAME} characters")
        names.add(name)
    return _read_machine(fields, _MACHINE_FIELDS, frozenset())


def _read_machine(fields: Fields, known: tuple[str, ...], outer_variables: frozenset[str]) -> Machine:
    """The machine itself, or a part of it; the variables of outer scopes may be read, never assigned."""
    fields.allow(known)
    states = {
        name: Fields(name, fields.object_in(state, f"States/{name}")) for name, state in fields.object("States").items()
    }
    variables = _own_variables(states, outer_variables) | outer_variables

    def read_part(part: Fields, more: tuple[str, ...] = (), *, alone: bool = False) -> Machine:
        return _read_machine(part, ("Comment", "StartAt", "States", *more), frozenset() if alone else variables)

    reader = StateReader(Vocabulary(variables=variables), read_part)
    timeout = fields.whole_number("TimeoutSeconds", at_least=1)
    machine = Machine(
        fields.string("StartAt"),
        {name: reader.read(state) for name, state in states.items()},
        None if timeout is None else timeout * SECOND,
    )
    check_structure(fields.where, machine.start_at, states)
    return machine


def _refuse_jsonpath(fields: Fields) -> None:
    if fields.get("QueryLanguage", "JSONPath") != "JSONata":
        raise UnsupportedFeature(fields.where, "JSONPath: set QueryLanguage to JSONata")


def _own_variables(states: Mapping[str, Fields], outer: frozenset[str]) -> frozenset[str]:
    own: set[str] = set()
    for state in states.values():
        for assigned in _assigned(state):
            if assigned in outer:
                raise InvalidDefinition(state.where, f"${assigned} belongs to an outer scope")
            own.add(assigned)
    return frozenset(own)


def _assigned(state: Fields) -> Iterator[str]:
    """The variables that a state may assign, on any of its ways out."""
    ways_out = [state.content, *state.get("Choices", ()), *state.get("Catch", ())]
    for way_out in ways_out:
        if isinstance(way_out, Mapping) and isinstance(assign := way_out.get("Assign", {}), Mapping):
            yield from assign


def _state_names(definition: Any) -> Iterator[str]:
    """All names of states, at any depth."""
    if isinstance(definition, Mapping) and isinstance(states := definition.get("States"), Mapping):
        for name, state in states.items():
            yield str(name)
            if isinstance(state, Mapping):
                yield from _state_names(state.get("ItemProcessor"))
                for branch in state.get("Branches", ()):
                    yield from _state_names(branch)
