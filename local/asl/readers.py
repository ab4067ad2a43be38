"""How each type of state is read."""

import re
from typing import TYPE_CHECKING, Any, Final, Protocol

from local.asl.distributed import DistributedMap
from local.asl.errors import ALL, InvalidDefinition, UnsupportedFeature
from local.asl.expressions import Constant, Template, compile_template, is_expression
from local.asl.fields import Fields
from local.asl.machine import Machine
from local.asl.retry_reader import read_error_names, read_retriers
from local.asl.services import SDK_PREFIX, Action, ServiceTask, read_action
from local.asl.states import Choice, Departure, Fail, Pass, Rule, State, Succeed, WaitSeconds, WaitUntil
from local.asl.tasks import Catcher, InvokeTask, Map, Parallel
from local.asl.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LAMBDA_INVOKE: Final = "arn:aws:states:::lambda:invoke"
LIST_OBJECTS: Final = "arn:aws:states:::s3:listObjectsV2"

_COMMON: Final = ("Type", "Comment", "QueryLanguage")
_GOES_ON: Final = ("Next", "End", "Assign", "Output")
_WORKS: Final = ("Retry", "Catch")
_FIELDS: Final = {
    "Pass": _GOES_ON,
    "Wait": (*_GOES_ON, "Seconds", "Timestamp"),
    "Succeed": ("Output",),
    "Fail": ("Error", "Cause"),
    "Choice": ("Choices", "Default", "Assign", "Output"),
    "Task": (*_GOES_ON, *_WORKS, "Resource", "Arguments", "TimeoutSeconds"),
    "Parallel": (*_GOES_ON, *_WORKS, "Branches", "Arguments"),
    "Map": (*_GOES_ON, *_WORKS, "Items", "ItemSelector", "ItemProcessor", "MaxConcurrency"),
}
_VARIABLE: Final = re.compile(r"[A-Za-z_]\w{0,79}")


class ReadPart(Protocol):
    """Reads the sub-machine of a branch or an iteration; one that runs `alone` sees no variables of this scope."""

    def __call__(self, part: Fields, more: tuple[str, ...] = (), *, alone: bool = False) -> Machine: ...


