"""The `event_id` that a feed gives an event which has none (feeds 4): the same in every run."""

from __future__ import annotations

import hashlib

from stream.facts.fact import KINDS, MOST_IDENTIFIER, Fact, LegalStep, PaymentReversal
from stream.facts.identity import canonical_json

_OWN_IDS = {kind.TYPE: "" if kind.OWN_ID == "event_id" else kind.OWN_ID for kind in KINDS}
_OWN_IDS[PaymentReversal.TYPE] = "reversal_id"

_NOT_CONTENT = ("event_id", "version", "void")


def own_id_field(kind: str) -> str:
    """The field that identifies an event of a type; empty where its `event_id` does."""
    return _OWN_IDS[kind]


def event_id(feed: str, kind: str, own_id: str, version: object, *, status: object = None, void: bool = False) -> str:
    """`feed:type:own id:version`, with `:status` of a legal step and `:void` of a void event."""
    text = f"{feed}:{kind}:{own_id}:{version}"
    if kind == LegalStep.TYPE:
        text += f":{status}"
    return fitting(text + ":void" if void else text)


def fitting(text: str) -> str:
    """The text, or the first 32 hex digits of its SHA-256 where it is longer than an id may be."""
    if len(text) <= MOST_IDENTIFIER:
        return text
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]


def event_id_of_content(feed: str, fact: Fact) -> str:
    """`feed:type:` and the digest of the content: where the `event_id` is the identity."""
    content = canonical_json(fact, leave_out=_NOT_CONTENT)
    return fitting(f"{feed}:{fact.TYPE}:{hashlib.sha256(content).hexdigest()[:32]}")
