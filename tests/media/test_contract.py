"""The promises of every media store, one suite over all of them."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from thumbapp.errors import EmptyFile, FileNotThere, FileTooLarge, JobNotFound, StorageUnavailable
from thumbapp.media.folder import MediaFolder
from thumbapp.media.store import MediaStore

JOB = "J0b-id_of-22-characters"
OTHER = "b" * 64
STORES: dict[str, Callable[[Path], MediaStore]] = {
    "folder": lambda tmp_path: MediaFolder(tmp_path / "media", min_free_bytes=0),
    "unicode folder": lambda tmp_path: MediaFolder(tmp_path / "zdjęcia i 写真 🖼", min_free_bytes=0),
    "deep folder": lambda tmp_path: MediaFolder(tmp_path.joinpath(*["d" * 100] * 8), min_free_bytes=0),
}
if os.name == "nt":
    del STORES["deep folder"]  # 800 characters need a setting of the system there


@pytest.fixture(params=STORES.values(), ids=STORES.keys())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    return request.param(tmp_path)


def put(store: MediaStore, content: bytes, *, job_id: str = JOB, name: str = "original.jpg") -> int:
    return store.put(job_id, name, io.BytesIO(content), max_bytes=10**6)


def files(folder: Path) -> list[str]:
    """Return all files below *folder*, whoever made them, by name."""
    return sorted(path.name for path in folder.rglob("*") if not path.is_dir())


class Failing(io.RawIOBase):
    """A stream that gives some bytes and then fails."""

    def __init__(self, error: BaseException) -> None:
        self.chunks = [b"some bytes"]
        self.error = error

    def read(self, size: int = -1) -> bytes:
        if self.chunks:
            return self.chunks.pop()
        raise self.error


@pytest.mark.parametrize("size", [1, 262_144, 600_001, 1_000_000], ids=["one", "chunk", "odd", "limit"])
def test_a_file_is_stored_byte_for_byte(store: MediaStore, size: int) -> None:
    content = os.urandom(size)

    stored = put(store, content)

    assert stored == size
    assert store.path(JOB, "original.jpg").read_bytes() == content
    assert store.path(JOB, "original.jpg").is_absolute()


def test_a_file_of_that_name_is_replaced(store: MediaStore) -> None:
    put(store, b"old and longer")

    put(store, b"new")

    assert store.path(JOB, "original.jpg").read_bytes() == b"new"


def test_two_jobs_with_files_of_one_name_keep_both(store: MediaStore) -> None:
    put(store, b"mine")
    put(store, b"yours", job_id=OTHER)

    assert store.path(JOB, "original.jpg").read_bytes() == b"mine"
    assert store.path(OTHER, "original.jpg").read_bytes() == b"yours"
    assert sorted(store.job_ids()) == sorted([JOB, OTHER])


def test_one_byte_over_the_limit_is_refused_and_leaves_nothing(store: MediaStore, tmp_path: Path) -> None:
    with pytest.raises(FileTooLarge):
        store.put(JOB, "original.jpg", io.BytesIO(b"x" * 1001), max_bytes=1000)

    assert files(tmp_path) == []
    assert list(store.job_ids()) == []


def test_no_more_than_the_limit_is_read_of_an_endless_stream(store: MediaStore) -> None:
    read: list[int] = []

    class Endless(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            read.append(size)
            return b"x" * size

    with pytest.raises(FileTooLarge):
        store.put(JOB, "original.jpg", Endless(), max_bytes=1_000_000)

    assert sum(read) == 1_000_001


def test_an_empty_file_is_refused_and_leaves_nothing(store: MediaStore, tmp_path: Path) -> None:
    with pytest.raises(EmptyFile):
        put(store, b"")

    assert files(tmp_path) == []


@pytest.mark.parametrize(
    "error",
    [ConnectionResetError("gone"), ValueError("bad"), KeyboardInterrupt(), SystemExit(1)],
    ids=["connection", "value", "ctrl-c", "exit"],
)
def test_a_stream_that_fails_rises_as_it_is_and_leaves_nothing(
    store: MediaStore, tmp_path: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)):
        store.put(JOB, "original.jpg", Failing(error), max_bytes=1000)

    assert files(tmp_path) == []
    assert list(store.job_ids()) == []


def test_a_failed_replacement_keeps_the_file_that_was_there(store: MediaStore) -> None:
    put(store, b"old")

    with pytest.raises(ValueError, match="bad"):
        store.put(JOB, "original.jpg", Failing(ValueError("bad")), max_bytes=1000)

    assert store.path(JOB, "original.jpg").read_bytes() == b"old"


def test_text_comes_back_as_it_was(store: MediaStore) -> None:
    text = '{"filename": "Zażółć 写真.jpg"}\r\n\n'

    store.write_text(JOB, "job.json", text)

    assert store.read_text(JOB, "job.json") == text


def test_text_that_is_not_there_is_none(store: MediaStore) -> None:
    assert store.read_text(JOB, "job.json") is None


def test_readers_never_see_half_a_text(store: MediaStore) -> None:
    texts = ["a" * 50_000, "b" * 50_000]
    store.write_text(JOB, "job.json", texts[0])
    writer = threading.Thread(
        target=lambda: [store.write_text(JOB, "job.json", texts[n % 2]) for n in range(40)]
    )

    writer.start()
    seen = {store.read_text(JOB, "job.json") for _ in range(200)}
    writer.join()

    assert seen <= set(texts)


def test_two_threads_storing_one_name_leave_one_whole_file(store: MediaStore, tmp_path: Path) -> None:
    contents = [bytes([n]) * 300_000 for n in range(4)]
    writers = [threading.Thread(target=put, args=(store, content)) for content in contents]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert store.path(JOB, "original.jpg").read_bytes() in contents
    assert files(tmp_path) == ["original.jpg"]


BAD_IDS = [
    "",
    "short",
    "a" * 21,
    "a" * 65,
    "../" * 8,
    "a" * 21 + "/",
    "a" * 22 + "\n",
    "ż" * 22,
    "a" * 21 + "\0",
]
BAD_NAMES = [
    *[
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "A.JPG",
        "ż.jpg",
        "x" * 100,
        ".hidden",
        "dot.",
        "a b",
        "a\n",
        "a\0b",
    ],
    *["c:x", "a:stream", "con", "con.jpg", "nul.tar.gz", "com1.txt", "x.part", "x.tmp"],
]


@pytest.mark.parametrize("job_id", BAD_IDS, ids=repr)
def test_a_bad_id_touches_no_path(store: MediaStore, tmp_path: Path, job_id: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: put(store, b"x", job_id=job_id),
        lambda: store.write_text(job_id, "a", ""),
        lambda: store.read_text(job_id, "a"),
        lambda: store.path(job_id, "a"),
        lambda: store.folder(job_id),
        lambda: store.exists(job_id, "a"),
        lambda: store.remove(job_id),
    ]

    for call in calls:
        with pytest.raises(JobNotFound):
            call()

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", BAD_NAMES, ids=repr)
def test_a_bad_name_touches_no_path(store: MediaStore, tmp_path: Path, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: put(store, b"x", name=name),
        lambda: store.write_text(JOB, name, ""),
        lambda: store.read_text(JOB, name),
        lambda: store.path(JOB, name),
        lambda: store.exists(JOB, name),
    ]

    for call in calls:
        with pytest.raises(FileNotThere):
            call()

    assert list(tmp_path.iterdir()) == []


def test_exists_says_what_is_there(store: MediaStore) -> None:
    put(store, b"x")
    (store.folder(JOB) / "subfolder").mkdir()

    assert store.exists(JOB, "original.jpg")
    assert not store.exists(JOB, "other.jpg")
    assert not store.exists(OTHER, "original.jpg")
    assert not store.exists(JOB, "subfolder")


def test_a_writer_of_several_files_gets_a_folder(store: MediaStore) -> None:
    folder = store.folder(JOB)
    (folder / "64x64.jpg").write_bytes(b"x")

    assert folder.is_absolute()
    assert store.folder(JOB) == folder
    assert store.exists(JOB, "64x64.jpg")


def test_a_removed_job_is_gone_and_others_stay(store: MediaStore, tmp_path: Path) -> None:
    put(store, b"x")
    put(store, b"x", job_id=OTHER)

    assert store.remove(JOB)

    assert not store.exists(JOB, "original.jpg")
    assert list(store.job_ids()) == [OTHER]
    assert files(tmp_path) == ["original.jpg"]


def test_removing_what_is_not_there_is_fine(store: MediaStore) -> None:
    assert store.remove(JOB)


@pytest.fixture
def store_with_open_file(
    store: MediaStore, windows_files: None
) -> Iterator[tuple[MediaStore, io.BufferedReader]]:
    put(store, b"held")
    put(store, b"free", name="64x64.jpg")
    with store.path(JOB, "original.jpg").open("rb") as held:
        yield store, held


def test_a_job_with_an_open_file_is_removed_as_far_as_it_goes(
    store_with_open_file: tuple[MediaStore, io.BufferedReader],
) -> None:
    store, held = store_with_open_file

    is_gone = store.remove(JOB)

    assert not is_gone
    assert list(store.job_ids()) == []
    assert not store.exists(JOB, "64x64.jpg")
    assert held.read() == b"held"


def test_what_an_open_file_held_back_goes_with_a_later_sweep(
    store_with_open_file: tuple[MediaStore, io.BufferedReader], tmp_path: Path
) -> None:
    store, held = store_with_open_file
    store.remove(JOB)

    assert store.sweep(lambda _: True, older_than_s=3600) == 0
    held.close()

    assert store.sweep(lambda _: True, older_than_s=3600) == 1
    assert files(tmp_path) == []


@pytest.mark.usefixtures("windows_files")
def test_no_file_is_moved_or_deleted_while_it_is_open(store: MediaStore, tmp_path: Path) -> None:
    put(store, b"x")
    put(store, b"y")
    store.write_text(JOB, "job.json", "{}")
    store.read_text(JOB, "job.json")
    with pytest.raises(FileTooLarge):
        store.put(JOB, "large.jpg", io.BytesIO(b"xx"), max_bytes=1)
    store.check_room()

    assert store.remove(JOB)

    assert files(tmp_path) == []


def age(path: Path, *, by_s: float = 7200) -> None:
    """Make *path* look unchanged for *by_s* seconds."""
    status = path.stat()
    os.utime(path, (status.st_atime - by_s, status.st_mtime - by_s))


def test_sweeping_removes_the_old_folder_of_no_live_job(store: MediaStore) -> None:
    put(store, b"x")
    put(store, b"x", job_id=OTHER)
    for job_id in (JOB, OTHER):
        age(store.folder(job_id))

    assert store.sweep(lambda job_id: job_id == OTHER, older_than_s=3600) == 1

    assert list(store.job_ids()) == [OTHER]
    assert store.exists(OTHER, "original.jpg")


def test_sweeping_leaves_a_folder_whose_job_may_not_be_recorded_yet(store: MediaStore) -> None:
    put(store, b"x")

    assert store.sweep(lambda _: False, older_than_s=3600) == 0

    assert store.exists(JOB, "original.jpg")


def test_sweeping_removes_only_old_unfinished_files_of_a_live_job(store: MediaStore) -> None:
    put(store, b"x")
    folder = store.folder(JOB)
    for name in ("64x64.jpg.part", "128x128.jpg.part", "archive.zip.tmp", "64x64.jpg"):
        (folder / name).write_bytes(b"x")
        age(folder / name)
    (folder / "128x128.jpg.part").touch()

    assert store.sweep(lambda _: True, older_than_s=3600) == 2

    assert files(folder) == ["128x128.jpg.part", "64x64.jpg", "original.jpg"]


def test_sweeping_deletes_nothing_when_nobody_can_say_what_lives(store: MediaStore) -> None:
    put(store, b"x")
    age(store.folder(JOB))

    def is_live(job_id: str) -> bool:
        raise StorageUnavailable("away")

    with pytest.raises(StorageUnavailable):
        store.sweep(is_live, older_than_s=3600)

    assert store.exists(JOB, "original.jpg")


def test_sweeping_an_untouched_store_is_fine(store: MediaStore) -> None:
    assert store.sweep(lambda _: True, older_than_s=0) == 0
    assert list(store.job_ids()) == []


def test_checking_for_room_leaves_nothing(store: MediaStore, tmp_path: Path) -> None:
    store.check_room()

    assert files(tmp_path) == []
