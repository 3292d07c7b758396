"""A name too long for an address is found by its id all the same, on every kind of server."""

import pytest
import redis

from tests.explorer.test_names import NAMES
from thumbapp.errors import BadParameter, KeyNotFound
from thumbapp.explorer.gate import Gate
from thumbapp.explorer.long_names import LONGEST, id_of, name_of
from thumbapp.explorer.names import to_id


def test_ids_are_short_and_lead_back(gate: Gate, any_client: redis.Redis) -> None:
    long = [b"*[?\\" * 500 + bytes([number]) * 100_000 for number in range(3)]
    any_client.mset(dict.fromkeys([*NAMES, *long], b"x"))

    ids = {name: id_of(name) for name in [*NAMES, *long]}

    assert max(map(len, ids.values())) < 2 * LONGEST
    assert {name: name_of(gate, key_id, db=0) for name, key_id in ids.items()} == {name: name for name in ids}


def test_a_name_that_an_address_can_hold_is_base64url(gate: Gate, any_client: redis.Redis) -> None:
    assert id_of(b"x" * LONGEST) == to_id(b"x" * LONGEST)
    assert name_of(gate, to_id(b"not there"), db=0) == b"not there"


def test_a_long_name_that_is_gone_is_not_found(gate: Gate, any_client: redis.Redis) -> None:
    with pytest.raises(KeyNotFound, match="nnn"):
        name_of(gate, id_of(b"n" * 3_000), db=0)


@pytest.mark.parametrize("text", ["~", "~!.x", "~a.b"])
def test_what_is_no_id_is_refused(text: str, gate: Gate, any_client: redis.Redis) -> None:
    with pytest.raises((BadParameter, KeyNotFound)):
        name_of(gate, text, db=0)
