"""What a store on a disk must stand: full and read-only disks, links, killed writers, foreign files."""

import errno
import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from thumbapp.errors import DiskFull, FileNotThere, StorageUnavailable
from thumbapp.media.folder import MediaFolder

JOB = "J0b-id_of-22-characters"
HOUR_AGO_S = 3600


@pytest.fixture
def store(tmp_path: Path) -> MediaFolder:
    return MediaFolder(tmp_path / "media", min_free_bytes=0)


def put(store: MediaFolder, content: bytes, *, name: str = "original.jpg") -> int:
    return store.put(JOB, name, io.BytesIO(content), max_bytes=10**6)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if not path.is_dir())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Return an empty file system of 256 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    if not sys.platform.startswith("linux") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_refuses_in_a_sentence_and_keeps_nothing(small_disk: Path) -> None:
    store = MediaFolder(small_disk / "media", min_free_bytes=0)
    put(store, b"x" * 100_000, name="first.jpg")

    with pytest.raises(DiskFull, match="MB are free"):
        put(store, b"x" * 200_000)

    assert files(small_disk) == ["first.jpg"]
    assert put(store, b"x" * 100_000) == 100_000


def test_a_job_can_be_removed_from_a_full_disk(small_disk: Path) -> None:
    store = MediaFolder(small_disk / "media", min_free_bytes=0)
    put(store, b"x" * 200_000)
    with pytest.raises(DiskFull):
        put(store, b"x" * 200_000)

    assert store.remove(JOB)

    assert put(store, b"x" * 200_000) == 200_000


def test_a_disk_that_became_read_only_refuses_and_recovers(small_disk: Path) -> None:
    store = MediaFolder(small_disk / "media", min_free_bytes=0)
    put(store, b"x", name="first.jpg")
    remount = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(remount, check=True)

    for refused in (lambda: put(store, b"x"), store.check_room, lambda: store.folder("b" * 22)):
        with pytest.raises(StorageUnavailable, match="Read-only"):
            refused()
    assert not store.remove(JOB)
    assert store.sweep(lambda _: False, older_than_s=0) == 0
    assert store.path(JOB, "first.jpg").read_bytes() == b"x"

    subprocess.run([part.replace("remount,ro", "remount,rw") for part in remount], check=True)
    store.check_room()
    assert store.remove(JOB)


def write_nothing(handle: int, content: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_system_without_room_refuses_and_keeps_nothing(
    store: MediaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "write", write_nothing)

    with pytest.raises(DiskFull):
        put(store, b"x")

    assert files(store.root) == []


def test_a_full_disk_has_no_room_though_it_takes_an_empty_file(small_disk: Path) -> None:
    store = MediaFolder(small_disk / "media", min_free_bytes=0)
    store.check_room()
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while filler.write(b"x" * 4096):
            pass

    with pytest.raises(DiskFull):
        store.check_room()


def test_a_disk_that_fails_at_the_sync_keeps_nothing(
    store: MediaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)

    with pytest.raises(StorageUnavailable, match="Input/output error"):
        put(store, b"x")

    assert files(store.root) == []


def test_a_disk_that_takes_a_little_at_a_time_gets_it_all(
    store: MediaFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, bytes(content)[:1000]))
    content = os.urandom(10_500)

    put(store, content)

    assert store.path(JOB, "original.jpg").read_bytes() == content


def test_room_that_must_stay_free_is_kept(tmp_path: Path) -> None:
    store = MediaFolder(tmp_path, min_free_bytes=10**18)

    with pytest.raises(DiskFull, match=r"1,000,000,000,000 MB must stay free"):
        store.check_room()


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "media").write_bytes(b"")
    store = MediaFolder(tmp_path / "media", min_free_bytes=0)

    with pytest.raises(StorageUnavailable):
        put(store, b"x")
    with pytest.raises(StorageUnavailable):
        store.check_room()


def test_a_reader_that_holds_the_old_text_is_waited_for(store: MediaFolder, windows_files: None) -> None:
    store.write_text(JOB, "job.json", "old")
    reader = store.path(JOB, "job.json").open("rb")
    threading.Timer(0.03, reader.close).start()

    store.write_text(JOB, "job.json", "new")

    assert store.read_text(JOB, "job.json") == "new"


def test_a_reader_that_never_lets_go_is_said_and_leaves_nothing(
    store: MediaFolder, windows_files: None
) -> None:
    store.write_text(JOB, "job.json", "old")

    with store.path(JOB, "job.json").open("rb"), pytest.raises(StorageUnavailable, match=r"in use|denied"):
        store.write_text(JOB, "job.json", "new")

    assert files(store.root) == ["job.json"]
    assert store.read_text(JOB, "job.json") == "old"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_bytes(b"secret")
    return folder


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("links cannot be made here")
    if not path.is_symlink():
        pytest.skip("links are not told from what they lead to here")


