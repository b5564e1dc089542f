"""The page of a guarded server in a real Chromium: the link lets in and its token leaves the address, a listener only
hears, a wrong token is asked for again, and nothing of it is kept beyond the tab."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from web_driver import Page, chromium
from web_stage import Stage

from bridge.stream.tokens import TokenFile, make

pytestmark = [
    pytest.mark.peer("chromium"),
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed: apt-get install chromium"),
]
OPEN = "window.sideman?.client?.connection === 'open' && window.sideman.client.hello !== null"
TYPE = """((text) => {
  const field = document.getElementById("token");
  field.value = text;
  field.dispatchEvent(new Event("input"));
  field.form.requestSubmit();
})"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with Page() as browser:
        yield browser


def test_the_page_comes_in_by_its_link_or_by_what_is_typed_in(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "tokens.toml"
    made = make(path)
    assert made.listen is not None
    control, listen = made.control.reveal(), made.listen.reveal()
    with Stage(tokens=TokenFile(path)) as stage:
        page.open(f"{stage.url}/#token={control}")
        page.wait(OPEN)
        assert page.evaluate("location.href") == f"{stage.url}/"
        assert page.evaluate("document.body.dataset.role") == "control"
        assert page.evaluate("history.length") <= 2 and page.evaluate("document.cookie") == ""
        assert page.evaluate("Object.values(localStorage).join()").count(control) == 0
        assert page.evaluate("window.sideman.client.stop().then(() => 'done')") == "done"

        page.call("Page.reload")
        page.wait(OPEN)  # this tab keeps it

        page.evaluate("sessionStorage.clear()")
        page.call("Page.reload")
        page.wait("document.querySelector('dialog.login[open]') !== null")
        assert page.evaluate("window.sideman === undefined")
        page.evaluate(f"{TYPE}('short')")
        assert page.evaluate("document.getElementById('token').validationMessage").startswith("No token")
        page.evaluate(f"{TYPE}({'w' * 43!r})")
        page.wait("document.querySelector('dialog.login label')?.textContent.startsWith('That one does not hold')")
        page.evaluate(f"{TYPE}({f'{stage.url}/#token={listen}'!r})")
        page.wait(OPEN)
        page.wait("document.body.dataset.role === 'listen'")
        assert page.evaluate("getComputedStyle(document.getElementById('play')).pointerEvents") == "none"
        assert page.evaluate("getComputedStyle(document.getElementById('listen')).pointerEvents") != "none"
        told = list(stage.told)
        refused = page.evaluate("window.sideman.client.stop().catch((problem) => problem.message)")
        assert "not for listeners" in refused and stage.told == told

        page.evaluate(f"void (location.hash = '#token={control}')")  # another link, into the same tab
        page.wait(f"location.href === '{stage.url}/' && document.body.dataset.role === 'control'")
        page.evaluate(f"void (location.hash = '#token={listen}')")
        page.wait(f"location.href === '{stage.url}/' && document.body.dataset.role === 'listen'")

        make(path, anew=("listen",))  # within a second the page has to ask again
        page.wait("document.querySelector('dialog.login[open]') !== null")
        assert not [text for text in page.errors if control in text or listen in text]


def test_a_server_without_tokens_asks_for_none(page: Page) -> None:
    with Stage() as stage:
        page.evaluate("sessionStorage.clear()")
        page.open(f"{stage.url}/")
        page.wait(OPEN)
        assert page.evaluate("document.body.dataset.role") == "control"
        assert page.evaluate("document.querySelector('dialog.login') === null")
