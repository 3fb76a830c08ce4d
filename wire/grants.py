"""Who may do what: rights, the one table of verbs, and grants signed by the controller.

A grant travels in a ticket as text, signed with the controller's Ed25519 key: its
holder cannot widen it, and the controller need not remember it. `authorize` is asked
before anything is done, for each message and for each verb of an `Ask`. What the table
does not name is refused.

    observe   see engines and queues             execute   run on engines one names
    results   take results of other clients      control   engines: start, stop, signal
    submit    load-balanced tasks                admin     all of it: stop, purge
    engine    bring engines; nothing else
"""

from __future__ import annotations

import base64
import binascii
import functools
import time
from enum import Enum
from typing import NamedTuple

import msgspec

from ipcluster.wire.own_errors import SecurityError

OBSERVE, RESULTS, SUBMIT, EXECUTE = "observe", "results", "submit", "execute"
CONTROL, ADMIN, ENGINE = "control", "admin", "engine"

RIGHTS = frozenset({OBSERVE, RESULTS, SUBMIT, EXECUTE, CONTROL, ADMIN, ENGINE})

CLIENT_RIGHTS = RIGHTS - {ENGINE}
"""What the ticket of a cluster's owner holds."""

ENGINE_RIGHTS = frozenset({ENGINE})
"""What the ticket of an agent holds."""

# Signed with the grant, so that the signature is good for nothing else.
_PURPOSE = b"ipcluster grant 1\0"

# Characters. A grant that names 1,000 engines has about 6,000.
_LONGEST = 64_000


class Scope(Enum):
    """What a verb touches, beside the right it needs."""

    CLUSTER = "the cluster as a whole"
    ENGINES = "engines, which a grant may limit"
    OWN = "what the holder made; what others made takes one more right"


class Verb(NamedTuple):
    """What a message or a question needs: any of `rights`."""

    rights: frozenset[str]
    scope: Scope
    text: str
    others: str | None = None  # the right that opens what others made; None: none does


def _verb(rights: str, scope: Scope, text: str, others: str | None = None) -> Verb:
    return Verb(frozenset(rights.split()), scope, text, others)


_ANY = " ".join(sorted(RIGHTS))
_WORK = f"{SUBMIT} {EXECUTE}"
_TAKE = f"{SUBMIT} {EXECUTE} {RESULTS}"
_SEE = f"{OBSERVE} {SUBMIT} {EXECUTE} {CONTROL} {ADMIN}"
_CLUSTER, _ENGINES, _OWN = Scope.CLUSTER, Scope.ENGINES, Scope.OWN

VERBS: dict[str, Verb] = {
    # Messages, by their tag.
    "hello": _verb(_ANY, _CLUSTER, "come in"),
    "function": _verb(_WORK, _CLUSTER, "bring a function"),
    "submit": _verb(SUBMIT, _ENGINES, "run tasks on any engine"),
    "direct": _verb(EXECUTE, _ENGINES, "run on named engines"),
    "cancel": _verb(f"{_WORK} {CONTROL}", _OWN, "take tasks back", CONTROL),
    "ack": _verb(_TAKE, _CLUSTER, "say that results have arrived"),
    "typed": _verb(_WORK, _OWN, "answer what its tasks ask"),
    "aside": _verb(EXECUTE, _ENGINES, "talk to engines beside what runs"),
    "released": _verb(f"{_TAKE} {ENGINE}", _CLUSTER, "give segments back"),
    "chunk": _verb(f"{_WORK} {ENGINE}", _CLUSTER, "bring bytes of a segment"),
    "credit": _verb(f"{_TAKE} {ENGINE}", _CLUSTER, "say that bytes have arrived"),
    "chunk-refused": _verb(f"{_TAKE} {ENGINE}", _CLUSTER, "refuse bytes of a segment"),
    "fetch": _verb(f"{_TAKE} {ENGINE}", _OWN, "take bytes of a segment", RESULTS),
    "numbered": _verb(_ANY, _CLUSTER, "number its frames"),
    "host": _verb(ENGINE, _CLUSTER, "bring a host with engines"),
    "keeper-ended": _verb(ENGINE, _OWN, "say that a host's engines ended"),
    "from-engine": _verb(ENGINE, _OWN, "relay what an engine says"),
    "born": _verb(ENGINE, _OWN, "say that an engine was started"),
    "unborn": _verb(ENGINE, _OWN, "say that engines could not be started"),
    "died": _verb(ENGINE, _OWN, "say that an engine ended"),
    # Questions, by their verb.
    "engines": _verb(_SEE, _CLUSTER, "see which engines there are"),
    "cluster_info": _verb(_SEE, _CLUSTER, "see what the cluster is"),
    "queue_status": _verb(_SEE, _CLUSTER, "see how much waits where"),
    "result_status": _verb(_TAKE, _OWN, "see how tasks stand", RESULTS),
    "watch": _verb(RESULTS, _ENGINES, "see cells that others run on engines"),
    "get_results": _verb(_TAKE, _OWN, "take results", RESULTS),
    "history": _verb(_TAKE, _OWN, "list tasks", RESULTS),
    "db_query": _verb(_TAKE, _OWN, "search records of tasks", RESULTS),
    "purge": _verb(f"{_TAKE} {ADMIN}", _OWN, "forget records of tasks", ADMIN),
    "resubmit": _verb(SUBMIT, _OWN, "run tasks again", RESULTS),
    "signal": _verb(CONTROL, _ENGINES, "send signals to engines"),
    "shutdown": _verb(CONTROL, _ENGINES, "stop engines"),
    "start_engines": _verb(CONTROL, _CLUSTER, "start engines"),
    "stop": _verb(ADMIN, _CLUSTER, "stop the cluster"),
}


