"""The local cloud: a template deployed in one process, on one heap of timers."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from unittest.mock import patch

import boto3
from botocore.config import Config
from botocore.loaders import Loader, create_loader
from botocore.session import get_session
from moto import mock_aws

from homing.domain.moments import Moment
from local.cloud import inside_moto, moto_speed
from local.cloud.database import Database, StreamRecord
from local.cloud.deliveries import Deliveries
from local.cloud.direct import take_short_road
from local.cloud.errors import CloudError, TemplateError
from local.cloud.events import AsyncInvocations, EventBus
from local.cloud.exports import Exports
from local.cloud.functions import Functions, Outcome
from local.cloud.http_api import HttpApi, Response
from local.cloud.intrinsics import Resolver
from local.cloud.mail import Mail
from local.cloud.moto_expressions import remember_expressions
from local.cloud.queues import Queues
from local.cloud.resources import KINDS, SECOND_PASS, Identity, kind_of
from local.cloud.schedules import Schedules
from local.cloud.seam import Hook, Seam
from local.cloud.ses import Ses
from local.cloud.template import Template, load_template
from local.cloud.workflows import Run, Workflows
from local.timers import Timers

if TYPE_CHECKING:
    from local.cloud.streams import StreamMapping

REGION: Final = "eu-central-1"
_CREDENTIALS: Final[Mapping[str, str]] = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    # An endpoint with the account in its name would miss moto.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
}


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message in a dead-letter queue."""

    queue: str
    body: str


