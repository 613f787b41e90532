"""/login: a person gives his token once, and a cookie keeps it that no script can read. /logout takes it away."""

import json
from html import escape
from importlib.resources import files

from aiohttp import web

from stream.http.access import Access
from stream.http.pages import Page, Refused
from stream.http.roles import EVERYBODY

COOKIE = "kpi_stream"
SHIFT_S = 12 * 3_600
"""How long a person stays logged in: a shift."""
WALL_S = 400 * 86_400
"""A wall has no keyboard: as long as browsers keep a cookie at most."""
_WRONG = '<p role="alert">This token is not known. 此令牌无效。</p>'
_OUT = (
    '<form method="post" action="logout"><p>{who}</p><p><a href="./">Board 看板</a></p>'
    "<button>Log out 退出</button></form>"
)


class Login:
    """The pages by which people log in and out."""

    def __init__(self, access: Access) -> None:
        self._access = access
        folder = files("stream.http")
        self._form = (folder / "login.html").read_text("utf-8")
        self._files = {
            "login.css": ("text/css", (folder / "login.css").read_bytes()),
            "login.js": ("text/javascript", (folder / "login.js").read_bytes()),
        }

    def pages(self) -> list[Page]:
        """They ask for no token: whoever has none comes here."""
        return [
            Page("/login", self._show, EVERYBODY),
            Page("/login", self._log_in, EVERYBODY, method="POST"),
            *(Page(f"/{name}", self._file, EVERYBODY) for name in self._files),
            Page("/logout", self._log_out, EVERYBODY, method="POST"),
        ]

    async def _show(self, request: web.BaseRequest) -> web.StreamResponse:
        tokens, held = self._access.tokens, request.cookies.get(COOKIE)
        if tokens is None:
            return _to("./")
        known = tokens.caller(held) if held else None
        if known is None:
            return self._page("", 200)
        caller, _ = known
        return self._page(_OUT.format(who=escape(f"{caller.name} · {caller.role}")), 200)

    async def _file(self, request: web.BaseRequest) -> web.StreamResponse:
        kind, body = self._files[request.path.removeprefix("/")]
        return web.Response(body=body, content_type=kind, charset="utf-8")

    async def _log_in(self, request: web.BaseRequest) -> web.StreamResponse:
        tokens = self._access.tokens
        if tokens is None:
            return _to("./")
        given = await _given(request)
        known = tokens.caller(given) if given else None
        if given is None or known is None:
            return self._page(_WRONG, 401)
        answer = _to("./")
        lasts_s = WALL_S if known[0].role == "wall" else SHIFT_S
        answer.set_cookie(
            COOKIE, given, max_age=lasts_s, path="/", httponly=True, samesite="Strict", secure=self._access.behind_tls
        )
        return answer

    async def _log_out(self, _: web.BaseRequest) -> web.StreamResponse:
        answer = _to("login")
        answer.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=self._access.behind_tls)
        return answer

    def _page(self, note: str, status: int) -> web.Response:
        text = self._form.replace("<!-- note -->", note)
        return web.Response(text=text, status=status, content_type="text/html")


def _to(where: str) -> web.Response:
    """Relative, so that a proxy may serve the page below a path of its own."""
    return web.Response(status=303, headers={"Location": where})


async def _given(request: web.BaseRequest) -> str | None:
    """The token of a form, of a JSON object, or of the header that programs send."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given.strip()
    if request.content_type == "application/json":
        try:
            said = json.loads(await request.read())
        except (ValueError, RecursionError) as error:
            raise Refused(400, "the body is not JSON") from error
        found = said.get("token") if isinstance(said, dict) else None
    else:
        try:
            found = (await request.post()).get("token")
        except (ValueError, LookupError) as error:
            raise Refused(400, "the body is no form") from error
    return found.strip() if isinstance(found, str) else None
