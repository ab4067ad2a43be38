"""What the operator looks at: whatever is counted has a place on the dashboard, and whatever is shown is counted."""

import ast
import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
RESOURCES: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))["Resources"]
WIDTH = 24
SERVICE = "service"
"""The dimension that Powertools adds to each metric."""


class Metric(NamedTuple):
    """A metric of Homing's own, by its name and its dimensions."""

    name: str
    dimensions: frozenset[str]


def counted() -> Iterator[Metric]:
    """What the functions count."""
    for path in [*ROOT.glob("functions/*/app.py"), ROOT / "layers/homing/homing/observability.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("count", "count_by"):
                name = ast.literal_eval(node.args[0])
                yield Metric(name, frozenset({SERVICE, *(each.arg or "" for each in node.keywords)}))


def widgets() -> list[dict[str, Any]]:
    # Whatever CloudFormation puts in the place of `${...}`, it is a name.
    body = re.sub(r"\$\{[^}]*\}", "name", RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def shown() -> Iterator[Metric]:
    """What the dashboard shows of Homing's own."""
    for widget in widgets():
        before: list[str] = []
        for line in widget["properties"]["metrics"]:
            if isinstance(line[0], dict):
                yield _searched(line[0]["expression"])
                continue
            told = [each for each in line if isinstance(each, str)]
            before = before[: len(before) - 1] + told[1:] if told[0] == "..." else _spelled_out(told, before)
            if before[0] == "Homing":
                yield Metric(before[1], frozenset(before[2::2]))


def _spelled_out(told: list[str], before: list[str]) -> list[str]:
    """A dot stands for what stood in its place before."""
    return [before[place] if each == "." else each for place, each in enumerate(told)]


def _searched(expression: str) -> Metric:
    match = re.match(r"SEARCH\('\{Homing,([\w,]+)\} MetricName=\"(\w+)\"', '\w+', \d+\)", expression)
    assert match is not None, expression
    return Metric(match[2], frozenset(match[1].split(",")))


def alarmed() -> Iterator[Metric]:
    for resource in RESOURCES.values():
        alarm = resource["Properties"] if resource["Type"] == "AWS::CloudWatch::Alarm" else {}
        for metric in [
            alarm,
            *(part["MetricStat"]["Metric"] for part in alarm.get("Metrics", ()) if "MetricStat" in part),
        ]:
            if metric.get("Namespace") == "Homing":
                yield Metric(metric["MetricName"], frozenset(each["Name"] for each in metric["Dimensions"]))


def test_the_alarm_of_failed_mails_hears_of_every_journey() -> None:
    journeys = yaml.safe_load((ROOT / "shop/journeys.yaml").read_text("utf-8"))["journeys"]
    parts = RESOURCES["FailedSendsAlarm"]["Properties"]["Metrics"]
    assert {part["Id"] for part in parts if "MetricStat" in part} == set(journeys)


def test_all_that_is_counted_is_shown_and_all_that_is_shown_is_counted() -> None:
    assert set(shown()) == set(counted())


def test_an_alarm_of_our_own_metrics_is_of_one_that_is_counted() -> None:
    assert set(alarmed()) <= set(counted())


def test_no_two_panels_lie_on_each_other_and_none_beside_the_dashboard() -> None:
    places = [
        {(x, y) for x in range(w["x"], w["x"] + w["width"]) for y in range(w["y"], w["y"] + w["height"])}
        for w in widgets()
    ]
    assert all(x < WIDTH for place in places for x, _ in place)
    assert not any(one & other for one, other in combinations(places, 2))


@pytest.mark.parametrize("widget", widgets(), ids=lambda widget: str(widget["properties"]["title"]))
def test_the_expressions_of_a_panel_have_ids_of_their_own(widget: dict[str, Any]) -> None:
    ids = [line[0]["id"] for line in widget["properties"]["metrics"] if isinstance(line[0], dict)]
    assert len(ids) == len(set(ids))
