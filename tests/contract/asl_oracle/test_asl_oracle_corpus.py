"""Every feature that the interpreter supports, compared with moto's interpreter on the same definitions and
inputs.

A file of the corpus holds `definition` and `cases`. A case has an `input` (default `{}`), `functions` (by
name, a list of answers of which the last one repeats), and in `expect` what both must answer. `side_by_side`
is set where branches run so and the order of their states means nothing; `own_words` where each interpreter
words the cause in its own way. `moto` holds what moto answers where AWS's documentation says otherwise, and
`because` why, with the source.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CORPUS = Path(__file__).parent / "corpus"
Outcome = dict[str, Any]
Run = Callable[[dict[str, Any], Any, Callable[[str, Any], Any]], Outcome]


def cases() -> list[Any]:
    documents = [(path.stem, yaml.safe_load(path.read_text())) for path in sorted(CORPUS.glob("*.yaml"))]
    return [
        pytest.param(document["definition"], case, id=f"{feature}-{case['name']}")
        for feature, document in documents
        for case in document["cases"]
    ]


@pytest.mark.parametrize(("definition", "case"), cases())
def test_the_interpreter_agrees_with_the_oracle(
    definition: dict[str, Any], case: dict[str, Any], our_run: Run, moto_run: Run
) -> None:
    definition = {"QueryLanguage": "JSONata", **definition}
    data = case.get("input", {})

    ours = comparable(our_run(definition, data, answers(case)), case)
    oracle = comparable(moto_run(definition, data, answers(case)), case)

    assert {key: ours[key] for key in case["expect"]} == case["expect"]
    assert oracle == {**ours, **case.get("moto", {})}


def test_a_recorded_difference_is_a_difference_and_names_its_source() -> None:
    for parameters in cases():
        _, case = parameters.values
        if "moto" in case:
            assert "https://" in case["because"], case["name"]
            assert all(case["expect"].get(key) != value for key, value in case["moto"].items()), case["name"]


def answers(case: dict[str, Any]) -> Callable[[str, Any], Any]:
    """The case's functions: each gives its answers in turn, and then its last one for ever."""
    script = {name: list(given) for name, given in case.get("functions", {}).items()}

    def answer(function_name: str, _payload: Any) -> Any:
        left = script[function_name]
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def comparable(outcome: Outcome, case: dict[str, Any]) -> Outcome:
    """Without the order where branches run side by side, and without the words of evaluation errors."""
    if case.get("side_by_side"):
        calls = sorted(outcome["calls"], key=repr)
        outcome = {**outcome, "states": set(outcome["states"]), "calls": calls}
    if case.get("own_words"):
        outcome = {key: value for key, value in outcome.items() if key != "cause"}
    return outcome