class Cloud:
    """A deployed template. Use it as a context manager; inside, boto3's default session reaches it.

    Nothing happens by itself: `settle` delivers what can be delivered now, `advance_to` lets time pass.
    """

    def __init__(
        self,
        template: Template,
        seam: Seam,
        timers: Timers,
        seed: int,
        environment: Mapping[str, str],
        secrets: Mapping[str, str],
    ) -> None:
        self.template = template
        self.timers = timers
        self.seed = seed
        self.region = REGION
        self.secrets = secrets
        self.seam = seam
        self.functions = Functions(seed, {"AWS_REGION": REGION, "AWS_DEFAULT_REGION": REGION, **environment})
        self.queues = Queues(REGION)
        self.database = Database(timers, REGION, self.seam.unseen, self._caller)
        self.exports = Exports(self.database, timers, self.seam, seed)
        self.invocations = AsyncInvocations(self.functions, self.queues, timers)
        self.bus = EventBus(self.invocations, self.queues, timers, REGION, seed)
        self.workflows = Workflows(self.functions, self.bus, timers, seed)
        self.schedules = Schedules(timers, REGION)
        self.ses = Ses(self.queues, timers, REGION, seed)
        self.layers: dict[str, list[Path]] = {}
        self.stream_names: dict[str, str] = {}
        self.stream_mappings: list[StreamMapping] = []
        self._apis: dict[str, HttpApi] = {}
        self._identities: dict[str, Identity] = {}
        self.pumps: list[Callable[[], bool]] = []
        """Each delivers one thing that can be delivered now; False where nothing can."""
        self._resolver = Resolver(template.parameters, template.conditions, template.mappings, self._reference)
        self._resources = ExitStack()

    @classmethod
    def deploy(
        cls,
        template_path: Path,
        *,
        timers: Timers,
        parameters: Mapping[str, str] | None = None,
        seed: int = 0,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        verified: Iterable[str] = (),
    ) -> Self:
        """Deploys a template, all or nothing.

        `parameters` override the template's defaults, `environment` is given to every function, `secrets` are
        values of secrets by logical id instead of generated ones, `verified` are addresses and domains that
        SES knows beside the template's identities. Raises Unsupported for what the local cloud
        does not do, TemplateError for what is not valid.
        """
        with ExitStack() as resources:
            resources.enter_context(_variables(_CREDENTIALS))
            resources.enter_context(mock_aws(config={"core": {"mock_credentials": False}}))
            resources.enter_context(moto_speed.narrow_queries())
            resources.enter_context(moto_speed.narrow_scans())
            resources.enter_context(remember_expressions())
            inside_moto.seed_identifiers(seed)
            session = _session()
            resources.enter_context(patch("boto3.DEFAULT_SESSION", session))
            template = load_template(template_path, parameters or {}, REGION)
            cloud = cls(template, Seam(session), timers, seed, environment or {}, secrets or {})
            take_short_road(session, REGION)
            resources.callback(cloud.functions.close)
            cloud.ses.identities.update(verified)
            with cloud.seam.unseen():
                cloud._make_all()
            cloud._resources = resources.pop_all()
        return cloud

    def close(self) -> None:
        """Takes everything down and gives the process its environment back."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What users do

    def http(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str = b"",
        query: str | Mapping[str, str] = "",
        source_ip: str = "127.0.0.1",
    ) -> Response:
        """A request to the template's HTTP API, answered at once; what follows from it waits for `settle`."""
        (api,) = self._apis.values()
        return api.request(method, path, headers, body, query, source_ip)

    def invoke(self, logical_id: str, event: Any) -> Outcome:
        """Invokes a function by its logical id."""
        return self.functions.invoke(self.functions.by_logical_id[logical_id], event)

    def fire_schedule(self, logical_id: str, target_id: str | None = None) -> None:
        """Fires a schedule now, or one target of it; its functions run when the cloud settles."""
        self.schedules.fire(logical_id, target_id)

    def disable_schedule(self, logical_id: str) -> None:
        """Lets a schedule never fire by itself."""
        self.schedules.disable(logical_id)

    def on_call(self, hook: Hook) -> Callable[[], None]:
        """Calls `hook(service, operation, phase)` around every AWS call; the result takes it away again."""
        return self.seam.on_call(hook)

    # How time passes

    def settle(self) -> None:
        """Delivers everything that can be delivered at this moment, in a fixed order, until all is quiet."""
        while any(pump() for pump in self.pumps):
            pass

    def advance_to(self, moment: Moment) -> None:
        """Lets time pass until `moment`: one timer after the other, all settled in between."""
        self.settle()
        while (due := self.timers.next_moment()) is not None and due <= moment:
            self.timers.run_next()
            self.settle()
        self.timers.advance_to(moment)

    def deliver_by(self, deliveries: Deliveries) -> None:
        """From now on streams, queues and asynchronous invocations deliver as this says."""
        self.invocations.deliveries = deliveries
        for stream_mapping in self.stream_mappings:
            stream_mapping.deliveries = deliveries
        for queue_mapping in self.queues.mappings:
            queue_mapping.deliveries = deliveries

    # What can be seen

    def observe_table(self, callback: Callable[[str, StreamRecord], None]) -> None:
        """`callback(table name, record)` sees every change of every table, wanted by a function or not."""
        self.database.observers.append(callback)

    def observe_answers(self, callback: Callable[[str, Outcome], None]) -> None:
        """Calls back with the logical id and the outcome of each function that has answered."""
        self.functions.observers.append(callback)

    def observe_mail(self, callback: Callable[[Mail], None]) -> None:
        """`callback(mail)` sees every mail as SES takes it."""
        self.ses.observers.append(callback)

    @property
    def operations(self) -> Counter[str]:
        """What has been done so far: the billed operations, and every AWS call as `service.Operation`."""
        billed = {
            "lambda_invocations": self.functions.invocations,
            "dynamodb_write_units": self.database.write_units.total(),
            "dynamodb_read_units": ceil(self.database.read_units),
            "state_transitions": self.workflows.transitions,
            "ses_sends": len(self.ses.outbox),
        }
        return Counter(billed) + self.seam.calls

    @property
    def executions(self) -> Sequence[Run]:
        """All executions of state machines, in the order of their starts."""
        return self.workflows.runs

    @property
    def outbox(self) -> Sequence[Mail]:
        """All mails that SES took, in order."""
        return self.ses.outbox

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs by name."""
        return {
            name: self._resolver.resolve(output["Value"])
            for name, output in self.template.outputs.items()
            if "Condition" not in output or self._resolver.condition(output["Condition"])
        }

    @property
    def inert(self) -> Mapping[str, str]:
        """Resources that are accepted and change nothing here: logical id ─▶ why."""
        return {
            logical_id: kind.why
            for logical_id, resource in self.template.resources.items()
            if logical_id in self._identities and (kind := KINDS[resource.type]).make is None
        }

    def dead_letters(self) -> list[DeadLetter]:
        """The messages in all dead-letter queues and failure destinations."""
        return [
            DeadLetter(self.queues.by_arn[arn].name, body)
            for arn in self.queues.dead_letter_arns
            for body in self.queues.by_arn[arn].bodies()
        ]

    def logs(self, logical_id: str) -> Sequence[str]:
        """The last lines that a function wrote."""
        return tuple(self.functions.by_logical_id[logical_id].log)

    def physical_id(self, logical_id: str) -> str:
        """What `Ref` gives for a resource: a table's name, a queue's URL, a secret's ARN."""
        return self.identity(logical_id)[0]

    def properties(self, logical_id: str) -> dict[str, Any]:
        """A resource's properties, with what they refer to."""
        resolved: dict[str, Any] = self._resolver.resolve(dict(self.template.resources[logical_id].properties))
        return resolved

    # What the makers of resources use

    def identity(self, logical_id: str) -> Identity:
        """What `Ref` and `Fn::GetAtt` give for a resource, known before it is made."""
        if logical_id not in self._identities:
            resource = self.template.resources.get(logical_id)
            if resource is None:
                raise TemplateError(f"no resource or parameter {logical_id}")
            if resource.condition and not self._resolver.condition(resource.condition):
                raise TemplateError(f"{logical_id} is referred to, but its condition {resource.condition} is false")
            kind = kind_of(logical_id, resource.type)
            self._identities[logical_id] = kind.identify(
                logical_id, self.region, _Lazy(self._resolver, resource.properties)
            )
        return self._identities[logical_id]

    def http_api(self, logical_id: str) -> HttpApi:
        """The HTTP API of this logical id; there may be one."""
        if logical_id not in self._apis:
            if self._apis:
                raise CloudError("more than one HTTP API")
            api_id = self.physical_id(logical_id)
            self._apis[logical_id] = HttpApi(api_id, self.region, self.functions, self.timers, self.seed)
        return self._apis[logical_id]

    def _reference(self, logical_id: str, attribute: str | None) -> str:
        ref, attributes = self.identity(logical_id)
        if attribute is None:
            return ref
        if attribute not in attributes:
            raise TemplateError(f"{logical_id} has no attribute {attribute}")
        return attributes[attribute]

    def _make_all(self) -> None:
        wanted = [
            resource
            for resource in self.template.resources.values()
            if resource.condition is None or self._resolver.condition(resource.condition)
        ]
        for resource in wanted:
            kind_of(resource.logical_id, resource.type)
            self.identity(resource.logical_id)
        order = {name: place for place, name in enumerate(KINDS)}
        # SAM makes its resources in no fixed order.
        wanted.sort(key=lambda resource: (order[resource.type], resource.logical_id))
        resolved = [(each, self._resolver.resolve(dict(each.properties))) for each in wanted]
        for resource, properties in resolved:
            kind = KINDS[resource.type]
            kind.check(resource.logical_id, resource.type, properties)
            if kind.make is not None:
                kind.make(self, resource.logical_id, properties)
        for resource, properties in resolved:
            if finish := SECOND_PASS.get(resource.type):
                finish(self, resource.logical_id, properties)
        self._connect()

    def _connect(self) -> None:
        """Puts the parts on the seam, and their pumps into the order in which they deliver."""
        self.workflows.answer_at(self.seam)
        self.exports.answer_at(self.seam)
        self.ses.answer_at(self.seam)
        self.seam.observe("dynamodb", self.database)
        self.seam.observe("sqs", self.queues)
        self.seam.observe("sns", self.queues)
        self.pumps = [
            *(mapping.pump for mapping in self.stream_mappings),
            self.ses.pump,
            *(mapping.pump for mapping in self.queues.mappings),
            self.invocations.pump,
            self._run_due_timer,
        ]

    def _caller(self) -> str:
        """The logical id of the function that runs now, or nothing."""
        return "" if self.functions.running is None else self.functions.running.logical_id

    def _run_due_timer(self) -> bool:
        due = self.timers.next_moment()
        return due is not None and due <= self.timers.now() and self.timers.run_next()


class _Lazy(Mapping[str, Any]):
    """Properties that are resolved one by one, when asked: a name must not need the whole resource."""

    def __init__(self, resolver: Resolver, properties: Mapping[str, Any]) -> None:
        self._resolver = resolver
        self._properties = properties

    def __getitem__(self, name: str) -> Any:
        return self._resolver.resolve(self._properties[name])

    def __iter__(self) -> Any:
        return iter(self._properties)

    def __len__(self) -> int:
        return len(self._properties)


@cache
def _service_models() -> Loader:
    """Read once for all deployments: they are most of a client's price."""
    return create_loader()


def _session() -> boto3.Session:
    core = get_session()
    core.register_component("data_loader", _service_models())
    # botocore would put its own together anew for every call: a quarter of what reading an item takes.
    core.set_default_client_config(Config(user_agent="local"))
    return boto3.Session(botocore_session=core)


@contextmanager
def _variables(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for as long as it lasts; only these are touched."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
