"""How executions run: their time, their order, their ends."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homing.domain.moments import DAY, SECOND, Moment
from local.asl import Execution, Interpreter, Status, TaskFailed, parse
from local.timers import ManualClock, Timers

NEW_YEAR: Moment = 1_767_225_600_000
Definition = dict[str, Any]


class World:
    """A clock, an interpreter on it, and functions by name that answer or raise."""

    def __init__(self, seed: int = 1) -> None:
        self.timers = Timers(ManualClock(NEW_YEAR))
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.calls: list[tuple[Moment, str, Any]] = []
        self.interpreter = Interpreter(self.timers, self._invoke, Random(seed))

    def start(self, definition: Definition, data: Any = None, **options: Any) -> Execution:
        machine = parse({"QueryLanguage": "JSONata", **definition})
        return self.interpreter.start(machine, "run", {} if data is None else data, **options)

    def run(self, definition: Definition, data: Any = None, **options: Any) -> Execution:
        execution = self.start(definition, data, **options)
        self.run_all()
        return execution

    def run_all(self) -> None:
        while self.timers.run_next():
            pass

    def _invoke(self, function_name: str, payload: Any) -> Any:
        self.calls.append((self.timers.now() - NEW_YEAR, function_name, payload))
        return self.functions[function_name](payload)


@pytest.fixture
def world() -> World:
    return World()


def raising(*errors: str | None) -> Callable[[Any], Any]:
    """A function that raises each error in turn (None: returns), and the last one for ever."""
    left = list(errors)

    def answer(_payload: Any) -> str:
        error = left.pop(0) if len(left) > 1 else left[0]
        if error is not None:
            raise TaskFailed(error, "because")
        return "well"

    return answer


def task(function_name: str = "send", **fields: Any) -> Definition:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": function_name},
        **({} if "Next" in fields else {"End": True}),
        **fields,
    }


def only(state: Definition, **more: Definition) -> Definition:
    return {"StartAt": "Only", "States": {"Only": state, **more}}


def retrying(**retrier: Any) -> Definition:
    return only(task(Retry=[{"ErrorEquals": ["States.ALL"], **retrier}]))


def moments(world: World) -> list[Moment]:
    return [moment for moment, _, _ in world.calls]


def test_an_execution_waits_in_virtual_time_and_notes_when_each_state_began(world: World) -> None:
    world.functions["send"] = raising(None)
    definition = {
        "StartAt": "Rest",
        "States": {"Rest": {"Type": "Wait", "Seconds": 172_800, "Next": "Send"}, "Send": task()},
    }

    execution = world.run(definition)

    assert execution.entered == [(NEW_YEAR, "Rest"), (NEW_YEAR + 2 * DAY, "Send")]
    assert (execution.started_at, execution.ended_at) == (NEW_YEAR, NEW_YEAR + 2 * DAY)
    assert execution.status is Status.SUCCEEDED


def test_a_wait_until_a_moment_ends_at_its_second_and_knows_no_milliseconds(world: World) -> None:
    execution = world.run(only({"Type": "Wait", "Timestamp": "2026-01-03T10:00:07.750+01:00", "End": True}))

    assert execution.ended_at == NEW_YEAR + 2 * DAY + 9 * 3600 * SECOND + 7 * SECOND


@pytest.mark.parametrize("seconds", ["{% 1.5 %}", "{% -1 %}", "{% 'x' %}", "{% true %}", "{% 100000000 %}"])
def test_a_wait_for_no_whole_number_of_seconds_fails(world: World, seconds: str) -> None:
    execution = world.run(only({"Type": "Wait", "Seconds": seconds, "End": True}))

    assert execution.error == "States.QueryEvaluationError"
    assert "Seconds" in str(execution.cause)


def test_a_wait_until_no_moment_fails(world: World) -> None:
    execution = world.run(only({"Type": "Wait", "Timestamp": "{% 'tomorrow' %}", "End": True}))

    assert execution.error == "States.QueryEvaluationError"


def test_retries_back_off_up_to_the_longest_delay(world: World) -> None:
    world.functions["send"] = raising("Flaky")

    execution = world.run(retrying(IntervalSeconds=2, BackoffRate=3, MaxAttempts=4, MaxDelaySeconds=10))

    assert moments(world) == [0, 2 * SECOND, 8 * SECOND, 18 * SECOND, 28 * SECOND]
    assert (execution.status, execution.error, execution.cause) == (Status.FAILED, "Flaky", "because")


def test_retries_default_to_three_from_one_second_doubling(world: World) -> None:
    world.functions["send"] = raising("Flaky")

    world.run(retrying())

    assert moments(world) == [0, 1 * SECOND, 3 * SECOND, 7 * SECOND]


def test_a_task_may_be_retried_for_longer_than_its_delays_can_double(world: World) -> None:
    world.functions["send"] = raising("Flaky")

    world.run(retrying(MaxAttempts=1_100, MaxDelaySeconds=60))

    assert len(world.calls) == 1_101
    assert world.calls[-1][0] - world.calls[-2][0] == 60 * SECOND


@given(st.integers(0, 2**32))
def test_jitter_stays_within_the_delay_and_follows_the_seed(seed: int) -> None:
    def delays() -> list[Moment]:
        world = World(seed)
        world.functions["send"] = raising("Flaky")
        world.run(retrying(IntervalSeconds=10, BackoffRate=1, JitterStrategy="FULL"))
        times = moments(world)
        return [later - earlier for earlier, later in pairwise(times)]

    assert all(0 <= delay <= 10 * SECOND for delay in delays())
    assert delays() == delays()


def test_every_state_entered_and_every_retry_is_a_transition(world: World) -> None:
    world.functions["send"] = raising("Flaky", "Flaky", None)

    execution = world.run(only(task(Retry=[{"ErrorEquals": ["Flaky"]}], Next="Done"), Done={"Type": "Succeed"}))

    assert [name for _, name in execution.entered] == ["Only", "Done"]
    assert execution.transitions == 4


@pytest.mark.parametrize("wildcard", ["States.ALL", "States.TaskFailed"])
@pytest.mark.parametrize("error", ["States.Runtime", "States.DataLimitExceeded"])
def test_wildcards_do_not_cover_what_aws_excepts(world: World, wildcard: str, error: str) -> None:
    world.functions["send"] = raising(error)
    catch = [{"ErrorEquals": [wildcard], "Next": "Caught"}]

    execution = world.run(only(task(Catch=catch), Caught={"Type": "Succeed"}))

    assert (execution.status, execution.error) == (Status.FAILED, error)


def test_task_failed_covers_all_but_a_timeout(world: World) -> None:
    world.functions["send"] = raising("States.Timeout")
    catch = [
        {"ErrorEquals": ["States.TaskFailed"], "Next": "Caught"},
        {"ErrorEquals": ["States.Timeout"], "Next": "Late"},
    ]

    execution = world.run(only(task(Catch=catch), Caught={"Type": "Fail"}, Late={"Type": "Succeed"}))

    assert execution.entered[-1][1] == "Late"


def test_a_function_that_overruns_its_state_fails_it_by_timeout(world: World) -> None:
    world.functions["send"] = lambda _: world.timers.advance_to(world.timers.now() + 3_001)

    execution = world.run(only(task(TimeoutSeconds=3)))

    assert (execution.status, execution.error) == (Status.FAILED, "States.Timeout")


def test_a_machine_times_out_while_it_waits(world: World) -> None:
    ended: list[Execution] = []
    wait = {"Type": "Wait", "Seconds": 3600, "End": True}

    execution = world.run({**only(wait), "TimeoutSeconds": 60}, on_end=ended.append)

    assert (execution.status, execution.error) == (Status.TIMED_OUT, "States.Timeout")
    assert execution.ended_at == NEW_YEAR + 60 * SECOND
    assert ended == [execution]
    assert world.timers.next_moment() is None


def test_a_machine_that_ends_in_time_leaves_no_timer_behind(world: World) -> None:
    world.run({**only({"Type": "Succeed"}), "TimeoutSeconds": 60})

    assert world.timers.now() == NEW_YEAR


def test_an_execution_tells_when_it_goes_on_by_itself(world: World) -> None:
    execution = world.start(only({"Type": "Wait", "Seconds": 60, "End": True}))
    world.timers.run_next()
    assert world.interpreter.resumes_at(execution) == NEW_YEAR + 60 * SECOND
    world.run_all()
    assert world.interpreter.resumes_at(execution) is None


def test_of_branches_the_first_to_go_on_counts(world: World) -> None:
    waits = [{"Type": "Wait", "Seconds": seconds, "End": True} for seconds in (90, 60)]
    branches = [{"StartAt": f"Wait{number}", "States": {f"Wait{number}": wait}} for number, wait in enumerate(waits)]
    execution = world.start(only({"Type": "Parallel", "Branches": branches, "End": True}))
    world.timers.advance_to(NEW_YEAR)
    assert world.interpreter.resumes_at(execution) == NEW_YEAR + 60 * SECOND
    world.timers.advance_to(NEW_YEAR + 60 * SECOND)
    assert world.interpreter.resumes_at(execution) == NEW_YEAR + 90 * SECOND


def test_a_stopped_execution_does_nothing_more(world: World) -> None:
    ended: list[Status] = []
    execution = world.start(
        only({"Type": "Wait", "Seconds": 60, "Next": "Send"}, Send=task()),
        on_end=lambda execution: ended.append(execution.status),
    )
    world.timers.advance_to(NEW_YEAR + 10 * SECOND)

    world.interpreter.stop(execution, "Ordered", "the shopper has bought")
    world.run_all()

    assert (execution.status, execution.error, execution.cause) == (
        Status.ABORTED,
        "Ordered",
        "the shopper has bought",
    )
    assert execution.ended_at == NEW_YEAR + 10 * SECOND
    assert world.calls == []
    assert ended == [Status.ABORTED]


def test_an_execution_that_has_ended_stays_as_it_ended(world: World) -> None:
    execution = world.run(only({"Type": "Succeed"}), "done")

    world.interpreter.stop(execution, "Late")

    assert (execution.status, execution.output, execution.error) == (Status.SUCCEEDED, "done", None)


def test_a_function_may_stop_the_execution_that_calls_it(world: World) -> None:
    execution = world.start(only(task(Next="Done"), Done={"Type": "Succeed"}))
    world.functions["send"] = lambda _: world.interpreter.stop(execution, "Exited")

    world.run_all()

    assert execution.status is Status.ABORTED
    assert [name for _, name in execution.entered] == ["Only"]


def test_a_function_may_start_another_execution_which_runs_afterwards(world: World) -> None:
    order: list[str] = []
    inner = only({"Type": "Succeed"})
    world.functions["send"] = lambda _: [world.start(inner, on_end=lambda _: order.append("inner")), "ok"][1]

    world.run(only(task()), on_end=lambda _: order.append("outer"))

    assert order == ["outer", "inner"]


def test_what_is_no_failure_of_the_task_passes_through(world: World) -> None:
    class Killed(BaseException):
        pass

    def kill(_payload: Any) -> None:
        raise Killed

    world.functions["send"] = kill
    execution = world.start(only(task(Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Only"}])))

    with pytest.raises(Killed):
        world.run_all()
    assert execution.status is Status.RUNNING


def test_executions_take_turns_in_the_order_in_which_they_were_started(world: World) -> None:
    world.functions["send"] = raising(None)
    definition = only(
        {"Type": "Wait", "Seconds": "{% $states.input.seconds %}", "Next": "Send"},
        Send=task(Arguments={"FunctionName": "send", "Payload": "{% $states.input.name %}"}),
    )
    for name, seconds in [("late", 9), ("first", 5), ("second", 5)]:
        world.start(definition, {"name": name, "seconds": seconds})

    world.run_all()

    assert [payload for _, _, payload in world.calls] == ["first", "second", "late"]


def waiting_map(**fields: Any) -> Definition:
    rest = {"Type": "Wait", "Seconds": "{% $states.input %}", "End": True}
    processor = {"StartAt": "Rest", "States": {"Rest": rest}}
    return only({"Type": "Map", "ItemProcessor": processor, "End": True, **fields})


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [({}, 30), ({"MaxConcurrency": 0}, 30), ({"MaxConcurrency": 1}, 70), ({"MaxConcurrency": 2}, 40)],
)
def test_a_map_runs_as_many_items_at_once_as_it_may(world: World, limit: Definition, seconds: int) -> None:
    execution = world.run(waiting_map(**limit), [10, 30, 30])

    assert execution.output == [10, 30, 30]
    assert execution.ended_at == NEW_YEAR + seconds * SECOND


def test_an_inline_map_runs_at_most_forty_items_at_once(world: World) -> None:
    execution = world.run(waiting_map(), [10] * 41)

    assert execution.ended_at == NEW_YEAR + 20 * SECOND


def test_a_map_over_nothing_gives_nothing(world: World) -> None:
    assert world.run(waiting_map(), []).output == []


def test_a_failed_branch_stops_the_others(world: World) -> None:
    world.functions["send"] = raising("Broken")
    slow = {
        "StartAt": "Rest",
        "States": {"Rest": {"Type": "Wait", "Seconds": 60, "Next": "Never"}, "Never": task()},
    }
    fast = {"StartAt": "Send", "States": {"Send": task()}}
    catch = [{"ErrorEquals": ["Broken"], "Next": "Caught"}]
    parallel = {"Type": "Parallel", "Branches": [slow, fast], "Catch": catch, "End": True}

    execution = world.run(only(parallel, Caught={"Type": "Succeed"}))

    assert execution.status is Status.SUCCEEDED
    assert "Never" not in [name for _, name in execution.entered]
    assert world.timers.now() == NEW_YEAR


def test_a_stopped_execution_stops_its_branches(world: World) -> None:
    execution = world.start(waiting_map(), [10, 20])
    world.timers.advance_to(NEW_YEAR + 10 * SECOND)

    world.interpreter.stop(execution)

    assert world.timers.next_moment() is None


def test_branches_within_branches_join(world: World) -> None:
    inner = {"Type": "Map", "Items": [1, 2], "End": True}
    leaf = {
        "StartAt": "Leaf",
        "States": {"Leaf": {"Type": "Pass", "Output": "{% $states.input * 10 %}", "End": True}},
    }
    branch = {"StartAt": "Each", "States": {"Each": {**inner, "ItemProcessor": leaf}}}

    execution = world.run(only({"Type": "Parallel", "Branches": [branch], "End": True}))

    assert execution.output == [[10, 20]]


def test_the_context_tells_what_the_caller_knows_of_the_execution(world: World) -> None:
    context = {"Execution": {"Id": "arn:run"}, "StateMachine": {"Id": "arn:machine", "Name": "welcome"}}

    execution = world.run(
        only({"Type": "Pass", "Output": "{% $states.context %}", "End": True}), {"a": 1}, context=context
    )

    assert execution.output == {
        "Execution": {
            "Id": "arn:run",
            "Input": {"a": 1},
            "Name": "run",
            "StartTime": "2026-01-01T00:00:00Z",
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": "arn:machine", "Name": "welcome"},
        "State": {"EnteredTime": "2026-01-01T00:00:00Z", "Name": "Only", "RetryCount": 0},
    }


def test_time_and_chance_in_expressions_are_the_interpreters_own() -> None:
    definition = only(
        {"Type": "Wait", "Seconds": 60, "Next": "Tell"},
        Tell={
            "Type": "Pass",
            "Output": {
                "now": "{% $now() %}",
                "day": "{% $now('[D]') %}",
                "ms": "{% $millis() %}",
                "r": "{% $random() %}",
            },
            "End": True,
        },
    )

    first, second = World(seed=7).run(definition).output, World(seed=7).run(definition).output

    assert first == second
    assert first["now"] == "2026-01-01T00:01:00.000Z"
    assert first["day"] == "1"
    assert first["ms"] == NEW_YEAR + 60 * SECOND
    assert World(seed=8).run(definition).output["r"] != first["r"]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("{% $states.input.missing %}", "nothing"),
        ("{% 'a' + 1 %}", "failed"),
        ("{% 1 / 0 %}", "failed"),
        ("{% $sum %}", "unsupported"),
        ("{% function($x) { $x } %}", "unsupported"),
        ("{% $parse('{') %}", "failed"),
        ("{% $parse(1) %}", "failed"),
        ("{% $range(1, 2, 0) %}", "failed"),
        ("{% $partition([1], 0) %}", "failed"),
        ("{% $error('no') %}", "no"),
    ],
)
def test_an_expression_without_a_json_value_fails_the_state_by_name(world: World, expression: str, word: str) -> None:
    execution = world.run(only({"Type": "Pass", "Output": {"a": expression}, "End": True}))

    assert execution.error == "States.QueryEvaluationError"
    assert "Output/a" in str(execution.cause)
    assert word in str(execution.cause)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{% $states.input.items[$ > 1] %}", [2, 3]),
        ("{% $states.input.items %}", [1, 2, 3]),
        ("{% $states.input.orders.id %}", ["a", "b"]),
        ("{% $states.input.none %}", None),
        ("{% $states.input.and %}", 5),
        ("{% $parse('null') %}", None),
        ("{% $states.input.items ~> $partition(2) %}", [[1, 2], [3]]),
        ("{%$states.input.items[0]%}", 1),
    ],
)
def test_paths_mean_what_jsonata_means(world: World, expression: str, value: Any) -> None:
    data = {"items": [1, 2, 3], "orders": [{"id": "a"}, {"id": "b"}], "none": None, "and": 5}

    execution = world.run(only({"Type": "Pass", "Output": expression, "End": True}), data)

    assert (execution.status, execution.output) == (Status.SUCCEEDED, value)


def test_ten_thousand_executions_wait_at_once_and_end_in_order(world: World) -> None:
    machine = parse(
        {"QueryLanguage": "JSONata", **only({"Type": "Wait", "Seconds": "{% $states.input %}", "End": True})}
    )
    ended: list[int] = []
    for seconds in range(10_000, 0, -1):
        world.interpreter.start(
            machine, f"run-{seconds}", seconds, on_end=lambda execution: ended.append(execution.input)
        )

    world.run_all()

    assert ended == list(range(1, 10_001))
