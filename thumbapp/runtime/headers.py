"""What every answer carries, whoever gives it: the application, or the web server before it is asked."""

from typing import Final

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; img-src 'self' data: blob:; base-uri 'none'; frame-ancestors 'none'"
)
MEDIA_POLICY: Final = "default-src 'none'; sandbox"
HSTS: Final = "max-age=31536000"
ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
