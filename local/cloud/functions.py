"""Lambda functions: the real handlers, in process, each as alone as in its own sandbox."""

import io
import json
import logging
import os
import sys
import traceback
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path
from random import Random
from types import CodeType, ModuleType
from typing import Any, ClassVar, Final, Literal, Self, TypeAlias
from uuid import UUID

from local.cloud.errors import CloudError

Handler: TypeAlias = Callable[[Any, "Context"], Any]

LOG_LINES: Final = 2_000
MAXIMUM_PAYLOAD: Final = 6 * 1024 * 1024


class Killed(BaseException):
    """The sandbox dies here: raised by a test's hook inside a handler, which no handler can catch."""


class Context:
    """What a handler gets as its second argument. No time passes during an invocation."""

    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(self, function: "Function", request_id: str) -> None:
        self.aws_request_id = request_id
        self.function_name = function.name
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory)
        self.log_group_name = f"/aws/lambda/{function.name}"
        self.log_stream_name = "local"
        self._remaining = function.timeout * 1_000

    def get_remaining_time_in_millis(self) -> int:
        return self._remaining


@dataclass
class Function:
    """A deployed function. `roots` are the directories of its code and layers; `timeout` is in seconds."""

    logical_id: str
    name: str
    arn: str
    handler: str
    roots: Sequence[Path]
    environment: Mapping[str, str]
    timeout: int = 3
    memory: int = 128
    log: deque[str] = field(default_factory=lambda: deque(maxlen=LOG_LINES))
    dead_letter_queue: str | None = None


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: a JSON value, or the error object that Lambda makes of an exception."""

    value: Any = None
    error: Mapping[str, Any] | None = None

    @property
    def failed(self) -> bool:
        return self.error is not None


class _Log(io.TextIOBase):
    """Stands as stdout and stderr while a handler runs, and writes to that function's log.

    One object for all functions: whatever a shared package keeps of it writes to the log of the one that runs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: deque[str] = deque(maxlen=LOG_LINES)
        self._unfinished = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        *lines, self._unfinished = (self._unfinished + text).split("\n")
        self.lines.extend(lines)
        return len(text)

    def finish_line(self) -> None:
        if self._unfinished:
            self.write("\n")


class _Loggers:
    """A tree of loggers: `logging` keeps one for the process, where each sandbox would have its own."""

    def __init__(self, root: logging.RootLogger, manager: logging.Manager) -> None:
        self._root = root
        self._manager = manager

    @classmethod
    def fresh(cls) -> Self:
        root = logging.RootLogger(logging.WARNING)
        return cls(root, logging.Manager(root))

    @classmethod
    def in_use(cls) -> Self:
        return cls(logging.root, logging.Logger.manager)

    def use(self) -> None:
        """From now on `logging` finds and makes its loggers here."""
        logging.root = logging.Logger.root = self._root
        logging.Logger.manager = self._manager


class _Loader(SourceFileLoader):
    """Reads a source file once in a process, however many instances load it, and again where it has changed."""

    _codes: ClassVar[dict[tuple[str, int, int], CodeType]] = {}

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        stat = Path(path).stat()
        key = path, stat.st_mtime_ns, stat.st_size
        if key not in self._codes:
            code = super().get_code(fullname)
            if code is None:
                return None
            self._codes[key] = code
        return self._codes[key]


def _finders(roots: Collection[str]) -> Callable[[str], FileFinder]:
    """A path hook for what lies under `roots`."""

    def find_in(path: str) -> FileFinder:
        if not any(path == root or path.startswith(f"{root}{os.sep}") for root in roots):
            raise ImportError(path)
        return FileFinder(path, (_Loader, SOURCE_SUFFIXES))

    return find_in


class _Sandbox:
    """One instance: a function's own copies of the first-party modules, its loggers, and its handler."""

    def __init__(self) -> None:
        self.modules: dict[str, ModuleType] = {}
        self.loggers = _Loggers.fresh()
        self.handler: Handler | None = None


Trouble: TypeAlias = Callable[[Function, Literal["before", "after"]], str | None]
"""Lambda's own failures: an error's name, where an invocation fails before its handler runs or loses its answer."""

Alteration: TypeAlias = Callable[[Function], None]
"""Changes the modules of the instance inside which it is called."""


