"""The house rules that a reader of the code may rely on, each as a test that names who breaks it."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from homing.domain.moments import SECOND
from homing.usecases.erase import LET_OTHERS_FINISH
from homing.usecases.generations import KEPT_FOR

ROOT = Path(__file__).parents[2]
HOMING = ROOT / "layers/homing/homing"
DEPLOYED = [ROOT / "layers", ROOT / "functions"]
LOCKED = sorted((ROOT / "requirements").glob("*.txt"))

LONGEST_HANDLER = 40
LONGEST_MODULE = 500


def sources(*folders: Path) -> list[Path]:
    """The Python files below these folders; a rule about no file at all would hold of nothing."""
    found = sorted(path for folder in folders for path in folder.rglob("*.py"))
    assert found, f"no Python files below {', '.join(map(str, folders))}"
    return found


def imports(path: Path) -> Iterator[str]:
    """The dotted names of what a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module, f"{path}: imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def breaches(paths: list[Path], *forbidden: str) -> list[str]:
    return [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in paths
        for module in imports(path)
        if any(is_of(module, package) for package in forbidden)
    ]


def length(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


# Who may import what


def test_only_the_adapters_and_the_bootstrap_know_boto3() -> None:
    allowed = [HOMING / "adapters", HOMING / "bootstrap.py"]
    others = [path for path in sources(*DEPLOYED) if not any(path.is_relative_to(place) for place in allowed)]
    assert breaches(others, "boto3", "botocore") == []


def test_the_domain_imports_the_standard_library_and_pydantic_only() -> None:
    strangers = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in sources(HOMING / "domain")
        for module in imports(path)
        if module.split(".")[0] not in {*sys.stdlib_module_names, "pydantic"} and not is_of(module, "homing.domain")
    ]
    assert strangers == []


def test_the_domain_asks_neither_the_clock_nor_chance_nor_the_environment() -> None:
    askers = breaches(sources(HOMING / "domain"), "os", "random", "secrets", "time", "uuid.uuid1", "uuid.uuid4")
    askers += [
        f"{path.relative_to(ROOT)}:{node.lineno} asks for {node.attr}()"
        for path in sources(HOMING / "domain")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today", "uuid1", "uuid4"}
    ]
    assert askers == []


def test_the_use_cases_know_the_ports_and_not_the_adapters() -> None:
    assert breaches(sources(HOMING / "usecases"), "homing.adapters", "homing.bootstrap") == []


def test_nothing_that_is_deployed_imports_what_is_not() -> None:
    assert breaches(sources(*DEPLOYED), "local", "tests", "bench") == []


# How long a file may be


def test_a_handler_parses_and_delegates_within_forty_lines() -> None:
    handlers = sorted((ROOT / "functions").glob("*/app.py"))
    assert handlers, "no handlers"
    assert {str(path.relative_to(ROOT)): length(path) for path in handlers if length(path) > LONGEST_HANDLER} == {}


def test_no_module_is_longer_than_five_hundred_lines() -> None:
    modules = sources(*DEPLOYED, ROOT / "local")
    assert {str(path.relative_to(ROOT)): length(path) for path in modules if length(path) > LONGEST_MODULE} == {}


# The template and the state machines


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    found: dict[str, Any] = template["Resources"]
    return found


def test_every_state_machine_is_deployed(resources: dict[str, Any]) -> None:
    deployed = {
        resource["Properties"]["DefinitionUri"]
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    }
    assert deployed == {str(path.relative_to(ROOT)) for path in (ROOT / "statemachines").glob("*.asl.yaml")}


def test_what_a_state_machine_leaves_open_is_substituted_and_nothing_else(resources: dict[str, Any]) -> None:
    machines = {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::StateMachine"
    }
    assert machines, "no state machines in template.yaml"
    for name, properties in machines.items():
        definition = (ROOT / properties["DefinitionUri"]).read_text("utf-8")
        assert set(re.findall(r"\$\{(\w+)\}", definition)) == set(properties["DefinitionSubstitutions"]), name


def test_a_recompute_waits_until_nobody_evaluates_with_the_old_generation(resources: dict[str, Any]) -> None:
    """Whoever has just read it keeps it for a while, and may have begun with it to run for all of the timeout."""
    substitutions = resources["RecomputeStateMachine"]["Properties"]["DefinitionSubstitutions"]
    timeouts = [
        resource["Properties"].get("Timeout", 30)
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    assert substitutions["LetOthersFinishSeconds"] * SECOND > KEPT_FOR + max(timeouts) * SECOND


def test_an_erasure_waits_until_no_function_runs_that_read_before_it(resources: dict[str, Any]) -> None:
    timeouts = [
        resource["Properties"].get("Timeout", 30)
        for resource in resources.values()
        if resource["Type"] == "AWS::Serverless::Function"
    ]
    assert max(timeouts) * SECOND < LET_OTHERS_FINISH


# The locked requirements


def pins(path: Path) -> dict[str, str]:
    """Name and version of every locked distribution."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", path.read_text("utf-8"), flags=re.MULTILINE))


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_locked_requirements_carry_hashes_and_name_no_host(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(index|extra-index|find-links|trusted-host)", text, flags=re.MULTILINE)
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_what_is_deployed_is_what_is_tested() -> None:
    runtime, tested = pins(ROOT / "requirements/runtime.txt"), pins(ROOT / "requirements/dev.txt")
    assert runtime
    assert {name: version for name, version in runtime.items() if tested.get(name) != version} == {}


def test_the_npm_lock_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text("utf-8")
