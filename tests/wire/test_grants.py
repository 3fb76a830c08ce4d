"""Grants: the matrix of rights and verbs, limits, and signatures."""

from __future__ import annotations

import base64
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipcluster.wire.errors import SecurityError
from ipcluster.wire.grants import (
    CLIENT_RIGHTS,
    ENGINE_RIGHTS,
    RIGHTS,
    VERBS,
    Grant,
    Object,
    Scope,
    authorize,
    new_signing_keys,
    sign,
    verify,
)
from ipcluster.wire.messages import ToController

KEYS = new_signing_keys()

# What each right alone opens: written out here, so that a slip in the table shows.
OPENS = {
    "observe": "hello numbered engines cluster_info queue_status",
    "results": "hello numbered ack released credit chunk-refused fetch result_status "
    "get_results history db_query purge watch",
    "submit": "hello numbered function submit cancel typed ack released chunk credit "
    "chunk-refused fetch engines cluster_info queue_status result_status get_results "
    "history db_query purge resubmit",
    "execute": "hello numbered function direct cancel typed aside ack released chunk "
    "credit chunk-refused fetch engines cluster_info queue_status result_status "
    "get_results history db_query purge",
    "control": "hello numbered cancel engines cluster_info queue_status signal "
    "shutdown start_engines",
    "admin": "hello numbered engines cluster_info queue_status purge stop",
    "engine": "hello numbered released chunk credit chunk-refused fetch host "
    "from-engine born unborn died keeper-ended",
}

# What each right opens that others made.
OPENS_OTHERS = {
    "results": "fetch result_status get_results history db_query",
    "control": "cancel",
    "admin": "purge",
}


def grant(*rights: str, **limits: object) -> Grant:
    return Grant(cluster="c", holder="ann", rights=frozenset(rights), **limits)  # type: ignore[arg-type]  # a test's short cut


def allows(
    held: Grant, verb: str, obj: Object | None = None, now: float | None = None
) -> bool:
    try:
        authorize(held, verb, obj, now=now)
    except SecurityError:
        return False
    return True


# --- the matrix -----------------------------------------------------------------------


@pytest.mark.parametrize("right", sorted(RIGHTS))
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_right_opens_these_verbs_and_no_other(right: str, verb: str) -> None:
    opened = verb in OPENS[right].split()

    assert allows(grant(right), verb) is opened
    assert allows(grant(right), verb, Object()) is opened
    assert allows(grant(right, expires=2.0), verb, now=1.0) is opened


@pytest.mark.parametrize("right", sorted(RIGHTS))
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_what_others_made_takes_one_more_right(right: str, verb: str) -> None:
    opened = verb in OPENS[right].split()
    if VERBS[verb].scope is Scope.OWN:
        opened = opened and verb in OPENS_OTHERS.get(right, "").split()

    assert allows(grant(right), verb, Object(own=False)) is opened


@given(st.sets(st.sampled_from(sorted(RIGHTS))), st.sampled_from(sorted(VERBS)))
def test_rights_add_up(rights: set[str], verb: str) -> None:
    alone = any(allows(grant(right), verb) for right in rights)

    assert allows(grant(*rights), verb) is alone


def test_every_message_to_the_controller_has_a_verb() -> None:
    tags = {str(one.__struct_config__.tag) for one in get_args(ToController)}

    assert tags - {"ask"} <= set(VERBS)


@pytest.mark.parametrize(
    "verb", ["", "ask", "Submit", "submit ", "results", "x" * 9999]
)
def test_verb_that_nobody_knows_is_refused(verb: str) -> None:
    with pytest.raises(SecurityError, match="there is no such verb") as caught:
        authorize(grant(*RIGHTS), verb)
    assert len(str(caught.value)) < 120


def test_nothing_is_opened_by_no_right_or_an_unknown_one() -> None:
    for held in (grant(), grant("root", "*", "Admin")):
        assert [verb for verb in VERBS if allows(held, verb)] == []


def test_tickets_hold_what_their_holders_need() -> None:
    client = {verb for verb in VERBS if allows(grant(*CLIENT_RIGHTS), verb)}
    agent = {verb for verb in VERBS if allows(grant(*ENGINE_RIGHTS), verb)}

    assert set(VERBS) - client == set(OPENS["engine"].split()) - client
    assert agent == set(OPENS["engine"].split())


