"""An answer that the web server gives before the application is asked: not HTTP, too large, too slow."""

import json
from dataclasses import dataclass
from http import HTTPStatus

from thumbapp.runtime.headers import ALWAYS, POLICY


@dataclass(frozen=True, slots=True)
class Refusal:
    """Status, stable code and sentence; told as problem+json where *path* is the API's."""

    status: int
    code: str
    sentence: str
    path: str = ""
    retry_after_s: int = 0

    @property
    def reason(self) -> str:
        """The words of the status."""
        return HTTPStatus(self.status).phrase

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What stands above the body, but for its length."""
        kind = "application/problem+json" if self._is_api else "text/plain; charset=utf-8"
        later = [("Retry-After", str(self.retry_after_s))] if self.retry_after_s else []
        return [("Content-Type", kind), ("Content-Security-Policy", POLICY), *ALWAYS.items(), *later]

    @property
    def body(self) -> bytes:
        """The sentence, in the shape that the path asks for."""
        if not self._is_api:
            return self.sentence.encode()
        problem = {"type": "about:blank", "title": self.reason, "status": self.status}
        return json.dumps(problem | {"code": self.code, "detail": self.sentence}).encode()

    def as_http(self) -> bytes:
        """Return the whole answer as it goes over the wire; the connection is closed after it."""
        body = self.body
        lines = [f"HTTP/1.1 {self.status} {self.reason}", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    @property
    def _is_api(self) -> bool:
        return self.path.startswith("/api/")
