"""The layers as `sam build` makes them, by the same targets: right for Lambda whatever the host is."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
MAKEFILE = ROOT / "layers/Makefile"

ELF_MACHINE_OFFSET = 18
ELF_AARCH64 = 183
LAMBDA_UNZIPPED_LIMIT = 250 * 2**20
UNCHECKED_HASH = 0b01

BuildLayer = Callable[[str], Path]


@pytest.fixture(scope="module")
def build_layer(tmp_path_factory: pytest.TempPathFactory) -> BuildLayer:
    """Builds a layer into a directory of its own, with the byte code of the Python that runs the tests."""

    def build(layer: str) -> Path:
        artifacts = tmp_path_factory.mktemp(layer)
        elsewhere = tmp_path_factory.mktemp("scratch")  # SAM runs make in a copy of the layer
        command = [
            "make",
            "--makefile",
            str(MAKEFILE),
            f"build-{layer}",
            f"PYTHON_OF_RUNTIME={sys.executable}",
        ]
        environment = {**os.environ, "ARTIFACTS_DIR": str(artifacts)}
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return artifacts

    return build


@pytest.fixture(scope="module")
def dependencies(build_layer: BuildLayer) -> Path:
    return build_layer("DependenciesLayer") / "python"


@pytest.fixture(scope="module")
def shop(build_layer: BuildLayer) -> Path:
    return build_layer("ShopLayer") / "shop"


@pytest.fixture(scope="module")
def homing(build_layer: BuildLayer) -> Path:
    return build_layer("HomingLayer") / "python"


def runtime() -> str:
    match = re.search(r"^RUNTIME := ([\d.]+)$", MAKEFILE.read_text("utf-8"), flags=re.MULTILINE)
    assert match
    return match[1]


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_layers_are_built_for_what_the_template_declares() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text("utf-8"))
    function = template["Globals"]["Function"]
    assert (function["Runtime"], function["Architectures"]) == (f"python{runtime()}", ["arm64"])
    layers = [
        resource for resource in template["Resources"].values() if resource["Type"] == "AWS::Serverless::LayerVersion"
    ]
    assert layers
    for layer in layers:
        assert layer["Metadata"] == {"BuildMethod": "makefile", "BuildArchitecture": "arm64"}
        assert layer["Properties"]["CompatibleRuntimes"] == [function["Runtime"]]
        assert layer["Properties"]["CompatibleArchitectures"] == function["Architectures"]


def test_every_extension_is_for_arm64_and_the_runtimes_python(dependencies: Path) -> None:
    extensions = list(dependencies.rglob("*.so"))
    assert "_pydantic_core" in {path.name.split(".")[0] for path in extensions}
    for path in extensions:
        machine = int.from_bytes(path.read_bytes()[ELF_MACHINE_OFFSET:][:2], "little")
        assert machine == ELF_AARCH64, path.name
        assert f".cpython-{runtime().replace('.', '')}-aarch64-" in path.name or ".abi3." in path.name


def test_every_wheel_is_tagged_for_arm64_and_the_runtimes_python_or_for_any(dependencies: Path) -> None:
    python = "cp" + runtime().replace(".", "")
    suitable = re.compile(rf"py\d(\.py\d)*-none-any|({python}-{python}|cp3\d+-abi3)-manylinux\w+_aarch64")
    wheels = list(dependencies.glob("*.dist-info/WHEEL"))
    assert wheels
    for wheel in wheels:
        tags = re.findall(r"^Tag: (\S+)", wheel.read_text("utf-8"), flags=re.MULTILINE)
        assert any(suitable.fullmatch(tag) for tag in tags), f"{wheel.parent.name}: {tags}"


def test_the_layer_carries_the_locked_runtime_and_nothing_else(dependencies: Path) -> None:
    locked = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements/runtime.txt").read_text("utf-8"), re.MULTILINE)
    carried = {path.name.removesuffix(".dist-info") for path in dependencies.glob("*.dist-info")}
    assert carried == {f"{name.replace('-', '_')}-{version}" for name, version in locked}
    assert not (dependencies / "bin").exists()


def test_all_layers_together_fit_into_lambda(dependencies: Path, homing: Path) -> None:
    size = sum(len(content) for root in (dependencies, homing) for content in tree(root).values())
    assert size < LAMBDA_UNZIPPED_LIMIT / 2


def test_the_homing_layer_is_the_package_as_it_stands(homing: Path) -> None:
    source = ROOT / "layers/homing"
    built = {name: content for name, content in tree(homing).items() if "__pycache__" not in name}
    assert built == {
        str(path.relative_to(source)): path.read_bytes()
        for path in (source / "homing").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_byte_code_counts_whatever_date_a_zip_gives_its_source(homing: Path) -> None:
    compiled = list(homing.rglob("*.pyc"))
    assert len(compiled) == len(list(homing.rglob("*.py")))
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {UNCHECKED_HASH}


def test_tracebacks_name_files_where_lambda_puts_them(homing: Path) -> None:
    moments = next((homing / "homing/domain/__pycache__").glob("moments.*.pyc")).read_bytes()
    assert b"/opt/python/homing/domain/moments.py" in moments
    assert str(homing).encode() not in moments


def test_the_same_checkout_builds_the_same_bytes(build_layer: BuildLayer, homing: Path) -> None:
    assert tree(build_layer("HomingLayer") / "python") == tree(homing)


def test_the_shop_layer_holds_the_validated_shop(shop: Path) -> None:
    assert isinstance(json.loads((shop / "shop.json").read_text("utf-8")), dict)


def test_no_cold_start_compiles_the_mails(shop: Path) -> None:
    compiled, mails = list(shop.rglob("*.pyc")), list((shop / "emails").rglob("*.py"))
    assert len(compiled) == len(mails) > 0
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {UNCHECKED_HASH}
