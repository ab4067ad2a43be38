"""Shops that are built once: to compile and check all mails takes longer than most tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from homing.domain.shop import Shop
from local.shop_build import build_shop
from local.shop_files import read_shop


@contextmanager
def built_once(shop_dir: Path, built: Path) -> Iterator[None]:
    """Builds the shop into `built`; whoever builds it meanwhile gets a copy. Nobody may edit either folder."""
    build_shop(shop_dir, built)
    original = shop_dir.resolve()

    def build(shop_dir: Path, target_dir: Path) -> Shop:
        if shop_dir.resolve() != original:
            return build_shop(shop_dir, target_dir)
        shutil.copytree(built, target_dir, dirs_exist_ok=True)
        return read_shop(shop_dir)

    with patch("local.shop_build.build_shop", build), patch("local.simulation.deployment.build_shop", build):
        yield
