"""Functions run as alone as in their own sandboxes, though they share a process."""

import json
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.cloud.errors import CloudError
from local.cloud.functions import Function, Functions, Killed

Deploy = Callable[..., Function]


@pytest.fixture
def functions() -> Iterator[Functions]:
    runtime = Functions(seed=1, environment={"EVERYWHERE": "yes"})
    yield runtime
    runtime.close()


@pytest.fixture
def deploy(functions: Functions, tmp_path: Path) -> Deploy:
    layer = tmp_path / "layer"
    (layer / "ours").mkdir(parents=True)
    (layer / "ours" / "__init__.py").write_text("calls = []\n")
    (layer / "ours" / "late.py").write_text("where = __name__\n")

    def deployed(name: str, source: str, **environment: str) -> Function:
        code = tmp_path / name
        code.mkdir()
        (code / "app.py").write_text(source)
        function = Function(
            logical_id=name,
            name=f"stack-{name}",
            arn=f"arn:aws:lambda:eu-central-1:123456789012:function:stack-{name}",
            handler="app.handler",
            roots=[code, layer],
            environment=environment,
            timeout=7,
        )
        functions.add(function)
        return function

    return deployed


COUNTING = "import ours\ndef handler(event, context):\n    ours.calls.append(event)\n    return ours.calls\n"


def test_each_function_has_its_own_copy_of_first_party_modules(functions: Functions, deploy: Deploy) -> None:
    one, two = deploy("one", COUNTING), deploy("two", COUNTING)
    functions.invoke(one, 1)
    functions.invoke(two, 2)
    assert functions.invoke(one, 3).value == [1, 3]
    assert functions.invoke(two, 4).value == [2, 4]


def test_a_warm_function_keeps_its_modules_and_a_cold_one_starts_afresh(functions: Functions, deploy: Deploy) -> None:
    one, two = deploy("one", COUNTING), deploy("two", COUNTING)
    functions.invoke(one, 1)
    functions.invoke(two, 1)
    functions.cool("one")
    assert functions.invoke(one, 2).value == [2]
    assert functions.invoke(two, 2).value == [1, 2]
    functions.cool()
    assert functions.invoke(two, 3).value == [3]


def test_the_host_keeps_its_own_modules_and_path(functions: Functions, deploy: Deploy) -> None:
    path = list(sys.path)
    functions.invoke(deploy("one", COUNTING), 1)
    assert "app" not in sys.modules
    assert "ours" not in sys.modules
    assert sys.path == path


def test_what_a_handler_imports_late_is_its_own_too(functions: Functions, deploy: Deploy) -> None:
    source = (
        "def handler(event, context):\n    from ours import late\n"
        "    late.seen = getattr(late, 'seen', 0) + 1\n    return late.seen\n"
    )
    one, two = deploy("one", source), deploy("two", source)
    assert [functions.invoke(each, None).value for each in (one, one, two, one)] == [1, 2, 1, 3]
    assert "ours.late" not in sys.modules


def test_a_third_party_module_is_shared(functions: Functions, deploy: Deploy) -> None:
    source = "import jinja2\ndef handler(event, context):\n    return id(jinja2)\n"
    one, two = deploy("one", source), deploy("two", source)
    assert functions.invoke(one, None).value == functions.invoke(two, None).value


def test_a_function_sees_its_own_environment_and_the_common_one(functions: Functions, deploy: Deploy) -> None:
    source = "import os\ndef handler(event, context):\n    return [os.environ.get(name) for name in event]\n"
    one, two = deploy("one", source, OWN="1"), deploy("two", source)
    names = ["OWN", "EVERYWHERE"]
    assert functions.invoke(one, names).value == ["1", "yes"]
    assert functions.invoke(two, names).value == [None, "yes"]


