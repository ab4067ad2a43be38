"""A shop's files, read with the lines on which things stand."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any, ClassVar

import yaml

from homing.domain.shop import FILES, Shop, ShopError, ShopFault
from local.terminal import FaultyFile

DEEPEST = 60
"""Lists and mappings within each other: more than any rule can be read aloud with."""


class ShopFileError(FaultyFile):
    """A shop's file that cannot be used; the message names file, line and place."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would drop the first one silently. Dates stay the texts that they are."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML declares it of the instance
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    # Libraries teach SafeLoader, for the whole process, tags such as CloudFormation's: no tag is known here.
    yaml_multi_constructors: ClassVar[dict[str | None, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(None, None, f"'{key}' stands here twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_shop_files(shop_dir: Path) -> dict[str, Any]:
    """The data of all files of the shop, by the names in FILES. Raises ShopFileError."""
    return {name: read_yaml(shop_dir / f"{name}.yaml") for name in FILES}


def read_yaml(file: Path) -> Any:
    """The data of one YAML file. Raises ShopFileError."""
    try:
        source = file.read_text(encoding="utf-8")
        _refuse_what_grows(file, source)
        return yaml.load(source, _Loader)  # noqa: S506 - a SafeLoader of our own
    except OSError as error:
        raise ShopFileError(f"{file}: {error.strerror or error}") from error
    except (yaml.reader.ReaderError, UnicodeDecodeError) as error:
        raise ShopFileError(f"{file}:1: expected text in UTF-8 without control characters") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ShopFileError(f"{file}:{line}: {error.problem}") from error
    except (TypeError, ValueError) as error:
        raise ShopFileError(f"{file}:1: a key or a value that is neither a text nor a sound number: {error}") from error


def _refuse_what_grows(file: Path, source: str) -> None:
    """Aliases may contain themselves, or each other twice over; and what is nested is read by recursion."""
    depth = 0
    for event in yaml.parse(source, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > DEEPEST:
            what = "this is nested too deeply" if depth > DEEPEST else "write it out instead of an alias"
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise ShopFileError(f"{file}:{line}: {what}")


def read_shop(shop_dir: Path) -> Shop:
    """The validated shop. Raises ShopFileError with every fault on a line of its own, by file and line."""
    files = read_shop_files(shop_dir)
    try:
        return Shop.parse(files)
    except ShopError as error:
        raise ShopFileError("\n".join(_placed(shop_dir, fault) for fault in error.faults)) from error


def _placed(shop_dir: Path, fault: ShopFault) -> str:
    file = shop_dir / f"{fault.file}.yaml"
    place = ".".join(map(str, fault.path))
    return f"{file}:{_line_of(file, fault.path)}: {place}: {fault.message}"


def _line_of(file: Path, path: tuple[str | int, ...]) -> int:
    """The line on which the place stands, or the nearest place on the way to it that there is."""
    node = yaml.compose(file.read_text(encoding="utf-8"), _Loader)
    line = 1
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        mark, node = found
        line = mark.line + 1
    return line


def _child(node: yaml.Node | None, step: str | int) -> tuple[yaml.Mark, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key.start_mark, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step].start_mark, node.value[step]
    return None
