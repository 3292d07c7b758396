"""What waits is shown when it comes, can be ended at the server too, and loses nothing."""

import threading
from collections.abc import Callable, Iterator

import pytest
import redis

from tests.explorer.conftest import EDITOR, VIEWER, ListAudit
from tests.patience import until
from thumbapp.errors import KeyProtected, ModeNeeded, NothingToWaitFor, TooManyChannels
from thumbapp.explorer.blocking import Arrival, BlockingCommand, following
from thumbapp.explorer.gate import Caller, Gate
from thumbapp.explorer.quoting import parse


class Pane:
    """A wait in a thread, as the second pane holds one."""

    def __init__(self, gate: Gate, line: str, *, follows: bool = False, caller: Caller = EDITOR) -> None:
        wait = BlockingCommand(gate, tuple(parse(line)), caller=caller, db=0, follows=follows)
        self.arrivals: list[Arrival] = []
        self.is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, args=[wait])
        self._thread.start()

    def _run(self, wait: BlockingCommand) -> None:
        self.arrivals.extend(filter(None, wait.arrivals(self.is_over.is_set)))

    def end(self) -> list[str]:
        """Stop it and return the texts of all that came."""
        self.is_over.set()
        return self.finish()

    def finish(self) -> list[str]:
        """Return the texts of all that came once it has ended."""
        self._thread.join(10)
        assert not self._thread.is_alive()
        return [arrival.text for arrival in self.arrivals]


def blocked(client: redis.Redis) -> int:
    return int(client.info("clients")["blocked_clients"])


@pytest.fixture
def pane(gate: Gate) -> Iterator[Callable[..., Pane]]:
    """Return what opens a pane; all are stopped at the end."""
    opened: list[Pane] = []

    def one(line: str, **options: object) -> Pane:
        opened.append(Pane(gate, line, **options))
        return opened[-1]

    yield one
    for pane in opened:
        pane.end()


def test_a_waiter_gets_what_another_pushes(pane: Callable[..., Pane], any_client: redis.Redis) -> None:
    waiting = pane("BRPOP example-list 0")
    until(lambda: blocked(any_client))

    any_client.rpush("example-list", "hello")

    assert waiting.finish() == ['1) "example-list"\n2) "hello"']


def test_a_wait_that_timed_out_says_nil(pane: Callable[..., Pane]) -> None:
    assert pane("BRPOP none 1").finish() == ["(nil)"]


def test_stopping_ends_it_at_the_server(pane: Callable[..., Pane], any_client: redis.Redis) -> None:
    waiting = pane("BRPOP example-list 0")
    until(lambda: blocked(any_client))

    assert waiting.end() == []

    assert blocked(any_client) == 0
    any_client.rpush("example-list", "kept")
    assert any_client.lrange("example-list", 0, -1) == [b"kept"]


def test_a_subscriber_sees_what_is_published(pane: Callable[..., Pane], any_client: redis.Redis) -> None:
    listening = pane("SUBSCRIBE news")
    until(lambda: any_client.pubsub_numsub("news")[0][1])

    any_client.publish("news", b"\xffbytes")
    until(lambda: len(listening.arrivals) == 2)

    assert listening.end() == [
        '1) "subscribe"\n2) "news"\n3) (integer) 1',
        '1) "message"\n2) "news"\n3) "\\xffbytes"',
    ]
    until(lambda: any_client.pubsub_numsub("news")[0][1] == 0)


def test_a_followed_stream_loses_nothing_between_replies(
    pane: Callable[..., Pane], any_client: redis.Redis
) -> None:
    any_client.xadd("s", {"n": "old"})
    following_it = pane("XREAD BLOCK 0 STREAMS other s $ $", follows=True)
    until(lambda: blocked(any_client))

    for number in range(200):
        any_client.xadd("s", {"n": number})
    any_client.xadd("other", {"n": "last"})
    until(lambda: any('"last"' in arrival.text for arrival in following_it.arrivals))

    text = "\n".join(following_it.end())
    assert [number for number in range(200) if f'"{number}"' not in text] == []
    assert '"old"' not in text


def test_a_followed_pop_takes_one_after_the_other(pane: Callable[..., Pane], any_client: redis.Redis) -> None:
    any_client.rpush("l", "a", "b")
    popping = pane("BLPOP l 0", follows=True)
    until(lambda: len(popping.arrivals) == 2)

    assert popping.end() == ['1) "l"\n2) "a"', '1) "l"\n2) "b"']


def test_an_error_ends_it(pane: Callable[..., Pane], any_client: redis.Redis) -> None:
    any_client.set("text", "x")

    assert pane("BRPOP text 0").finish()[0].startswith("(error) WRONGTYPE")


@pytest.mark.parametrize(
    ("line", "caller", "error"),
    [
        ("BRPOP l 0", VIEWER, ModeNeeded),
        ("BRPOP thumbapp:v1:l 0", EDITOR, KeyProtected),
        ("GET a", EDITOR, NothingToWaitFor),
        ("XREAD STREAMS s 0", EDITOR, NothingToWaitFor),
        pytest.param(f"SUBSCRIBE {'channel ' * 10_000}", EDITOR, TooManyChannels, id="10,000 channels"),
    ],
)
def test_the_gate_is_asked_first(line: str, caller: Caller, error: type[Exception], gate: Gate) -> None:
    with pytest.raises(error):
        BlockingCommand(gate, tuple(parse(line)), caller=caller, db=0)


def test_what_was_taken_is_in_the_audit(
    pane: Callable[..., Pane], any_client: redis.Redis, audit: ListAudit
) -> None:
    any_client.rpush("l", "a")

    pane("BLPOP l 0").finish()

    assert [line["target"] for line in audit.lines] == ["app[0] BLPOP l 0"]


def test_a_reading_by_a_group_asks_for_new_ones_again() -> None:
    argv = ("XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">")

    assert following(argv, [[b"s", [[b"1-1", [b"f", b"v"]]]]]) == argv
