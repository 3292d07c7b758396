"""Sending pictures from the first page: by dialog, drop and paste, with and without scripts."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")
expect, BrowserContext, Page = sync_api.expect, sync_api.BrowserContext, sync_api.Page

pytestmark = pytest.mark.browser

GIVE = """([kind, names]) => {
    const given = new DataTransfer();
    const bytes = Uint8Array.from(atob(PNG), c => c.charCodeAt(0));
    for (const name of names) given.items.add(new File([bytes], name));
    const options = {bubbles: true, cancelable: true};
    const event = kind === "paste"
        ? new ClipboardEvent("paste", {...options, clipboardData: given})
        : new DragEvent("drop", {...options, dataTransfer: given});
    document.body.dispatchEvent(event);
}"""
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def choose(page: Page, *paths: Path) -> None:
    """Open the first page and choose files there."""
    page.goto("/")
    page.set_input_files("#image", paths)


def press_send(page: Page) -> None:
    page.get_by_role("button", name="Make thumbnails").click()


def row(page: Page, name: str) -> "sync_api.Locator":
    return page.locator(".file-row", has_text=name)


def downloaded(page: Page) -> zipfile.ZipFile:
    """Return the zip behind the page's main button."""
    with page.expect_download() as download:
        page.get_by_role("link", name="Download zip", exact=True).click()
    return zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes()))


def test_two_files_become_a_batch_and_one_zip(page: Page, picture: Callable[..., Path]) -> None:
    choose(page, picture("rob.jfif"), picture("big.png", size=(800, 600), kind="PNG"))
    page.get_by_label("256", exact=True).check()
    page.get_by_label("Other sizes").fill("300x200")
    press_send(page)
    page.wait_for_url("**/batches/*")
    page.get_by_role("link", name="Download zip", exact=True).wait_for()

    with downloaded(page) as archive:
        pictures = [name for name in archive.namelist() if not name.endswith(".json")]
        sizes = {name: Image.open(archive.open(name)).size for name in pictures}

    assert {name.rpartition("/")[2]: size for name, size in sizes.items()} == {
        "rob.jfif": (200, 253),
        "rob_128x128.jfif": (101, 128),
        "rob_256x256.jfif": (200, 253),
        "rob_300x200.jfif": (158, 200),
        "big.png": (800, 600),
        "big_128x128.png": (128, 96),
        "big_256x256.png": (256, 192),
        "big_300x200.png": (267, 200),
    }


def test_chosen_files_show_name_size_and_preview_and_can_be_removed(
    page: Page, picture: Callable[..., Path]
) -> None:
    choose(page, picture("keep.jpg"), picture("drop.jpg"))

    expect(row(page, "keep.jpg")).to_contain_text("200 \N{MULTIPLICATION SIGN} 253 px")
    expect(row(page, "keep.jpg").locator("canvas")).to_be_visible()
    page.get_by_role("button", name="Remove drop.jpg").click()

    expect(page.locator(".file-row")).to_have_count(1)
    expect(page.locator("#file-count")).to_contain_text("1 picture")


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_pictures_come_by(kind: str, page: Page) -> None:
    page.goto("/")
    page.evaluate(GIVE.replace("PNG", f"'{PNG}'"), [kind, ["one.png", "two.png"]])

    expect(page.locator(".file-row")).to_have_count(2)
    press_send(page)

    page.wait_for_url("**/batches/*")
    expect(page.locator("h1")).to_have_text("2 pictures")


def test_a_bad_file_says_why_at_its_row_and_the_others_go_on(
    page: Page, picture: Callable[..., Path], tmp_path: Path
) -> None:
    text, empty = tmp_path / "text.png", tmp_path / "empty.png"
    text.write_text("hello", "utf-8")
    empty.touch()

    choose(page, text, picture("good.jpg"), empty)
    press_send(page)

    expect(row(page, "text.png")).to_contain_text("This is not a picture we can read")
    expect(row(page, "empty.png")).to_contain_text("The file is empty")
    expect(row(page, "good.jpg")).to_contain_text("sent")
    expect(page.locator("#taken")).to_contain_text("1 of 3 pictures were taken")
    page.get_by_role("link", name="Go to the thumbnails").click()
    expect(page.locator(".jobs tbody tr")).to_have_count(1)


