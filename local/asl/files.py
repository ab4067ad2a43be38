"""State machines as files: YAML or JSON, with the template's `${Substitutions}` in them."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

_SUBSTITUTION: Final = re.compile(r"\$\{(\w+)\}")
# One sample serves as a name, as a text and as a number of seconds.
_SAMPLE: Final = "1"


def load(path: Path) -> Any:
    """What the file says, substitutions left as they are. Raises yaml.YAMLError where it cannot be read."""
    text = path.read_text(encoding="utf-8")
    _refuse_repeated_keys(yaml.compose(text, Loader=yaml.SafeLoader))
    return yaml.safe_load(text)


def substitute(value: Any, values: Mapping[str, str]) -> Any:
    """The definition with every `${Name}` replaced. Raises KeyError for a name without a value."""
    if isinstance(value, str):
        return _SUBSTITUTION.sub(lambda match: values[match[1]], value)
    if isinstance(value, dict):
        return {key: substitute(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, values) for item in value]
    return value


def substitute_samples(value: Any) -> Any:
    """The definition with a sample in place of every `${Name}`, for checks that need no deployment."""
    return substitute(value, _Samples())


class _Samples(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return _SAMPLE


def _refuse_repeated_keys(node: yaml.Node | None) -> None:
    """YAML would drop the first of two equal keys, and with it a state."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item)
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if str(key.value) in seen:
                problem = f"the key {key.value!r} stands here twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(str(key.value))
            _refuse_repeated_keys(value)
