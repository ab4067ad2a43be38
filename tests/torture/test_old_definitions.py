"""Runs of recorded definitions, among faults, under the functions of today: every invariant holds of them too."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
import yaml

from homing.domain.moments import DAY
from local.asl import parse
from local.cloud.template import substitute
from local.torture.forks import ChildFailed, in_children
from local.torture.shop import rules
from local.torture.trial import Verdict, case_of, try_case
from tests.histories.recording import HISTORIES, machine_of

if TYPE_CHECKING:
    from local.cloud import Cloud

pytestmark = pytest.mark.torture

_SEEDS = (0, 1, 2)
_DEPLOYED_AFTER = 12 * DAY
"""Runs that begin in the first days of a story keep the old definition; later ones have today's."""


def _go_back_to(cloud: "Cloud", version: str) -> None:
    """The definitions of that version, as they were deployed."""
    for path in sorted((HISTORIES / version).glob("*.asl.yaml")):
        journey = path.name.removesuffix(".asl.yaml")
        history = json.loads(path.with_name(f"{journey}.json").read_text("utf-8"))
        definition = substitute(path.read_text("utf-8"), history["substitutions"])
        cloud.workflows.redefine(machine_of(journey), parse(yaml.safe_load(definition)))


def _upgraded_amid(cloud: "Cloud", seed: int, version: str) -> tuple[Verdict, int]:
    """The verdict on a seed in which a deploy replaces that version, and how many old runs it met."""
    case = case_of(seed)
    today = {machine.logical_id: machine.machine for machine in cloud.workflows.machines.values()}
    deploy_at = case.story.begins + _DEPLOYED_AFTER

    def deploy() -> None:
        for logical_id, definition in today.items():
            cloud.workflows.redefine(logical_id, definition)

    _go_back_to(cloud, version)
    cloud.timers.call_at(deploy_at, deploy)
    # The first definitions could not let a mail wait for the morning.
    with patch("local.torture.trial.rules", lambda: replace(rules(), quiet=None)):
        verdict = try_case(cloud, case)
    began = [run.execution.started_at for run in cloud.executions]
    return verdict, sum(case.story.begins <= at < deploy_at for at in began)


@pytest.mark.parametrize("version", sorted(path.name for path in HISTORIES.glob("20*")))
def test_runs_of_old_definitions_go_on_among_faults(stage: "Cloud", version: str) -> None:
    met = 0
    for seed, told in in_children(_SEEDS, lambda each: _upgraded_amid(stage, each, version), workers=2, bound=300):
        assert not isinstance(told, ChildFailed), f"seed {seed}: {told}"
        verdict, old_runs = told
        assert verdict.violations == [], f"seed {seed}"
        met += old_runs
    assert met > 0
