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
    """Where tokens are got by client credentials (RFC 6749, 4.4). All clients of a process share one token; a new one
    is got when a tenth of its life is left."""
    client_id: str | None = None
    """Required with `token_url`."""
    client_secret: str | None = Field(None, repr=False)
    """The secret, best in the environment; this or `client_secret_file` is required with `token_url`."""
    client_secret_file: str | None = None
    """A file whose first line is the secret."""
    scope: str | None = None
    """What is asked for, where the token server wants to know."""
    ssl_cafile: str | None = None
    """Certificates to trust at `token_url`, PEM; without it the system's are."""
    provider: str | None = None
    """Instead of `token_url`: an entry point of the group `kpi_stream.kafka_tokens`, such as a package for Amazon MSK's
    IAM brings along. It is called with the options and gives an `aiokafka.abc.AbstractTokenProvider`."""
    options: dict[str, str] = {}
    """Names to texts, for the provider."""


class TokenError(OSError):
    """There is no token. One line that names the key. `final`: somebody has to change the configuration."""

    def __init__(self, text: str, *, final: bool) -> None:
        super().__init__(text)
        self.final = final
