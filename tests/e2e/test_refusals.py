"""The local cloud runs the project's own template, or says by name what it cannot."""

from pathlib import Path

import pytest

from local.asl import InvalidDefinition
from local.cloud import Cloud, CloudError, Unsupported
from local.shop_files import read_yaml
from local.simulation.deployment import ROOT
from local.timers import ManualClock, Timers

PARAMETERS = {name: str(value) for name, value in read_yaml(ROOT / "shop" / "parameters.yaml").items()}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The template and what it names, of which a test may change its own copies."""
    for name in ("functions", "layers"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "statemachines").mkdir()
    for path in [ROOT / "template.yaml", *ROOT.glob("statemachines/*.yaml")]:
        (tmp_path / path.relative_to(ROOT)).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def deploy(checkout: Path) -> None:
    with Cloud.deploy(checkout / "template.yaml", timers=Timers(ManualClock(0)), parameters=PARAMETERS):
        pass


def test_the_template_as_it_is_deploys(checkout: Path) -> None:
    deploy(checkout)


def test_a_resource_of_a_type_that_the_local_cloud_does_not_know_stops_it_by_name(checkout: Path) -> None:
    _replace(
        checkout / "template.yaml",
        "\nOutputs:\n",
        "\n  Firehose:\n    Type: AWS::Kinesis::Stream\n    Properties: {ShardCount: 1}\n\nOutputs:\n",
    )
    with pytest.raises(Unsupported, match=r"Firehose.*AWS::Kinesis::Stream|AWS::Kinesis::Stream.*Firehose"):
        deploy(checkout)


def test_a_property_that_the_local_cloud_would_not_honour_stops_it_by_name(checkout: Path) -> None:
    size = "            BatchSize: 100\n"
    _replace(checkout / "template.yaml", size, f"{size}            TumblingWindowInSeconds: 60\n")
    with pytest.raises(Unsupported, match="TumblingWindowInSeconds"):
        deploy(checkout)


@pytest.mark.parametrize("journey", ["welcome", "cart", "winback", "birthday"])
def test_a_dangling_next_in_a_state_machine_stops_it_by_name(checkout: Path, journey: str) -> None:
    _replace(checkout / "statemachines" / f"{journey}.asl.yaml", "Next: GaveUp", "Next: Nowhere")
    with pytest.raises((CloudError, InvalidDefinition), match="Nowhere"):
        deploy(checkout)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