def test_the_process_gets_its_environment_back(
    functions: Functions, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OWN", "mine")
    functions.invoke(deploy("one", "def handler(event, context): ...\n", OWN="1"), None)
    functions.close()
    assert os.environ["OWN"] == "mine"
    assert "EVERYWHERE" not in os.environ


def test_events_and_results_pass_through_json(functions: Functions, deploy: Deploy) -> None:
    event = {"list": [1]}
    echo = deploy("echo", "def handler(event, context):\n    event['list'].append(2)\n    return {1: (2, 3)}\n")
    assert functions.invoke(echo, event).value == {"1": [2, 3]}
    assert event == {"list": [1]}


def test_an_exception_becomes_the_error_that_lambda_gives(functions: Functions, deploy: Deploy) -> None:
    error = functions.invoke(
        deploy("one", "class Odd(Exception): ...\ndef handler(event, context):\n    raise Odd('so it is')\n"),
        None,
    ).error
    assert error is not None
    assert (error["errorType"], error["errorMessage"]) == ("Odd", "so it is")
    assert "app.py" in error["stackTrace"][-1]


def test_a_module_that_cannot_be_imported_fails_the_invocation(functions: Functions, deploy: Deploy) -> None:
    broken = deploy("one", "import nothing_of_this_name\n")
    for _ in range(2):
        outcome = functions.invoke(broken, None)
        assert outcome.error is not None
        assert outcome.error["errorType"] == "ModuleNotFoundError"


def test_a_result_that_is_not_json_is_a_marshal_error(functions: Functions, deploy: Deploy) -> None:
    outcome = functions.invoke(deploy("one", "def handler(event, context):\n    return object()\n"), None)
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.MarshalError"


def test_a_result_of_more_than_six_megabytes_is_refused(functions: Functions, deploy: Deploy) -> None:
    outcome = functions.invoke(deploy("one", "def handler(event, context):\n    return 'x' * 7_000_000\n"), None)
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Function.ResponseSizeTooLarge"


def test_a_killed_sandbox_loses_its_state(functions: Functions, deploy: Deploy) -> None:
    source = (
        "import ours\nfrom local.cloud.functions import Killed\ndef handler(event, context):\n"
        "    ours.calls.append(event)\n    if event == 'die':\n        raise Killed\n    return ours.calls\n"
    )
    one = deploy("one", source)
    functions.invoke(one, 1)
    outcome = functions.invoke(one, "die")
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.ExitError"
    assert functions.invoke(one, 2).value == [2]


def test_a_handler_that_exits_ends_its_sandbox_and_not_the_host(functions: Functions, deploy: Deploy) -> None:
    outcome = functions.invoke(deploy("one", "import sys\ndef handler(event, context):\n    sys.exit(1)\n"), None)
    assert outcome.error is not None
    assert outcome.error["errorType"] == "Runtime.ExitError"


def test_no_handler_can_catch_its_own_death() -> None:
    assert not issubclass(Killed, Exception)


def test_what_a_handler_prints_is_in_its_log_and_nowhere_else(
    functions: Functions, deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    source = (
        "import sys\ndef handler(event, context):\n"
        "    print('out', event)\n    print('err', file=sys.stderr)\n    print('unfinished', end='')\n"
    )
    one, two = deploy("one", source), deploy("two", source)
    functions.invoke(one, 1)
    functions.invoke(two, 2)
    assert list(one.log) == ["out 1", "err", "unfinished"]
    assert list(two.log) == ["out 2", "err", "unfinished"]
    assert capsys.readouterr() == ("", "")


def test_a_shared_logger_writes_to_the_log_of_the_function_that_runs(functions: Functions, deploy: Deploy) -> None:
    source = (
        "import logging, sys\nlogger = logging.getLogger('test-shared')\n"
        "if not logger.handlers:\n    logger.addHandler(logging.StreamHandler(sys.stdout))\n"
        "def handler(event, context):\n    logger.warning(context.function_name)\n"
    )
    one, two = deploy("one", source), deploy("two", source)
    functions.invoke(one, None)
    functions.invoke(two, None)
    assert (list(one.log), list(two.log)) == (["stack-one"], ["stack-two"])


LOGGING = (
    "from aws_lambda_powertools import Logger\nlogger = Logger(service='test-levels')\n"
    "def handler(event, context):\n    logger.info(event)\n"
)


def told(function: Function) -> list[str]:
    return [json.loads(line)["message"] for line in function.log]


def test_a_logger_has_the_level_of_its_own_function(functions: Functions, deploy: Deploy) -> None:
    quiet = deploy("quiet", LOGGING, POWERTOOLS_LOG_LEVEL="WARNING")
    loud = deploy("loud", LOGGING, POWERTOOLS_LOG_LEVEL="INFO")
    functions.invoke(quiet, "hello")
    functions.invoke(loud, "hello")
    assert (told(quiet), told(loud)) == ([], ["hello"])


def test_a_logger_does_not_outlive_its_sandbox(functions: Functions, deploy: Deploy) -> None:
    function = deploy("one", LOGGING, POWERTOOLS_LOG_LEVEL="WARNING")
    functions.invoke(function, "before")
    functions.cool()
    functions.invoke(replace(function, environment={"POWERTOOLS_LOG_LEVEL": "INFO"}), "after")
    assert told(function) == ["after"]


def test_a_logger_does_not_outlive_its_functions(functions: Functions, deploy: Deploy) -> None:
    function = deploy("one", LOGGING, POWERTOOLS_LOG_LEVEL="INFO")
    functions.invoke(function, "before")
    functions.close()
    later = Functions(seed=1, environment={})
    again = replace(function, log=deque())
    later.add(again)
    later.invoke(again, "after")
    later.close()
    assert (told(function), told(again)) == (["before"], ["after"])


def test_the_host_keeps_its_own_loggers(functions: Functions, deploy: Deploy) -> None:
    root, hosts = logging.getLogger(), logging.getLogger("test-host")
    level, handlers = root.level, list(root.handlers)
    source = (
        "import logging\nlogging.getLogger('test-host').setLevel(logging.DEBUG)\n"
        "logging.basicConfig(level=logging.DEBUG, force=True)\n"
        "def handler(event, context):\n    logging.getLogger('test-own').debug(event)\n"
    )
    function = deploy("one", source)
    functions.invoke(function, "hello")
    assert list(function.log) == ["DEBUG:test-own:hello"]
    assert (logging.getLogger(), logging.getLogger("test-host")) == (root, hosts)
    assert (root.level, root.handlers, hosts.level) == (level, handlers, logging.NOTSET)
    assert "test-own" not in logging.Logger.manager.loggerDict


def test_the_context_tells_of_the_function(functions: Functions, deploy: Deploy) -> None:
    source = (
        "def handler(event, context):\n    return [context.function_name, context.invoked_function_arn,\n"
        "        context.get_remaining_time_in_millis(), context.memory_limit_in_mb,\n"
        "        len(context.aws_request_id)]\n"
    )
    one = deploy("one", source)
    assert functions.invoke(one, None).value == ["stack-one", one.arn, 7_000, "128", 36]


def test_invocations_are_counted(functions: Functions, deploy: Deploy) -> None:
    one = deploy("one", "def handler(event, context):\n    raise ValueError\n")
    functions.invoke(one, None)
    functions.invoke(one, None)
    assert functions.invocations == 2


def test_a_function_is_found_by_name_arn_and_version(functions: Functions, deploy: Deploy) -> None:
    one = deploy("one", COUNTING)
    assert functions.find("stack-one") is one
    assert functions.find(one.arn) is one
    assert functions.find(one.arn + ":live") is one
    with pytest.raises(CloudError, match="stack-two"):
        functions.find("stack-two")
