"""What every test stands on: properties that are not timed, no way to a real AWS account, and the shop built once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

SIMULATED = "tests/e2e/"
SHOP = Path(__file__).parents[1] / "shop"

settings.register_profile(
    "homing",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("homing")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Any:
    """The tests that look at one simulation go to one worker; all others, file by file, to whoever is free."""
    from xdist.scheduler import LoadFileScheduling

    if config.getoption("dist") != "loadfile":
        return None
    by_file = LoadFileScheduling(config, log)
    file_of = by_file._split_scope
    by_file._split_scope = lambda nodeid: SIMULATED if nodeid.startswith(SIMULATED) else file_of(nodeid)
    return by_file


@pytest.fixture(autouse=True, scope="session")
def no_real_aws_account() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            environment.delenv(name)
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("AWS_CONFIG_FILE", os.devnull)
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        yield


@pytest.fixture(scope="session")
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shop layer of this checkout; from now on whoever builds it gets a copy of this."""
    from tests.fakes.built_shops import built_once

    built = tmp_path_factory.mktemp("built-shop")
    with built_once(SHOP, built):
        yield built