class StateReader:
    """Reads the states of one scope, whose expressions may say what `vocabulary` holds."""

    def __init__(self, vocabulary: Vocabulary, read_part: ReadPart) -> None:
        self._vocabulary = vocabulary
        self._read_part = read_part
        self._readers: Mapping[str, Callable[[Fields], State]] = {
            "Pass": self._pass,
            "Wait": self._wait,
            "Succeed": self._succeed,
            "Fail": self._fail,
            "Choice": self._choice,
            "Task": self._task,
            "Parallel": self._parallel,
            "Map": self._map,
        }

    def read(self, state: Fields) -> State:
        kind = state.string("Type")
        if kind not in self._readers:
            raise InvalidDefinition(state.where, f"there is no type of state {kind!r}")
        state.allow((*_COMMON, *_FIELDS[kind], *(("ItemReader",) if _is_distributed(state) else ())))
        if state.get("QueryLanguage", "JSONata") != "JSONata":
            raise UnsupportedFeature(state.where, "JSONPath (QueryLanguage)")
        return self._readers[kind](state)

    def _pass(self, state: Fields) -> State:
        return Pass(self._onward(state, self._vocabulary))

    def _succeed(self, state: Fields) -> State:
        return Succeed(self._departure(state, None, self._vocabulary))

    def _fail(self, state: Fields) -> State:
        return Fail(self._text(state, "Error"), self._text(state, "Cause"))

    def _wait(self, state: Fields) -> State:
        if state.has("Seconds") == state.has("Timestamp"):
            raise InvalidDefinition(state.where, "needs either Seconds or Timestamp")
        departure = self._onward(state, self._vocabulary)
        if state.has("Seconds"):
            return WaitSeconds(self._number(state, "Seconds"), departure)
        return WaitUntil(self._template(state, "Timestamp"), departure)

    def _choice(self, state: Fields) -> State:
        if not state.parts("Choices"):
            raise InvalidDefinition(state.where, "needs at least one entry in Choices")
        rules = tuple(self._rule(rule) for rule in state.parts("Choices"))
        if not state.has("Default"):
            return Choice(rules, default=None)
        return Choice(rules, self._departure(state, state.string("Default"), self._vocabulary))

    def _rule(self, rule: Fields) -> Rule:
        rule.allow(("Comment", "Condition", "Next", "Assign", "Output"))
        condition = rule.need("Condition")
        if not isinstance(condition, bool) and not is_expression(condition):
            raise InvalidDefinition(rule.place("Condition"), "must be a boolean or '{% expression %}'")
        return Rule(self._template(rule, "Condition"), self._departure(rule, rule.string("Next"), self._vocabulary))

    def _task(self, state: Fields) -> State:
        resource = state.string("Resource")
        if resource.startswith(SDK_PREFIX):
            return self._service_task(state, read_action(resource, state.place("Resource")))
        if resource != LAMBDA_INVOKE:
            raise UnsupportedFeature(state.place("Resource"), f"the resource {resource}")
        arguments = state.part("Arguments")
        for name in arguments.content:
            if name not in {"FunctionName", "Payload"}:
                raise UnsupportedFeature(arguments.where, f"the argument {name} of {LAMBDA_INVOKE}")
        arguments.string("FunctionName")
        return InvokeTask(
            *self._work(state),
            {name: self._template(arguments, name) for name in arguments.content},
            self._optional_number(state, "TimeoutSeconds", at_least=1),
        )

    def _service_task(self, state: Fields, action: Action) -> State:
        if state.has("TimeoutSeconds"):
            raise UnsupportedFeature(state.place("TimeoutSeconds"), "a timeout of a service's answer")
        return ServiceTask(*self._work(state), action, self._arguments(state.part("Arguments"), action))

    def _arguments(self, arguments: Fields, action: Action) -> "Mapping[str, Template]":
        if unknown := sorted(set(arguments.content) - action.parameters):
            raise InvalidDefinition(arguments.where, f"{action.name} has no parameter {', '.join(unknown)}")
        return {name: self._template(arguments, name) for name in arguments.content}

    def _parallel(self, state: Fields) -> State:
        branches = tuple(self._read_part(branch) for branch in state.parts("Branches"))
        if not branches:
            raise InvalidDefinition(state.where, "needs at least one entry in Branches")
        return Parallel(*self._work(state), branches, self._optional(state, "Arguments"))

    def _map(self, state: Fields) -> State:
        processor = state.part("ItemProcessor")
        if _is_distributed(state):
            return self._distributed_map(state, processor)
        if processor.has("ProcessorConfig"):
            processor.part("ProcessorConfig").allow(("Mode",))
        items = state.get("Items", [])
        if not isinstance(items, list) and not is_expression(items):
            raise InvalidDefinition(state.place("Items"), "must be an array or '{% expression %}'")
        return Map(
            *self._work(state),
            self._read_part(processor, ("ProcessorConfig",)),
            self._optional(state, "Items"),
            self._optional(state, "ItemSelector"),
            self._optional_number(state, "MaxConcurrency"),
        )

    def _distributed_map(self, state: Fields, processor: Fields) -> State:
        config = processor.part("ProcessorConfig")
        config.allow(("Mode", "ExecutionType"))
        if config.string("ExecutionType") != "STANDARD":
            raise UnsupportedFeature(config.where, f"children of the type {config.string('ExecutionType')}")
        if state.has("Items"):
            raise UnsupportedFeature(state.place("Items"), "distributed Map over anything but an ItemReader")
        reader = state.part("ItemReader")
        reader.allow(("Resource", "Arguments"))
        if reader.string("Resource") != LIST_OBJECTS:
            raise UnsupportedFeature(reader.where, f"the reader {reader.string('Resource')}")
        action = read_action(f"{SDK_PREFIX}s3:listObjectsV2", reader.where)
        return DistributedMap(
            *self._work(state),
            self._read_part(processor, ("ProcessorConfig",), alone=True),
            action,
            self._arguments(reader.part("Arguments"), action),
            self._optional(state, "ItemSelector"),
            self._optional_number(state, "MaxConcurrency"),
        )

    def _work(self, state: Fields) -> tuple[Any, Any, Any]:
        """Retry, Catch and the way on, as every state with work to do has them."""
        catchers = tuple(self._catcher(catcher) for catcher in state.parts("Catch"))
        for catcher in catchers[:-1]:
            if ALL in catcher.errors:
                raise InvalidDefinition(state.place("Catch"), f"{ALL} must stand in the last entry")
        return read_retriers(state), catchers, self._onward(state, self._vocabulary.with_states("result"))

    def _catcher(self, catcher: Fields) -> Catcher:
        catcher.allow(("Comment", "ErrorEquals", "Next", "Assign", "Output"))
        vocabulary = self._vocabulary.with_states("errorOutput")
        return Catcher(read_error_names(catcher), self._departure(catcher, catcher.string("Next"), vocabulary))

    def _onward(self, state: Fields, vocabulary: Vocabulary) -> Departure:
        """The departure of a state that has either Next or End."""
        ends = state.get("End", False)
        if not isinstance(ends, bool):
            raise InvalidDefinition(state.place("End"), f"must be a boolean, not {ends!r}")
        if ends == state.has("Next"):
            raise InvalidDefinition(state.where, "needs either Next or End")
        return self._departure(state, None if ends else state.string("Next"), vocabulary)

    def _departure(self, way_out: Fields, target: str | None, vocabulary: Vocabulary) -> Departure:
        assign = way_out.object("Assign") if way_out.has("Assign") else {}
        for variable in assign:
            if not _VARIABLE.fullmatch(variable) or variable == "states":
                raise InvalidDefinition(way_out.place("Assign"), f"{variable!r} is no name for a variable")
        return Departure(
            target,
            {
                variable: compile_template(value, vocabulary, f"{way_out.place('Assign')}/{variable}")
                for variable, value in assign.items()
            },
            self._optional(way_out, "Output", vocabulary),
        )

    def _template(self, fields: Fields, name: str) -> Template:
        return compile_template(fields.need(name), self._vocabulary, fields.place(name))

    def _optional(self, fields: Fields, name: str, vocabulary: Vocabulary | None = None) -> Template | None:
        if not fields.has(name):
            return None
        return compile_template(fields.get(name), vocabulary or self._vocabulary, fields.place(name))

    def _number(self, fields: Fields, name: str, *, at_least: int = 0) -> Template:
        """A whole number, or an expression for one."""
        if is_expression(fields.get(name)):
            return self._template(fields, name)
        return Constant(fields.whole_number(name, at_least=at_least))

    def _optional_number(self, fields: Fields, name: str, *, at_least: int = 0) -> Template | None:
        return self._number(fields, name, at_least=at_least) if fields.has(name) else None

    def _text(self, fields: Fields, name: str) -> Template | None:
        if fields.has(name):
            fields.string(name)
        return self._optional(fields, name)


def _is_distributed(state: Fields) -> bool:
    """Whether it is a Map whose iterations are executions of their own."""
    if state.get("Type") != "Map" or not state.part("ItemProcessor").has("ProcessorConfig"):
        return False
    config = state.part("ItemProcessor").part("ProcessorConfig")
    mode = config.get("Mode", "INLINE")
    if mode not in ("INLINE", "DISTRIBUTED"):
        raise InvalidDefinition(config.place("Mode"), f"there is no mode {mode!r}")
    return bool(mode == "DISTRIBUTED")