def test_refusal_says_what_is_missing() -> None:
    with pytest.raises(SecurityError) as caught:
        authorize(grant("observe", "submit"), "signal")

    assert str(caught.value) == (
        "refused to send signals to engines (signal): it takes the right control, "
        "the grant of ann has observe, submit"
    )


# --- limits ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["submit", "direct", "signal", "shutdown"])
@pytest.mark.parametrize(
    ("engines", "opened"),
    [({1}, True), ({1, 2}, True), (set(), True), ({1, 3}, False), (None, False)],
)
def test_grant_may_be_for_some_engines(
    verb: str, engines: set[int] | None, opened: bool
) -> None:
    held = grant(*RIGHTS, engines=frozenset({1, 2}))
    asked = None if engines is None else frozenset(engines)

    assert allows(held, verb, Object(engines=asked)) is opened


def test_grant_for_some_engines_needs_them_named() -> None:
    with pytest.raises(SecurityError, match=r"for engines \[1\] only: name some"):
        authorize(grant("submit", engines=frozenset({1})), "submit")


def test_grant_for_no_engine_is_not_one_for_all() -> None:
    held = grant("submit", engines=frozenset())

    assert not allows(held, "submit", Object(engines=frozenset({0})))


@pytest.mark.parametrize(
    ("now", "opened"),
    [(9.9, True), (10.0, False), (11.0, False), (float("nan"), False)],
)
def test_grant_may_expire(now: float, opened: bool) -> None:
    assert allows(grant("submit", expires=10.0), "submit", now=now) is opened


def test_grant_that_has_long_expired_needs_no_clock() -> None:
    with pytest.raises(SecurityError, match="has expired"):
        authorize(grant(*RIGHTS, expires=1.0), "submit")


# --- signatures -----------------------------------------------------------------------


@given(
    st.builds(
        Grant,
        cluster=st.text(),
        holder=st.text(),
        rights=st.frozensets(st.text()),
        engines=st.none() | st.frozensets(st.integers(0, 1 << 40)),
        expires=st.none() | st.floats(0, 1e12),
        number=st.integers(0, 1 << 40),
    )
)
def test_signed_grant_is_read_back(held: Grant) -> None:
    assert verify(KEYS.public, sign(KEYS.private, held)) == held


def test_text_of_a_grant_fits_in_urls_and_on_command_lines() -> None:
    text = sign(KEYS.private, grant(*RIGHTS))

    assert text.replace(".", "").replace("-", "").replace("_", "").isalnum()


def test_other_key_is_refused() -> None:
    text = sign(new_signing_keys().private, grant("admin"))

    with pytest.raises(SecurityError, match="not signed by this cluster's key"):
        verify(KEYS.public, text)


def test_no_change_to_the_content_goes_through() -> None:
    content, signature = sign(KEYS.private, grant("observe")).split(".")
    wider = base64.urlsafe_b64encode(msgspec.json.encode(grant("admin"))).decode()

    for forged in (wider.rstrip("="), content[:-4], ""):
        with pytest.raises(SecurityError):
            verify(KEYS.public, f"{forged}.{signature}")


def test_every_change_of_one_letter_is_refused() -> None:
    text = sign(KEYS.private, grant("observe"))
    held = verify(KEYS.public, text)

    for at in range(len(text)):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        try:
            # The last letter of base64 has bits that stand for nothing.
            assert verify(KEYS.public, changed) == held
        except SecurityError:
            continue
        assert at in (text.index(".") - 1, len(text) - 1)


@pytest.mark.parametrize(
    "text",
    ["", ".", "a", "a.b", "a.b.c", "é.é", "%%%.%%%", "\0.\0", "A" * 100_000, "\udc80."],
)
def test_text_that_is_no_grant_is_refused(text: str) -> None:
    with pytest.raises(SecurityError):
        verify(KEYS.public, text)


def test_signature_for_another_purpose_is_no_grant() -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    content = msgspec.json.encode(grant("admin"))
    signature = Ed25519PrivateKey.from_private_bytes(KEYS.private).sign(content)
    text = ".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=").decode()
        for part in (content, signature)
    )

    with pytest.raises(SecurityError, match="not signed"):
        verify(KEYS.public, text)