class Object(NamedTuple):
    """What a verb is to be done to."""

    own: bool = True
    engines: frozenset[int] | None = None


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What its holder may do in one cluster. Rights unknown here mean nothing."""

    cluster: str
    holder: str = ""
    rights: frozenset[str] = frozenset()
    engines: frozenset[int] | None = None  # None: all, also those to come
    expires: float | None = None  # seconds since the epoch
    number: int = 0  # tells apart grants to the same holder


class SigningKeys(NamedTuple):
    """An Ed25519 key pair, 32 raw bytes each."""

    private: bytes
    public: bytes


def authorize(
    grant: Grant, verb: str, obj: Object | None = None, *, now: float | None = None
) -> None:
    """Return if `grant` allows `verb` on `obj`.

    Without `obj` it is about the holder's own things and no engine in particular. A
    grant limited to some engines does not allow the latter where engines are concerned.

    Raises:
        SecurityError: it does not; the sentence says what is missing.
    """
    # Nearly every message takes this way out: keep it to a few attributes and a lookup.
    if (
        obj is None
        and grant.expires is None
        and grant.engines is None
        and verb in _allowed(grant.rights)
    ):
        return
    reason = _objection(grant, verb, obj or Object(), now)
    if reason is not None:
        raise SecurityError(f"refused to {_words(verb)}: {reason}")


def _objection(grant: Grant, verb: str, obj: Object, now: float | None) -> str | None:
    known = VERBS.get(verb)
    if known is None:
        return "there is no such verb"
    if grant.expires is not None:
        now = time.time() if now is None else now
        # Not `now >= expires`: compared with a NaN, that would let its holder in.
        if not now < grant.expires:
            return "the grant has expired"
    if not known.rights & grant.rights:
        return f"it takes the right {_either(known.rights)}, {_held(grant)}"
    if known.scope is Scope.ENGINES and grant.engines is not None:
        return _beyond(grant.engines, obj.engines)
    if known.scope is Scope.OWN and not obj.own and known.others not in grant.rights:
        if known.others is None:
            return "it is another's"
        return f"it is another's, which takes the right {known.others}, {_held(grant)}"
    return None


def _beyond(allowed: frozenset[int], asked: frozenset[int] | None) -> str | None:
    if asked is None:
        return f"the grant is for engines {sorted(allowed)} only: name some of them"
    if asked <= allowed:
        return None
    return f"the grant does not cover engines {sorted(asked - allowed)}"


@functools.lru_cache(maxsize=1024)
def _allowed(rights: frozenset[str]) -> frozenset[str]:
    return frozenset(verb for verb, known in VERBS.items() if known.rights & rights)


def _words(verb: str) -> str:
    known = VERBS.get(verb)
    return f"{known.text} ({verb})" if known else repr(verb[:40])


def _either(rights: frozenset[str]) -> str:
    return " or ".join(sorted(rights))


def _held(grant: Grant) -> str:
    held = ", ".join(sorted(grant.rights)) or "nothing"
    return f"the grant of {grant.holder or 'this ticket'} has {held}"


def new_signing_keys() -> SigningKeys:
    """A new key pair for a cluster."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    return SigningKeys(key.private_bytes_raw(), key.public_key().public_bytes_raw())


def sign(private: bytes, grant: Grant) -> str:
    """The text of the grant: its JSON and the signature, both in base64url."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = msgspec.json.encode(grant)
    key = Ed25519PrivateKey.from_private_bytes(private)
    return f"{_to_text(content)}.{_to_text(key.sign(_PURPOSE + content))}"


def verify(public: bytes, text: str) -> Grant:
    """The grant that this text carries. Whether it has expired, `authorize` says.

    Raises:
        SecurityError: not signed by this key, or not a grant at all.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    content, signature = _take_apart(text)
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(signature, _PURPOSE + content)
        return msgspec.json.decode(content, type=Grant)
    except InvalidSignature:
        raise SecurityError(
            "the grant is not signed by this cluster's key: the ticket is of another "
            "cluster, or was changed"
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SecurityError(f"the grant cannot be read: {error}") from error


def _take_apart(text: str) -> tuple[bytes, bytes]:
    try:
        if len(text) > _LONGEST:
            raise SecurityError("the grant is too long")
        content, signature = text.encode("ascii").split(b".")
        return _from_text(content), _from_text(signature)
    except (binascii.Error, ValueError) as error:
        raise SecurityError(
            "the grant is not of the form 'content.signature'"
        ) from error


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _from_text(text: bytes) -> bytes:
    return base64.b64decode(
        text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True
    )
