"""Bytes are shown as what they are; nothing in them runs, unfolds without end or hides."""

import gzip
import json
import os
import pickle
import sys
import tracemalloc
import zlib

import msgpack
import pytest

from thumbapp.explorer.decode import View, best_view, fitting_views, show
from thumbapp.explorer.decode.images import media_type
from thumbapp.explorer.resp import Cut

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

OBJECT = {"name": "Żółw", "n": [1, 2.50, None, True], "empty": {}, "deep": {"a": []}}


class Evil:
    """A value whose pickle runs a command when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("/tmp/thumbapp-was-here",)


VALUES = {
    "text": (b"hello", View.TEXT),
    "polish": ("zażółć\ngęślą".encode(), View.TEXT),
    "json": (json.dumps(OBJECT).encode(), View.JSON),
    "json-array": (b" [1, 2]", View.JSON),
    "not-json": (b"{not json}", View.TEXT),
    "number": (b"1300", View.TEXT),
    "bytes": (bytes(range(256)), View.HEX),
    "gzip": (gzip.compress(b"inside"), View.UNPACKED),
    "zlib": (zlib.compress(b"inside"), View.UNPACKED),
    "zstd": (zstd.compress(b"inside"), View.UNPACKED),
    "pickle-2": (pickle.dumps(OBJECT, 2), View.PICKLE),
    "pickle-5": (pickle.dumps(OBJECT, 5), View.PICKLE),
    "pickle-0": (pickle.dumps(OBJECT, 0), View.PICKLE),
    "msgpack": (msgpack.packb(OBJECT), View.MSGPACK),
    "png": (b"\x89PNG\r\n\x1a\n" + b"\0" * 20, View.IMAGE),
    "webp": (b"RIFF\0\0\0\0WEBPVP8 ", View.IMAGE),
    "svg": (b"<svg onload=alert(1)>", View.TEXT),
    "empty": (b"", View.TEXT),
}


@pytest.mark.parametrize(("data", "view"), VALUES.values(), ids=VALUES)
def test_the_view_that_says_most_is_chosen(data: bytes, view: View) -> None:
    assert best_view(data) is view


@pytest.mark.parametrize("view", View)
@pytest.mark.parametrize("data", [data for data, _ in VALUES.values()], ids=VALUES)
def test_any_view_of_anything_is_text_that_hides_nothing(data: bytes, view: View) -> None:
    shown = show(data, view)

    assert all(char.isprintable() or char in "\n\t" for char in shown.text)
    assert view in fitting_views(data) or shown.warning or (data, view) == (b"1300", View.JSON)


def test_json_is_laid_out_with_its_own_tokens() -> None:
    assert show(b'{"a":1.50,"b":[],"c":[1,{"d":"x, [y]"}],"e":{}}', View.JSON).text == (
        '{\n  "a": 1.50,\n  "b": [],\n  "c": [\n    1,\n    {\n      "d": "x, [y]"\n    }\n  ],\n  "e": {}\n}'
    )


def test_json_of_any_depth_is_laid_out() -> None:
    deep = b"[" * 20_000 + b"]" * 20_000

    shown = show(deep, View.JSON)

    assert best_view(deep) is View.JSON
    assert shown.text.count("[") == 20_000
    assert len(shown.text) < 5_000_000


def test_a_number_of_any_length_is_json() -> None:
    assert "9" * 9000 in show(b"[" + b"9" * 9000 + b"]", View.JSON).text


def test_json_that_would_turn_the_line_around_shows_it() -> None:
    assert "\\xe2\\x80\\xae" in show('["\u202eabc"]'.encode(), View.JSON).text


def test_the_beginning_of_json_is_laid_out_and_says_so() -> None:
    shown = show(Cut(b'{"a": [1, 2, "xyz', 5000), View.JSON)

    assert best_view(Cut(b'{"a": [1, 2, "xyz', 5000)) is View.JSON
    assert shown.text.endswith('"xyz')
    assert "beginning" in shown.warning


def test_a_pickle_is_read_and_never_loaded(tmp_path: object) -> None:
    for protocol in range(6):
        data = pickle.dumps(Evil(), protocol)

        shown = show(data, View.PICKLE)

        assert View.PICKLE in fitting_views(data)
        assert "mkdir" in shown.warning
        assert "never loaded" in shown.warning
    assert not os.path.exists("/tmp/thumbapp-was-here")  # noqa: PTH110 - a literal place


def test_a_pickle_shows_its_strings_and_breaks_off_where_it_does() -> None:
    data = pickle.dumps(OBJECT, 4)

    assert "\\u017b\\xf3\\u0142w" in show(data, View.PICKLE).text
    assert "breaks off" in show(data[:-20], View.PICKLE).warning
    assert len(show(pickle.dumps(list(range(9000)), 4), View.PICKLE).text.splitlines()) == 2000


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstd.compress], ids=["gzip", "zlib", "zstd"])
def test_what_is_packed_is_shown_as_what_is_inside(pack: object) -> None:
    shown = show(pack(json.dumps(OBJECT).encode()), View.UNPACKED)  # type: ignore[operator]

    assert '"n": [\n    1,' in shown.text
    assert shown.says.endswith("inside: JSON")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, zstd.compress], ids=["gzip", "zlib", "zstd"])
def test_a_bomb_is_unpacked_to_a_million_bytes(pack: object) -> None:
    bomb = pack(b"\0" * 30_000_000)  # type: ignore[operator]

    tracemalloc.start()
    shown = show(bomb, View.BASE64)
    shown = show(bomb, View.UNPACKED)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "first 1,000,000 bytes" in shown.warning
    assert peak < 20_000_000


def test_a_frame_that_asks_for_a_huge_window_is_refused() -> None:
    window_of_two_gigabytes = b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x01\x00\x00"

    assert "not gzip" in show(window_of_two_gigabytes, View.UNPACKED).warning


def test_half_of_a_packed_value_is_unpacked_as_far_as_it_goes() -> None:
    packed = gzip.compress(os.urandom(5000))

    assert "Only the first" in show(Cut(packed[:2000], len(packed)), View.UNPACKED).warning


def test_packed_in_packed_is_not_unfolded_for_ever() -> None:
    data = b"core"
    for _ in range(50):
        data = gzip.compress(data)

    assert show(data, View.UNPACKED).text.startswith("00000000  1f 8b 08")


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdc\xff\xff" * 20_000,
        b"\x91" * 65_000,
        b"\x81" * 30_000 + b"\xc0",
        b"\xc6\xff\xff\xff\xffabc",
        b"\x92\x01\x02\x03",
        b"\x81\x90\x01",
        b"\xd6\xff",
    ],
    ids=["huge-array", "huge-arrays", "deep", "deep-maps", "long-bytes", "followed", "list-as-key", "cut"],
)
def test_a_hostile_message_costs_little(data: bytes) -> None:
    tracemalloc.start()
    fitting_views(data)
    shown = show(data, View.MSGPACK)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert shown.text
    assert peak < 20_000_000


def test_message_pack_is_laid_out() -> None:
    data = msgpack.packb(
        {"a": [1, b"\xff", True], "t": msgpack.Timestamp(5, 1), "e": msgpack.ExtType(9, b"\1")}
    )

    assert show(data, View.MSGPACK).text == (
        '{\n  "a": [\n    1\n    "\\xff"\n    true\n  ]\n  "t": time 5.000000001\n  "e": extension 9: 01\n}'
    )


def test_hex_shows_places_bytes_and_letters() -> None:
    assert show(b"Ala ma kota\0\xff1234", View.HEX).text.splitlines() == [
        "00000000  41 6c 61 20 6d 61 20 6b  6f 74 61 00 ff 31 32 33  Ala ma kota..123",
        "00000010  34                                                4",
    ]


def test_a_character_cut_in_the_middle_does_not_make_text_bytes() -> None:
    cut = Cut("zażółć".encode()[:-1], 10)

    assert best_view(cut) is View.TEXT
    assert show(cut, View.TEXT).text == "zażół"


def test_a_message_of_the_queue_is_told_by_the_decoder_that_is_passed_in() -> None:
    def decode(data: bytes) -> str | None:
        return "add(2, 5)" if data.startswith(b"T1:") else None

    assert best_view(b"T1:...", decode_message=decode) is View.MESSAGE
    assert show(b"T1:...", View.MESSAGE, decode_message=decode).text == "add(2, 5)"
    assert show(b"other", View.MESSAGE, decode_message=decode).warning


@pytest.mark.parametrize("data", [b"<svg/>", b"<html>", b"%PDF-1.4", b"BM", b"", b"\0\0\0\x20ftypmp42"])
def test_only_pictures_of_pixels_are_pictures(data: bytes) -> None:
    assert media_type(data) is None
