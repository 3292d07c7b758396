"""A call is read from the fields that its signature asks for, or from JSON."""

import inspect
from typing import Any

import pytest

from thumbapp.forms.tasks import Kind, arguments_of, read_fields, read_json


def sample(
    a: int, name: str = "x", on: bool = False, *rest: Any, more: list[int] | None = None, **named: Any
) -> None:
    """Have an argument of each kind."""


SIGNATURE = inspect.signature(sample)


def typed(**fields: str) -> dict[str, str]:
    return {f"arg-{name}": text for name, text in fields.items()}


def test_each_argument_has_the_field_that_fits_it() -> None:
    fields = arguments_of(SIGNATURE)

    kinds = [(field.name, field.kind, field.is_required) for field in fields]
    assert kinds[:3] == [("a", Kind.NUMBER, True), ("name", Kind.TEXT, False), ("on", Kind.FLAG, False)]
    assert [kind for _, kind, _ in kinds[3:]] == [Kind.JSON] * 3
    assert fields[1].says == "str, x when empty"


@pytest.mark.parametrize(
    ("fields", "args", "kwargs"),
    [
        (typed(a="2"), [2], {"on": False}),
        (typed(a="2", name="12"), [2, "12", False], {}),
        (typed(a="2", name="ala", on="true", rest="[3, 4]"), [2, "ala", True, 3, 4], {}),
        (typed(a="2", name="ala", more="[1]"), [2, "ala", False], {"more": [1]}),
        (typed(a="2", name="ala", named='{"z": null}'), [2, "ala", False], {"z": None}),
    ],
    ids=["a default left out", "text stays text", "rest", "keyword only", "named"],
)
def test_the_fields_make_a_call(fields: dict[str, str], args: list[Any], kwargs: dict[str, Any]) -> None:
    call = read_fields(SIGNATURE, fields)

    assert (call.args, call.kwargs, call.errors) == (args, kwargs, {})


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (typed(a=""), "a"),
        (typed(a="two"), "a"),
        (typed(a="NaN"), "a"),
        (typed(a="1", rest="{}"), "rest"),
        (typed(a="1", named="[1]"), "named"),
    ],
    ids=["empty", "a word", "NaN", "no list", "no object"],
)
def test_what_cannot_be_meant_is_said_at_its_field(fields: dict[str, str], name: str) -> None:
    assert set(read_fields(SIGNATURE, fields).errors) == {name}


def test_brackets_without_end_are_a_text_or_no_number() -> None:
    deep = "[" * 100_000

    call = read_fields(inspect.signature(lambda plain, number=1: None), typed(plain=deep, number="1"))

    assert (call.args, call.errors) == ([deep, 1], {})
    assert read_fields(SIGNATURE, typed(a=deep)).errors == {"a": "This is no number."}
    assert [field.value for field in arguments_of(inspect.signature(lambda plain: None), args=[deep])] == [
        deep
    ]


def test_a_call_fills_its_fields_and_what_was_typed_stays() -> None:
    filled = arguments_of(SIGNATURE, args=[7, "ala"], kwargs={"more": [1, 2]})
    kept = arguments_of(SIGNATURE, typed=typed(a="two"), errors={"a": "no"})

    assert [(field.name, field.value) for field in filled if field.value][:2] == [("a", "7"), ("name", "ala")]
    assert next(field.value for field in filled if field.name == "more") == "[1, 2]"
    assert (kept[0].value, kept[0].error) == ("two", "no")


@pytest.mark.parametrize(
    ("args", "kwargs", "errors"),
    [("", "", set()), ("[1]", '{"b": 2}', set()), ("1", "[]", {"args", "kwargs"}), ("[1", "{}", {"args"})],
    ids=["nothing", "both", "swapped", "cut off"],
)
def test_json_is_a_list_and_an_object(args: str, kwargs: str, errors: set[str]) -> None:
    assert set(read_json(args, kwargs).errors) == errors
