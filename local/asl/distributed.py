"""A Map in distributed mode: one execution of its own for each S3 object that its reader lists.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from homing.domain.moments import SECOND, format_moment, parse_moment
from local.asl.errors import DATA_LIMIT_EXCEEDED, ITEM_READER_FAILED, TOO_MANY_FAILURES, StateError
from local.asl.execution import Execution, Status
from local.asl.expressions import JSON, Template
from local.asl.frame import Frame
from local.asl.machine import Machine
from local.asl.requests import AskService, Branch, Fork, Running
from local.asl.services import Action
from local.asl.states import whole_number
from local.asl.tasks import Worker

_LARGEST_CONCURRENCY: Final = 10_000
_LARGEST_OUTPUT: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Child:
    """The machine of one iteration, which runs as an execution of its own."""

    machine: Machine
    parent: Execution

    def run(self, frame: Frame, data: JSON) -> Running:
        """Run it; `frame` is the child's. Its execution ends as the states do, or as the Map that it is part of."""
        execution = frame.execution
        execution.started_at = frame.now()
        self.parent.children.append(execution)
        started = {"StartTime": format_moment(execution.started_at)}
        frame.context = {**frame.context, "Execution": {**frame.context["Execution"], **started}}
        try:
            output = yield from self.machine.run(frame, data)
        except StateError as failure:
            execution.end(Status.FAILED, frame.now(), error=failure.error, cause=failure.cause)
            raise
        except GeneratorExit:
            execution.end(Status.ABORTED, frame.now())
            raise
        execution.end(Status.SUCCEEDED, frame.now(), output=output)
        return output


@dataclass(frozen=True, slots=True)
class DistributedMap(Worker):
    """A Map over what `arguments` of S3's ListObjectsV2 list; no failure of a child is tolerated."""

    processor: Machine
    reader: Action
    arguments: Mapping[str, Template]
    item_selector: Template | None
    max_concurrency: Template | None

    def work(self, frame: Frame, data: JSON) -> Running:
        items = yield from self._items(frame, data)
        branches = [self._child(index, item, frame, data) for index, item in enumerate(items)]
        try:
            outputs = yield Fork(branches, limit=self._limit(frame, data))
        except StateError as failure:
            cause = "The specified tolerated failure threshold was exceeded"
            raise StateError(TOO_MANY_FAILURES, cause) from failure
        if len(json.dumps(outputs).encode()) > _LARGEST_OUTPUT:
            raise StateError(DATA_LIMIT_EXCEEDED, f"the outputs of {len(outputs)} children are longer than 256 KB")
        return outputs

    def _items(self, frame: Frame, data: JSON) -> Running:
        names = frame.names(data)
        asked = {name: template.evaluate(names) for name, template in self.arguments.items()}
        items: list[JSON] = []
        more = True
        while more:
            try:
                page = yield AskService(self.reader.service, self.reader.name, asked)
            except StateError as failure:
                raise StateError(ITEM_READER_FAILED, f"{failure.error}: {failure.cause}") from failure
            items += _listed(page)
            more = page.get("IsTruncated", False)
            asked = {**asked, "ContinuationToken": page.get("NextContinuationToken")}
        return items

    def _child(self, index: int, item: JSON, frame: Frame, data: JSON) -> Branch:
        context = {"Map": {"Item": {"Index": index, "Value": item}}}
        selecting = frame.inner(**context)
        selected = item if self.item_selector is None else self.item_selector.evaluate(selecting.names(data))
        name = f"{frame.execution.name}:{index}"
        execution = Execution(name, selected, started_at=frame.now())
        named = {**frame.context["Execution"], "Name": name, "Input": selected}
        own = Frame(execution, frame.timers, frame.random, {**frame.context, **context, "Execution": named}, {})
        return Branch(Child(self.processor, frame.execution), own, selected)

    def _limit(self, frame: Frame, data: JSON) -> int:
        if self.max_concurrency is None:
            return _LARGEST_CONCURRENCY
        asked = whole_number(self.max_concurrency.evaluate(frame.names(data)), "MaxConcurrency", at_most=99_999_999)
        return min(asked or _LARGEST_CONCURRENCY, _LARGEST_CONCURRENCY)


def _listed(page: Mapping[str, Any]) -> Iterator[JSON]:
    """The objects of one answer of S3, as an ItemReader gives them: with moments in seconds."""
    for entry in page.get("Contents", []):
        yield {
            "Etag": entry["ETag"],
            "Key": entry["Key"],
            "LastModified": parse_moment(entry["LastModified"]) // SECOND,
            "Size": entry["Size"],
            "StorageClass": entry["StorageClass"],
        }
