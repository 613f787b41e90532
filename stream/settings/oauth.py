"""Where the tokens of OAUTHBEARER come from, as the configuration says it (`kafka.oauth`), and why there is none."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from stream.settings.section import Section

_TOKEN_URL = re.compile(r"https?://[^\s/?#@]+(/[^\s#]*)?")


def _token_url(value: object) -> str:
    if not _TOKEN_URL.fullmatch(str(value)):
        raise ValueError(f"{value!r} is not an address such as https://login.example.org/oauth2/token")
    return str(value)


class Oauth(Section):
    """Where tokens come from: `token_url`, `client_id` and the secret, or a `provider` with its `options`."""

    token_url: Annotated[str, BeforeValidator(_token_url)] | None = None
    client_id: str | None = None
    client_secret: str | None = Field(None, repr=False)
    client_secret_file: str | None = None
    scope: str | None = None
    ssl_cafile: str | None = None
    provider: str | None = None
    options: dict[str, str] = {}


class TokenError(OSError):
    """There is no token. One line that names the key. `final`: somebody has to change the configuration."""

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final