class Functions:
    """The functions of a stack, invoked one at a time; an invocation may begin within another, and ends before it.

    Like Lambda, it gives an invocation an instance that is free, or a new one.

    `environment` is given to every function beside its own. First-party modules (those that lie in the
    functions' roots) are loaded once for each function; all others are shared with the host. The loggers
    that a function makes are its own; those of a shared package stay where it was imported first.
    """

    def __init__(self, seed: int, environment: Mapping[str, str]) -> None:
        self.by_arn: dict[str, Function] = {}
        self.by_logical_id: dict[str, Function] = {}
        self.invocations = 0
        self.running: Function | None = None
        """The function whose handler runs now."""
        self.payload: Any = None
        """What it was invoked with."""
        self.observers: list[Callable[[str, Outcome], None]] = []
        self.trouble: Trouble | None = None
        self._random = Random(f"request ids {seed}")
        self._environment = dict(environment)
        self._warm: dict[str, list[_Sandbox]] = defaultdict(list)
        self._spare: dict[str, list[_Sandbox]] = defaultdict(list)
        """Instances that are loaded and that nobody has invoked."""
        self._alterations: list[Alteration] = []
        self._first_party: set[str] = set()
        self._roots: set[str] = set()
        self._log = _Log()
        self._host_modules: dict[str, ModuleType] = {}
        self._modules_seen = -1
        self._environment_of: Function | None = None
        self._host_environment: dict[str, str | None] = {}
        self._find_in = _finders(self._roots)
        sys.path_hooks.insert(0, self._find_in)

    def add(self, function: Function) -> None:
        """Makes a function known. Its first invocation starts it cold."""
        self.by_arn[function.arn] = function
        self.by_logical_id[function.logical_id] = function
        for root in function.roots:
            self._first_party |= {
                path.stem for path in root.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
            }
            self._roots.add(str(root))
        self._modules_seen = -1
        sys.path_importer_cache.clear()  # which may know finders of before there was our own

    def find(self, name: str) -> Function:
        """The function of this name or ARN, whatever its version. Raises CloudError where there is none."""
        arn = ":".join(name.split(":")[:7])
        for function in self.by_arn.values():
            if arn in {function.arn, function.name}:
                return function
        raise CloudError(f"no such function: {name}")

    def compile_all(self) -> None:
        """Compiles every source file of the functions ahead of the first instance that loads it."""
        for root in sorted(self._roots):
            for path in sorted(Path(root).rglob("*.py")):
                _Loader(path.stem, str(path)).get_code(path.stem)

    def cool(self, logical_id: str | None = None) -> None:
        """Drops warm instances, one function's or all, so that the next invocation starts cold."""
        if logical_id is None:
            self._warm.clear()
        else:
            self._warm.pop(self.by_logical_id[logical_id].arn, None)

    def load_spares(self, count: int) -> None:
        """Loads instances ahead of their cold starts, which then import nothing."""
        for function in self.by_arn.values():
            known = [name for sandbox in self._warm[function.arn] for name in sandbox.modules]
            for _ in range(count):
                with self._inside(function, _Sandbox()) as sandbox:
                    sandbox.handler = self._load(function)
                    for name in known:
                        import_module(name)
                self._spare[function.arn].append(sandbox)

    def alter(self, alteration: Alteration) -> None:
        """Changes every instance, those that are loaded and those that will be, as another deployment would."""
        self._alterations.append(alteration)
        for function in self.by_arn.values():
            for sandbox in (*self._warm[function.arn], *self._spare[function.arn]):
                with self._inside(function, sandbox):
                    alteration(function)

    def invoke(self, function: Function, event: Any) -> Outcome:
        """Runs the handler with a JSON copy of `event`. What it raises becomes the Outcome's error."""
        self.invocations += 1
        request_id = str(UUID(int=self._random.getrandbits(128), version=4))
        if self.trouble is not None and (error := self.trouble(function, "before")) is not None:
            return _runtime_error(request_id, error, "the function was not invoked")
        outcome = self._run(function, json.loads(json.dumps(event)), request_id)
        if self.trouble is not None and (error := self.trouble(function, "after")) is not None:
            return _runtime_error(request_id, error, "the answer was lost")
        for observer in self.observers:
            observer(function.logical_id, outcome)
        return outcome

    def close(self) -> None:
        """Gives the process its own environment back."""
        self._enter_environment(None)
        if self._find_in in sys.path_hooks:
            sys.path_hooks.remove(self._find_in)
            sys.path_importer_cache.clear()

    def _run(self, function: Function, payload: Any, request_id: str) -> Outcome:
        warm = self._warm[function.arn]
        sandbox = (warm or self._spare[function.arn] or [_Sandbox()]).pop()
        with self._inside(function, sandbox, payload):
            try:
                if sandbox.handler is None:
                    sandbox.handler = self._load(function)
                value = sandbox.handler(payload, Context(function, request_id))
            except (Killed, SystemExit):
                return _runtime_error(request_id, "Runtime.ExitError", "Runtime exited with error: killed")
            except Exception as error:  # noqa: BLE001 - as Lambda's runtime does
                self._warm[function.arn].append(sandbox)
                return Outcome(error=_describe(error, request_id))
        self._warm[function.arn].append(sandbox)
        return _as_json(value, request_id)

    def _load(self, function: Function) -> Handler:
        module, _, name = function.handler.rpartition(".")
        handler: Handler = getattr(import_module(module.replace("/", ".")), name)
        for alteration in self._alterations:
            alteration(function)
        return handler

    @contextmanager
    def _inside(self, function: Function, sandbox: _Sandbox, payload: Any = None) -> Iterator[_Sandbox]:
        roots = [str(root) for root in function.roots]
        streams = sys.stdout, sys.stderr
        loggers = _Loggers.in_use()
        self._enter_environment(function)
        self._log.lines = function.log
        sys.stdout = sys.stderr = self._log
        sys.path[:0] = roots
        host = self._host_first_party()
        outer, self.running = self.running, function
        outer_payload, self.payload = self.payload, payload
        _replace_modules(host, sandbox.modules)
        sandbox.loggers.use()
        size = len(sys.modules)
        try:
            yield sandbox
        finally:
            if len(sys.modules) != size or not sandbox.modules:
                sandbox.modules = self._first_party_modules()
            loggers.use()
            _replace_modules(sandbox.modules, host)
            self._modules_seen = len(sys.modules)
            del sys.path[: len(roots)]
            self._log.finish_line()
            sys.stdout, sys.stderr = streams
            self.running, self.payload = outer, outer_payload
            if outer is not None:
                self._enter_environment(outer)
                self._log.lines = outer.log

    def _host_first_party(self) -> dict[str, ModuleType]:
        """The copies in use: the host's own, or those of the instance within which another one starts.

        The host's are looked for only where the number of loaded modules tells of a change.
        """
        if self.running is not None:
            return self._first_party_modules()
        if len(sys.modules) != self._modules_seen:
            self._host_modules = self._first_party_modules()
        return self._host_modules

    def _first_party_modules(self) -> dict[str, ModuleType]:
        return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in self._first_party}

    def _enter_environment(self, function: Function | None) -> None:
        if function is self._environment_of:
            return
        for name, value in self._host_environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        own = {} if function is None else {**function.environment, **self._environment}
        self._host_environment = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        self._environment_of = function


def _replace_modules(old: Mapping[str, ModuleType], new: Mapping[str, ModuleType]) -> None:
    for name in old:
        sys.modules.pop(name, None)
    sys.modules.update(new)


def _describe(error: Exception, request_id: str) -> dict[str, Any]:
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    sys.stdout.write(f"[ERROR] {type(error).__name__}: {error}\n{''.join(frames)}")
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": frames,
    }


def _runtime_error(request_id: str, kind: str, message: str) -> Outcome:
    return Outcome(error={"errorType": kind, "errorMessage": f"RequestId: {request_id} Error: {message}"})


def _as_json(value: Any, request_id: str) -> Outcome:
    if value is None:
        return Outcome()
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as error:
        return _runtime_error(request_id, "Runtime.MarshalError", f"Unable to marshal response: {error}")
    if len(text) > MAXIMUM_PAYLOAD:
        return _runtime_error(
            request_id,
            "Function.ResponseSizeTooLarge",
            f"Response payload size exceeded {MAXIMUM_PAYLOAD} bytes",
        )
    return Outcome(value=json.loads(text))
