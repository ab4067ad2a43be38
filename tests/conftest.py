"""What every test stands on: properties that are not timed, no way to a real AWS account, and the shop built once."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings

SHOP = Path(__file__).parents[1] / "shop"

settings.register_profile(
    "homing",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("homing")


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
def built_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop layer of this checkout: compiling and checking all mails takes longer than a test."""
    from local.shop_build import build_shop

    built = tmp_path_factory.mktemp("built-shop")
    build_shop(SHOP, built)
    return built


@pytest.fixture(scope="session")
def shop_built_once(built_shop: Path) -> Iterator[None]:
    """Every deployment of this checkout's shop takes the one that is built."""
    from local.shop_build import build_shop

    def build(shop_dir: Path, target_dir: Path) -> None:
        if shop_dir == SHOP:
            shutil.copytree(built_shop, target_dir, dirs_exist_ok=True)
        else:
            build_shop(shop_dir, target_dir)

    with patch("local.simulation.deployment.build_shop", build):
        yield