def test_a_linked_file_is_not_there(store: MediaFolder, outside: Path) -> None:
    link(store.root / JOB / "secret.txt", outside / "secret.txt")

    assert not store.exists(JOB, "secret.txt")
    assert store.read_text(JOB, "secret.txt") is None
    with pytest.raises(FileNotThere):
        store.path(JOB, "secret.txt")


def test_a_linked_folder_is_no_job(store: MediaFolder, outside: Path) -> None:
    link(store.root / JOB, outside)

    assert list(store.job_ids()) == []
    assert not store.exists(JOB, "secret.txt")
    with pytest.raises(FileNotThere):
        store.path(JOB, "secret.txt")
    with pytest.raises(StorageUnavailable):
        put(store, b"x")
    with pytest.raises(StorageUnavailable):
        store.folder(JOB)
    assert files(outside) == ["secret.txt"]


def test_removing_a_job_removes_links_and_not_what_they_point_to(store: MediaFolder, outside: Path) -> None:
    put(store, b"x")
    link(store.root / JOB / "link", outside)
    link(store.root / ("b" * 22), outside)

    assert store.remove(JOB)
    assert store.remove("b" * 22)

    assert files(outside) == ["secret.txt"]
    assert files(store.root) == []


def test_storing_over_a_link_replaces_the_link(store: MediaFolder, outside: Path) -> None:
    link(store.root / JOB / "original.jpg", outside / "secret.txt")

    put(store, b"x")

    assert (outside / "secret.txt").read_bytes() == b"secret"
    assert store.path(JOB, "original.jpg").read_bytes() == b"x"


def test_a_media_folder_that_is_a_link_itself_is_used(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    link(tmp_path / "media", tmp_path / "big disk")
    store = MediaFolder(tmp_path / "media", min_free_bytes=0)

    put(store, b"x")

    assert files(tmp_path / "big disk") == ["original.jpg"]
    assert list(store.job_ids()) == [JOB]


KILLED_WRITER = """
import io, os, sys
from pathlib import Path
from thumbapp.media.folder import MediaFolder

class Stream(io.RawIOBase):
    def read(self, size=-1):
        print("writing", flush=True)
        sys.stdin.readline()
        return b"x" * 1000

MediaFolder(Path(sys.argv[1]), min_free_bytes=0).put(sys.argv[2], "original.jpg", Stream(), max_bytes=10**6)
"""


def test_a_killed_writer_leaves_no_file_that_a_sweep_does_not_get(store: MediaFolder) -> None:
    command = [sys.executable, "-c", KILLED_WRITER, str(store.root), JOB]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin
        assert writer.stdout
        writer.stdout.readline()
        writer.stdin.write("\n")
        writer.stdin.flush()
        writer.stdout.readline()
        while_writing = store.sweep(lambda _: True, older_than_s=HOUR_AGO_S)
        writer.kill()

    assert while_writing == 0
    assert not store.exists(JOB, "original.jpg")
    assert len(files(store.root)) == 1
    assert store.sweep(lambda _: True, older_than_s=-1) == 1
    assert files(store.root) == []


def test_sweeping_leaves_what_is_not_ours(store: MediaFolder) -> None:
    for name in ("lost+found", "short", ".hidden", "a" * 65):
        (store.root / name).mkdir(parents=True)
        (store.root / name / "file").write_bytes(b"x")
    (store.root / ("f" * 22)).write_bytes(b"a file, no folder")

    assert store.sweep(lambda _: False, older_than_s=-1) == 0

    assert len(files(store.root)) == 5


def test_sweeping_finishes_a_removal_that_was_killed(store: MediaFolder) -> None:
    half_removed = store.root / ".trash" / f"{JOB}.0123abcd"
    half_removed.mkdir(parents=True)
    (half_removed / "original.jpg").write_bytes(b"x")

    assert store.sweep(lambda _: True, older_than_s=HOUR_AGO_S) == 1

    assert files(store.root) == []


def test_two_sweeps_at_once_do_not_disturb_each_other(store: MediaFolder) -> None:
    for n in range(30):
        store.put(f"{n:022}", "original.jpg", io.BytesIO(b"x"), max_bytes=10)
    gone: list[int] = []
    sweeps = [
        threading.Thread(target=lambda: gone.append(store.sweep(lambda _: False, older_than_s=-1)))
        for _ in range(2)
    ]

    for sweep in sweeps:
        sweep.start()
    for sweep in sweeps:
        sweep.join()

    assert files(store.root) == []
    assert sum(gone) >= 30


def test_the_working_folder_plays_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = MediaFolder(Path("media"), min_free_bytes=0)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    put(store, b"x")

    assert files(tmp_path / "media") == ["original.jpg"]


def test_a_hundred_jobs_leave_no_handle_open(store: MediaFolder) -> None:
    put(store, b"x")
    before = len(list(Path("/dev/fd").iterdir())) if os.name == "posix" else 0

    for n in range(100):
        store.put(f"{n:022}", "original.jpg", io.BytesIO(b"x"), max_bytes=10)

    after = len(list(Path("/dev/fd").iterdir())) if os.name == "posix" else 0
    assert after == before
