"""`python -m local.asl FILE...`: checks state machine files; exit status 1 where any of them is wrong."""

import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

from local.asl.definition import parse
from local.asl.errors import DefinitionError
from local.asl.files import load, substitute_samples


def main(names: Sequence[str]) -> int:
    """Check the files, print what is wrong with each, and return the exit status."""
    if not names:
        print("usage: python -m local.asl FILE...", file=sys.stderr)
        return 2
    errors = [f"{name}: {error}" for name in names if (error := check(Path(name)))]
    for error in errors:
        print(error, file=sys.stderr)
    return 1 if errors else 0


def check(path: Path) -> str | None:
    """What is wrong with the file; None where it is right."""
    try:
        definition = load(path)
        if not isinstance(definition, dict):
            return "holds no state machine"
        parse(substitute_samples(definition))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, DefinitionError) as error:
        return str(error)
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
