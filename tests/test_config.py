"""The settings: what the environment says, what is filled in, and a secret that is made once."""

import os
import stat
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields, replace
from pathlib import Path

import pytest

from thumbapp.config import PREFIX, Settings, default_data_dir
from thumbapp.errors import BadSetting, DataFolderUnusable


def from_environ(**variables: str) -> Settings:
    return Settings.from_environ({f"{PREFIX}{name}": text for name, text in variables.items()})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("MAX_UPLOAD_MB", "80", 80),
        ("MAX_PIXELS", " 40_000_000 ", 40_000_000),
        ("QUEUE_LIMIT", "0", 0),
        ("ALLOWED_HOSTS", "Pictures.example, ,b.example", ("pictures.example", "b.example")),
        ("TIMEZONE", "Europe/Warsaw", "Europe/Warsaw"),
        ("LOG_FORMAT", "json", "json"),
        ("REDIS_URL", "redis://h:6379/3", "redis://h:6379/3"),
        ("KEY_PREFIX", "zażółć:", "zażółć:"),
    ],
)
def test_a_variable_is_read_as_what_it_should_be(name: str, text: str, value: object) -> None:
    settings = from_environ(**{name: text})

    assert getattr(settings, name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("MAX_UPLOAD_MB", "-1"),
        ("MAX_UPLOAD_MB", "50 MB"),
        ("MAX_PIXELS", "1e9"),
        ("MAX_PIXELS", "NaN"),
        ("WORKERS", "two"),
        ("TIMEZONE", "Europe/Krakow"),
        ("TIMEZONE", "Europe"),
        ("TIMEZONE", "../../etc/passwd"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_bad_value_is_named_with_what_was_expected(name: str, text: str) -> None:
    with pytest.raises(BadSetting) as raised:
        from_environ(**{name: text})

    sentence = str(raised.value)
    assert sentence.startswith(f"{PREFIX}{name}={text!r} cannot be used: ")
    assert sentence.endswith(".")


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_a_blank_variable_is_an_unset_one(setting: object) -> None:
    name = setting.name.upper()  # type: ignore[attr-defined]  # dataclasses.Field is generic

    assert from_environ(**{name: " "}) == from_environ()


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_every_setting_says_what_it_is(setting: object) -> None:
    assert setting.metadata["says"].strip()  # type: ignore[attr-defined]  # as above


def test_the_defaults_are_those_that_are_promised() -> None:
    settings = from_environ()

    assert (settings.max_upload_mb, settings.max_request_mb) == (50, 500)
    assert (settings.max_pixels, settings.max_decode_mb) == (250_000_000, 512)
    assert (settings.job_timeout, settings.lease, settings.max_files) == (60, 30, 100)
    assert (settings.retention_hours, settings.queue_limit, settings.min_free_mb) == (72, 10_000, 500)
    assert settings.workers == (os.cpu_count() or 1) + 1
    assert settings.namespace == "thumbapp:v1:"


def test_sizes_and_times_are_given_in_the_unit_of_their_name() -> None:
    settings = from_environ(MAX_UPLOAD_MB="2", MAX_REQUEST_MB="3", RETENTION_HOURS="2")

    assert settings.max_upload_bytes == 2_000_000
    assert settings.max_request_bytes == 3_000_000
    assert settings.retention_s == 7200


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}MAX_FILES", "7")

    assert Settings.from_environ().max_files == 7


def test_settings_never_change() -> None:
    with pytest.raises(FrozenInstanceError):
        from_environ().max_files = 1  # type: ignore[misc]  # that is the point


def test_the_data_folder_is_absolute_whatever_was_said() -> None:
    assert from_environ(DATA_DIR="pictures").data_dir == Path.cwd() / "pictures"
    assert from_environ(DATA_DIR="~/pictures").data_dir == Path.home() / "pictures"
    assert from_environ().data_dir == default_data_dir()


def test_a_checkout_keeps_its_files_in_the_instance_folder_beside_it() -> None:
    folder = default_data_dir()

    assert folder.is_absolute()
    assert folder.name in {"instance", "thumbapp-instance"}


def test_pictures_lie_in_the_data_folder(tmp_path: Path) -> None:
    assert replace(from_environ(), data_dir=tmp_path).media_dir == tmp_path / "media"


def test_a_given_secret_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    settings = from_environ(SECRET_KEY="given", DATA_DIR=str(tmp_path / "data"))

    assert settings.secret() == b"given"
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("folder", ["a file", "a file/below"])
def test_a_data_folder_that_cannot_be_is_said(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").touch()

    with pytest.raises(DataFolderUnusable, match="THUMBAPP_DATA_DIR"):
        from_environ(DATA_DIR=str(tmp_path / folder)).secret()


def test_a_made_secret_is_kept(tmp_path: Path) -> None:
    settings = from_environ(DATA_DIR=str(tmp_path / "made" / "on" / "the" / "way"))

    first = settings.secret()

    assert len(first) >= 32
    assert settings.secret() == first
    assert from_environ(DATA_DIR=str(tmp_path / "other")).secret() != first


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no mode bits; the folder's ACL counts")
def test_a_made_secret_is_read_by_its_owner_only(tmp_path: Path) -> None:
    from_environ(DATA_DIR=str(tmp_path)).secret()

    mode = stat.S_IMODE((tmp_path / "secret.key").stat().st_mode)
    assert mode == 0o600


def test_processes_that_race_for_the_secret_all_get_the_same(tmp_path: Path) -> None:
    code = "from thumbapp.config import Settings; print(Settings.from_environ().secret().decode())"
    environ = os.environ | {f"{PREFIX}DATA_DIR": str(tmp_path / "new"), f"{PREFIX}SECRET_KEY": ""}

    racers = [
        subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, encoding="utf-8")
        for _ in range(6)
    ]
    secrets = {racer.communicate(timeout=60)[0].strip() for racer in racers}

    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32


def test_a_secret_file_left_empty_is_told_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret.key").touch()

    with pytest.raises(BadSetting, match=r"secret\.key"):
        from_environ(DATA_DIR=str(tmp_path)).secret()
