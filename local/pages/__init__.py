"""The page at `/_local/` of `homing local`: static files that draw what the server's JSON tells."""

from importlib.resources import files

_CONTENT_TYPES = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "mail.js": "text/javascript; charset=utf-8",
    "theme.css": "text/css; charset=utf-8",
}


def index() -> bytes:
    """The page itself: UTF-8 HTML, which asks for its assets at `/_local/<name>`."""
    return _read("index.html")


def asset(name: str) -> tuple[bytes, str] | None:
    """A file that the page links to and its content type; None if there is none of that name."""
    content_type = _CONTENT_TYPES.get(name)
    return (_read(name), content_type) if content_type else None


def _read(name: str) -> bytes:
    return files("local.pages").joinpath(name).read_bytes()