def test_options_travel_with_the_picture(page: Page, picture: Callable[..., Path]) -> None:
    choose(page, picture("rob.jfif"))
    page.get_by_text("Options: fit, format, quality and more").click()
    page.get_by_label("Fit").select_option("pad")
    page.get_by_label("Position").select_option("north")
    page.get_by_label("Background").fill("#ff0000")
    page.get_by_label("Enlarge pictures").check()
    page.get_by_label("Format").select_option("png")
    page.get_by_label("Other sizes").fill("300x900")
    press_send(page)
    page.wait_for_url("**/jobs/*")
    page.get_by_role("link", name="Download zip", exact=True).wait_for()

    with downloaded(page) as archive, Image.open(archive.open("rob_300x900.png")) as made:
        assert made.size == (300, 900)
        assert made.getpixel((150, 890)) == (255, 0, 0)


def test_a_bad_size_is_said_at_its_field_and_what_was_chosen_stays(
    page: Page, picture: Callable[..., Path]
) -> None:
    choose(page, picture("a.jpg"), picture("b.jpg"))
    page.get_by_label("Other sizes").fill("12x")
    press_send(page)

    expect(page.locator("#sizes-errors")).to_contain_text("'12x' is no size")
    expect(page.get_by_label("Other sizes")).to_be_focused()
    page.get_by_label("Other sizes").fill("")
    press_send(page)

    page.wait_for_url("**/batches/*")


def test_how_many_of_too_many_files_were_left_out_is_said(page: Page) -> None:
    files = [{"name": f"{at}.png", "mimeType": "image/png", "buffer": b"x"} for at in range(103)]

    page.goto("/")
    page.set_input_files("#image", files=files)

    expect(page.locator(".file-row")).to_have_count(100)
    expect(page.locator("#image-errors")).to_have_text(
        "At most 100 pictures are taken at once; 3 pictures were left out."
    )


def test_sending_nothing_says_what_to_do(page: Page) -> None:
    page.goto("/")
    press_send(page)

    expect(page.locator("#image-errors")).to_contain_text("No picture was chosen")
    assert page.url.endswith("/")


def test_progress_is_shown_in_per_cent_and_sending_can_be_stopped(page: Page, noise: Path) -> None:
    choose(page, noise)
    session = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 150_000}
    session.send("Network.emulateNetworkConditions", slow)
    press_send(page)

    expect(page.locator("#sent")).to_have_attribute("value", re.compile(r"^[1-9][0-9]?$"))
    expect(page.locator("#sent-words")).to_contain_text("% sent, 0 of 1 picture")
    page.get_by_role("button", name="Stop sending").click()

    expect(page.get_by_role("button", name="Make thumbnails")).to_be_visible()
    expect(page.locator(".file-row progress")).to_have_count(0)


def test_a_broken_connection_keeps_the_file_for_another_try(page: Page, picture: Callable[..., Path]) -> None:
    choose(page, picture("a.jpg"))
    page.route("**/api/v1/jobs", lambda route: route.fulfill(status=503, json={"detail": "Come back later."}))
    press_send(page)
    expect(page.locator("#image-errors")).to_contain_text("Come back later.")

    page.unroute("**/api/v1/jobs")
    press_send(page)

    page.wait_for_url("**/jobs/*")


def test_without_scripts_two_files_become_a_batch_and_one_zip(
    open_browser: Callable[..., BrowserContext], site: str, picture: Callable[..., Path]
) -> None:
    page = open_browser(site, java_script_enabled=False).new_page()

    choose(page, picture("a.jpg"), picture("b.jpg"))
    press_send(page)
    for _ in range(50):
        if page.get_by_role("link", name="Download zip", exact=True).count():
            break
        page.get_by_role("link", name="Show how far it is").click(timeout=1_000)

    with downloaded(page) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    assert {"a.jpg", "a_128x128.jpg", "b.jpg", "b_128x128.jpg"} <= names


def test_without_scripts_a_refusal_keeps_what_was_typed(
    open_browser: Callable[..., BrowserContext], site: str, picture: Callable[..., Path]
) -> None:
    page = open_browser(site, java_script_enabled=False).new_page()

    choose(page, picture("a.jpg"))
    page.get_by_label("Other sizes").fill("300x200, wide")
    press_send(page)

    expect(page.locator("#sizes-errors")).to_contain_text("'wide' is no size")
    expect(page.get_by_label("Other sizes")).to_have_value("300x200, wide")
