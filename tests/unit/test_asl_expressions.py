"""Plain paths are looked up without JSONata; they must mean what JSONata means."""

from random import Random
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from local.asl.errors import StateError
from local.asl.expressions import Constant, Expression, Names, Path, compile_template
from local.asl.vocabulary import Vocabulary

KEYS = ("a", "b", "and", "x1")
VOCABULARY = Vocabulary(variables=frozenset({"variable"}))

keys = st.sampled_from(KEYS)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=12,
)


def value_of(template: Any, document: Any) -> tuple[str, Any]:
    names = Names({"input": document, "context": {}}, {"variable": document}, now=0, random=Random(1))
    try:
        return "value", template.evaluate(names)
    except StateError as error:
        return "error", error.cause


@given(documents, st.sampled_from(["$states.input", "$variable"]), st.lists(keys, max_size=3))
@example({"a": []}, "$states.input", ["a"])
@example({"a": [[1]]}, "$states.input", ["a"])
@example({"a": [{"b": 1}]}, "$states.input", ["a", "b"])
@example({"a": None}, "$variable", ["a"])
@example(None, "$variable", [])
def test_a_path_gives_what_jsonata_gives(document: Any, start: str, path: list[str]) -> None:
    source = ".".join([start, *path])
    where = "State: Output"

    assert value_of(compile_template(f"{{% {source} %}}", VOCABULARY, where), document) == value_of(
        Expression(source, where, "Output"), document
    )


def test_plain_paths_and_constants_do_without_jsonata() -> None:
    assert isinstance(compile_template("{% $states.input.run.id %}", VOCABULARY, "State: Output"), Path)
    assert isinstance(compile_template({"a": [1, {"b": "text"}]}, VOCABULARY, "State: Output"), Constant)


def test_a_variable_may_be_null_and_that_is_not_nothing() -> None:
    template = compile_template({"same": "{% $variable = null %}"}, VOCABULARY, "State: Output")

    assert value_of(template, None) == ("value", {"same": True})


def test_whatever_jsonata_trips_over_is_an_error_of_the_state() -> None:
    template = compile_template("{% $toMillis('no date', '[Y') %}", VOCABULARY, "State: Output")

    kind, cause = value_of(template, None)

    assert kind == "error"
    assert "$toMillis" in cause
