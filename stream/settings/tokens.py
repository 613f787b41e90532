"""The tokens that Kafka's clients show with OAUTHBEARER: got from a token server by client credentials (RFC 6749, 4.4),
or from a provider that a package brings along (an entry point), such as one for Amazon MSK's IAM.

All clients of a process share one token per configuration; it is got again when a tenth of its life is left.
"""

import asyncio
import base64
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Any

from aiokafka.abc import AbstractTokenProvider

from stream.settings.oauth import Oauth, TokenError

PROVIDERS = "kpi_stream.kafka_tokens"
"""The group of entry points: each gives, called with `kafka.oauth.options`, an `aiokafka.abc.AbstractTokenProvider`."""
FETCH_SECONDS = 10.0
DEFAULT_LIFE_SECONDS = 300.0
ANSWER_BYTES = 65_536


class ClientCredentials(AbstractTokenProvider):  # type: ignore[misc]
    """Tokens of one client at one token server. Every method may be called from any thread and any event loop."""

    def __init__(self, oauth: Oauth, secret: str) -> None:
        self._oauth = oauth
        self._secret = secret
        self._lock = threading.Lock()
        self._token = ""
        self._until_s = 0.0

    async def token(self) -> str:
        """A token that is valid now. TokenError: the server gives none, or does not answer within ten seconds."""
        return await asyncio.to_thread(self._current)

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until_s:
                asked_s = time.monotonic()
                self._token, life_s = self._fetch()
                self._until_s = asked_s + 0.9 * life_s
            return self._token

    def _fetch(self) -> tuple[str, float]:
        """A new token, and for how many seconds it is valid."""
        oauth = self._oauth
        form = {"grant_type": "client_credentials"} | ({} if oauth.scope is None else {"scope": oauth.scope})
        named = ":".join(urllib.parse.quote(part, safe="") for part in (oauth.client_id or "", self._secret))
        request = urllib.request.Request(
            oauth.token_url or "",
            urllib.parse.urlencode(form).encode(),
            {"Authorization": f"Basic {base64.b64encode(named.encode()).decode()}", "Accept": "application/json"},
        )
        at = f"kafka.oauth.token_url {oauth.token_url}"
        try:
            context = ssl.create_default_context(cafile=oauth.ssl_cafile)
            with urllib.request.urlopen(request, timeout=FETCH_SECONDS, context=context) as answer:
                return _token_of(answer.read(ANSWER_BYTES), at)
        except TokenError:
            raise
        except urllib.error.HTTPError as error:
            with error:
                raise TokenError(_refused(error, at), final=error.code < 500 and error.code != 429) from None
        except urllib.error.URLError as error:
            untrusted = isinstance(error.reason, ssl.SSLCertVerificationError)
            remedy = ": put the CA's certificate into kafka.oauth.ssl_cafile" if untrusted else ""
            raise TokenError(f"{at} cannot be reached: {error.reason}{remedy}", final=untrusted) from None
        except (TimeoutError, OSError) as error:
            raise TokenError(f"{at} cannot be reached: {str(error) or type(error).__name__}", final=False) from None


def _token_of(body: bytes, at: str) -> tuple[str, float]:
    try:
        found = json.loads(body)
        token, life = found["access_token"], float(found.get("expires_in", DEFAULT_LIFE_SECONDS))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise TokenError(f"{at} answers without an access_token: is it a token endpoint?", final=True) from None
    if not isinstance(token, str) or not token:
        raise TokenError(f"{at} answers without an access_token: is it a token endpoint?", final=True)
    return token, life


def _refused(error: urllib.error.HTTPError, at: str) -> str:
    """What a token server's error means (RFC 6749, 5.2). It never holds the secret."""
    try:
        said = str(json.loads(error.read(ANSWER_BYTES)).get("error", ""))
    except (ValueError, AttributeError, OSError):
        said = ""
    told = f" ({said})" if said.replace("_", "").isalnum() and len(said) < 64 else ""
    if error.code == 401 or said == "invalid_client":
        return f"{at} refuses the client: kafka.oauth.client_id or its secret is wrong{told}"
    return f"{at} answers {error.code}{told}"


def token_provider(oauth: Oauth, secret: str | None) -> Any:
    """The provider of a configuration, always the same one for the same; TokenError: the named one is not installed."""
    return _made(oauth.model_dump_json(), secret or "")


@lru_cache(maxsize=8)
def _made(oauth_json: str, secret: str) -> Any:
    oauth = Oauth.model_validate_json(oauth_json)
    if oauth.provider is None:
        return ClientCredentials(oauth, secret)
    found = next(iter(entry_points(group=PROVIDERS, name=oauth.provider)), None)
    if found is None:
        known = ", ".join(sorted(each.name for each in entry_points(group=PROVIDERS))) or "none is installed"
        raise TokenError(f"there is no provider {oauth.provider!r} (entry points {PROVIDERS}: {known})", final=True)
    options: Mapping[str, str] = oauth.options
    return found.load()(options)
