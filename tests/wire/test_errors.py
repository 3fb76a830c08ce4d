"""Errors: as text from anything that user code raises, and back as what users catch."""

from __future__ import annotations

import builtins
import pickle
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import pytest

from ipcluster.wire import errors
from ipcluster.wire.errors import (
    AlreadyDisplayedError,
    ClusterError,
    CompositeError,
    EngineError,
    LaunchError,
    ProtocolError,
    RemoteError,
    SerializationError,
    UnmetDependency,
    collect_exceptions,
    decode_info,
    describe_exit,
    encode_info,
    from_exception,
    to_error,
    to_info,
)
from ipcluster.wire.messages import ErrorInfo


def raised(exc: BaseException) -> BaseException:
    """`exc` with a traceback."""
    try:
        raise exc
    except BaseException as error:
        return error


def over_the_wire(exc: BaseException, engine: int = 3) -> ClusterError:
    info = from_exception(raised(exc), engine=engine, engine_uuid="u3", host="alpha")
    return to_error(decode_info(encode_info(info)))


def remote(ename: str, evalue: str, engine: int, trace: str = "tb") -> RemoteError:
    return RemoteError(ename, evalue, trace, {"engine_id": engine, "method": "apply"})


# --- one remote error -----------------------------------------------------------------


def test_remote_error_is_caught_by_its_builtin_class() -> None:
    with pytest.raises(ValueError, match="bad number"):
        raise over_the_wire(ValueError("bad number"))


def test_class_derived_from_a_builtin_is_caught_by_the_builtin() -> None:
    class Mine(FileNotFoundError):
        pass

    error = over_the_wire(Mine("gone"))

    assert isinstance(error, RemoteError)
    assert isinstance(error, FileNotFoundError)
    assert error.ename == "Mine"


def test_users_class_with_the_name_of_a_builtin_is_not_that_builtin() -> None:
    fake = type("KeyError", (Exception,), {})

    assert not isinstance(over_the_wire(fake("k")), KeyError)


@pytest.mark.parametrize("pickled", [False, True])
def test_what_programs_look_at_in_builtin_errors_arrives(pickled: bool) -> None:
    missing = over_the_wire(FileNotFoundError(2, "No such file", "/data/x", None, "/y"))
    if pickled:
        missing = pickle.loads(pickle.dumps(missing))

    assert isinstance(missing, FileNotFoundError)
    assert (missing.errno, missing.strerror) == (2, "No such file")
    assert (missing.filename, missing.filename2) == ("/data/x", "/y")


def test_an_import_error_names_its_module_and_an_exit_its_code() -> None:
    lost = over_the_wire(ModuleNotFoundError("none", name="scipy"))
    left = over_the_wire(SystemExit(3))

    assert isinstance(lost, ImportError)
    assert lost.name == "scipy"
    assert vars(left)["code"] == 3


def test_fields_that_are_not_plain_stay_behind() -> None:
    class Evil(OSError):
        @property
        def filename2(self) -> str:
            raise KeyError

    huge = OSError(1 << 80, "text", b"bytes" * 10_000)
    long = OSError(1, "text", "x" * 10_000)

    assert from_exception(huge).fields == {"strerror": "text"}
    assert len(str(from_exception(long).fields["filename"])) < 5000
    assert from_exception(Evil(1, "x")).fields == {}


def test_remote_error_has_the_fields_that_users_know() -> None:
    error = over_the_wire(ZeroDivisionError("division by zero"))

    assert isinstance(error, RemoteError)
    assert (error.ename, error.evalue) == ("ZeroDivisionError", "division by zero")
    assert error.engine_info["engine_id"] == 3
    assert error.engine_info["engine_uuid"] == "u3"
    assert error.engine_info["method"] == "apply"
    assert error.engine_str == "[3:apply]"
    assert "raise exc" in error.traceback
    assert error.render_traceback()[0] == "--- on engine 3, alpha ---"


def test_str_starts_with_the_headline_and_has_the_remote_traceback() -> None:
    text = str(over_the_wire(ValueError("bad")))

    assert text.startswith("ValueError: bad\n--- on engine 3, alpha ---\nTraceback")


def test_message_is_empty_for_an_exception_without_one() -> None:
    assert str(over_the_wire(ValueError())).splitlines()[0] == "ValueError"
    assert (
        repr(over_the_wire(ValueError(""))) == "<RemoteError on engine 3: ValueError>"
    )


def test_uncaught_remote_error_shows_the_remote_traceback() -> None:
    for exc in (
        ValueError("bad"),
        KeyError("k"),
        SyntaxError("what", ("f", 1, 1, "x")),
    ):
        error = over_the_wire(exc)

        shown = "".join(traceback.format_exception(error))

        assert "ipcluster.wire.errors.RemoteError: " in shown
        assert "--- on engine 3, alpha ---" in shown
        assert "raise exc" in shown


def test_interpreter_shows_a_remote_syntax_error_too() -> None:
    code = (
        "from ipcluster.wire.errors import *\n"
        "raise to_error(from_exception(SyntaxError('what is this'), engine=3))\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30
    )

    assert "SyntaxError: what is this" in ended.stderr
    assert "--- on engine 3 ---" in ended.stderr


@pytest.mark.parametrize(
    "name",
    [
        name
        for name, cls in vars(builtins).items()
        if isinstance(cls, type) and issubclass(cls, BaseException)
    ],
)
def test_every_builtin_class_survives_pickling_and_display(name: str) -> None:
    error = to_error(ErrorInfo("RemoteError", name, "m", "tb", 1, builtin=name))

    again = pickle.loads(pickle.dumps(error))

    assert isinstance(error, RemoteError)
    assert type(again) is type(error)
    assert again.__dict__ == error.__dict__
    assert "tb" in "".join(traceback.format_exception(again))


@pytest.mark.parametrize(
    "exc", [StopIteration(1), StopAsyncIteration(), SystemExit(3), KeyboardInterrupt()]
)
def test_what_would_end_a_loop_or_the_interpreter_is_a_plain_remote_error(
    exc: BaseException,
) -> None:
    assert type(over_the_wire(exc)) is RemoteError


def test_exit_in_a_task_is_an_error_with_its_code() -> None:
    error = over_the_wire(SystemExit(3))

    assert isinstance(error, RemoteError)
    assert (error.ename, error.evalue) == ("SystemExit", "3")


def test_already_displayed_error_shows_its_headline_only() -> None:
    error = AlreadyDisplayedError("ValueError", "bad", "long tb", {"engine_id": 1})

    assert str(error) == "ValueError: bad"
    assert error.render_traceback() == ["[1:apply] ValueError: bad"]
    assert type(pickle.loads(pickle.dumps(error))) is AlreadyDisplayedError


# --- anything that user code raises ---------------------------------------------------


class Hostile(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class Liar(Exception):
    @property  # type: ignore[misc]  # a read-only __class__: what this is about
    def __class__(self) -> type:
        raise RuntimeError("no")


class EvilText(str):
    __slots__ = ()

    def __len__(self) -> NoReturn:
        raise RuntimeError("no")

    def __getitem__(self, at: Any) -> NoReturn:
        raise RuntimeError("no")

    def encode(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("no")


class GivesEvilText(Exception):
    def __str__(self) -> str:
        return EvilText("evil")


class HidesItsName(type):
    @property
    def __name__(cls) -> NoReturn:  # type: ignore[override]  # as users do
        raise RuntimeError("no")

    def mro(cls) -> list[type]:
        return super().mro()

    def __getattribute__(cls, name: str) -> Any:
        if name in ("__module__", "__qualname__"):
            raise RuntimeError("no")
        return super().__getattribute__(name)


class Nameless(Exception, metaclass=HidesItsName):
    pass


class BadNotes(Exception):
    __notes__ = property(lambda self: 1 / 0)


class BadCause(Exception):
    __cause__ = property(lambda self: 1 / 0)


class NotText(Exception):
    def __str__(self) -> str:
        return 3  # type: ignore[return-value]  # as users do


# Made in the test: pytest itself does not survive some of them as parameters.
@pytest.mark.parametrize(
    ("make", "ename"),
    [
        (Hostile, "Hostile"),
        (Liar, "Liar"),
        (GivesEvilText, "GivesEvilText"),
        (lambda: Nameless("x"), "Nameless"),
        (BadNotes, "BadNotes"),
        (BadCause, "BadCause"),
        (NotText, "NotText"),
        (lambda: ValueError("\udc80 lone"), "ValueError"),
        (
            lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "r"),
            "UnicodeDecodeError",
        ),
    ],
)
def test_hostile_exceptions_become_text(
    make: Callable[[], BaseException], ename: str
) -> None:
    info = from_exception(raised(make()), engine=1)

    assert info.ename == ename
    assert decode_info(encode_info(info)) == info
    assert ename in str(to_error(info))


def test_str_that_raises_is_told() -> None:
    info = from_exception(raised(Hostile()))

    assert info.evalue == "<no message: its __str__ raised RuntimeError>"


def test_ten_megabyte_message_is_cut_with_its_size() -> None:
    info = from_exception(raised(ValueError("x" * (10 << 20))))

    assert info.evalue == (
        "x" * 10_000 + "\n[message of 10,485,760 characters, first 10,000 shown]"
    )
    assert len(info.traceback) < 15_000
    assert len(encode_info(info)) < 30_000


def test_recursion_is_collapsed() -> None:
    def forever() -> None:
        forever()

    with pytest.raises(RecursionError) as caught:
        forever()

    assert len(from_exception(caught.value).traceback.splitlines()) < 30


def test_mutual_recursion_is_collapsed() -> None:
    def even(n: int) -> bool:
        return odd(n - 1)

    def odd(n: int) -> bool:
        return even(n - 1)

    with pytest.raises(RecursionError) as caught:
        even(1)

    text = from_exception(caught.value).traceback
    assert "[previous 2 frames repeated" in text
    assert len(text.splitlines()) < 30


def test_long_traceback_keeps_its_beginning_and_end() -> None:
    error: BaseException = ValueError("first")
    for number in range(3_000):
        later = ValueError(f"error {number}")
        later.__cause__ = error
        error = later

    text = from_exception(error).traceback

    assert len(text) < 100_100
    assert text.startswith("ValueError: first\n")
    assert text.endswith("ValueError: error 2999\n")
    assert "characters left out ..." in text


def test_causes_contexts_notes_and_groups_are_shown() -> None:
    inner = KeyError("the cause")
    error = ValueError("outer")
    error.__cause__ = inner
    error.add_note("a note")
    group = ExceptionGroup("several", [error, TypeError("other")])

    text = from_exception(raised(group)).traceback

    for part in ("the cause", "ValueError: outer", "a note", "TypeError: other"):
        assert part in text
    assert "direct cause" in text


def test_group_is_a_plain_remote_error() -> None:
    assert type(over_the_wire(ExceptionGroup("g", [ValueError()]))) is RemoteError


def test_frames_of_our_own_engine_are_hidden() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_info(b"\xc1")

    text = from_exception(caught.value).traceback

    assert "test_errors.py" in text
    assert "wire/errors.py" not in text


# --- our own errors over the wire -----------------------------------------------------


def test_own_error_keeps_its_class_and_fields() -> None:
    sent = EngineError("engine 3 ended", engine=3, task=7, host="alpha")

    error = to_error(decode_info(encode_info(to_info(sent))))

    assert type(error) is EngineError
    assert str(error) == "engine 3 ended"
    assert (error.engine, error.task, error.host) == (3, 7, "alpha")


@pytest.mark.parametrize("cls", [SerializationError, UnmetDependency])
def test_what_engines_raise_about_a_task_keeps_its_class(
    cls: type[ClusterError],
) -> None:
    assert type(over_the_wire(cls("why"))) is cls


def test_cluster_error_of_user_code_is_a_remote_error() -> None:
    # A task that uses another cluster and loses an engine of that one.
    error = over_the_wire(EngineError("engine 9 of the other cluster ended"))

    assert type(error) is RemoteError
    assert error.ename == "EngineError"


def test_unknown_kind_is_a_remote_error() -> None:
    error = to_error(ErrorInfo("FromTheFuture", "FromTheFuture", "x"))

    assert type(error) is RemoteError


def test_bytes_that_are_no_error_break_the_protocol() -> None:
    for payload in (b"", b"\xc1", b"\x93\x01\x02\x03", b"\x93\xa1\xff\xa1\xff\xa1\xff"):
        with pytest.raises(ProtocolError):
            decode_info(payload)


@pytest.mark.parametrize("name", sorted(errors.__all__))
def test_own_errors_survive_pickling(name: str) -> None:
    cls = getattr(errors, name)
    if not isinstance(cls, type) or not issubclass(cls, ClusterError):
        return
    if issubclass(cls, RemoteError):
        return
    error = cls("why")
    error.engine = 4

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is cls
    assert (str(again), again.engine) == (str(error), 4)


def test_our_timeout_is_the_builtin_one() -> None:
    assert issubclass(errors.TimeoutError, builtins.TimeoutError)


def test_launch_error_says_command_exit_and_output() -> None:
    error = LaunchError(
        "no controller", command=["ipc", "-n"], exit_code=-9, output="last words\n"
    )

    assert str(error) == "no controller: ipc -n (signal 9, SIGKILL)\nlast words"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_exits_in_words() -> None:
    assert describe_exit(3) == "exit status 3"
    assert describe_exit(-11) == "signal 11, SIGSEGV"
    assert describe_exit(-250) == "signal 250"


# --- several --------------------------------------------------------------------------


def test_equal_errors_are_shown_once_with_their_engines() -> None:
    many = [remote("ValueError", "bad", n, f"at <engine {n}>") for n in range(500)]

    lines = CompositeError("500 failed", many).render_traceback()

    assert lines == ["--- engines 0-499 ---", "at <engine 0>"]


def test_different_errors_are_shown_apart_up_to_the_limit() -> None:
    different = [remote("ValueError", f"bad {n}", n, f"tb {n}") for n in range(40)]

    lines = CompositeError("40 failed", different).render_traceback()

    assert lines[:2] == ["--- engine 0 ---", "tb 0"]
    assert lines[8] == "--- engine 4: ValueError: bad 4 ---"
    assert lines[-1] == "... and 20 more different errors"


def test_runs_of_engines_and_repeated_errors_are_told() -> None:
    some = [remote("E", "x", n) for n in (0, 1, 2, 5, 5, 7)]

    lines = CompositeError("", some).render_traceback()

    assert lines[0] == "--- engines 0-2, 5, 7 (6 errors) ---"


def test_elist_has_the_tuples_that_users_know() -> None:
    error = CompositeError(
        "2 failed", [remote("E", "x", 0), EngineError("g", engine=1)]
    )

    (ename, evalue, trace, info), second = error.elist
    assert (ename, evalue, trace, info["engine_id"]) == ("E", "x", "tb", 0)
    assert second[:3] == ("EngineError", "g", "")
    assert second[3]["engine_id"] == 1


def test_one_of_them_can_be_raised_shown_and_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = CompositeError("2", [over_the_wire(KeyError("k"), 0), EngineError("gone")])

    error.print_traceback(0)

    assert "KeyError" in capsys.readouterr().out
    with pytest.raises(KeyError):
        error.raise_exception()
    with pytest.raises(EngineError, match="gone"):
        error.raise_exception(1)
    with pytest.raises(IndexError, match="there are 2"):
        error.raise_exception(2)


def test_composite_error_can_be_made_of_tuples() -> None:
    error = CompositeError("1 failed", [("KeyError", "'k'", "tb", {"engine_id": 2})])

    with pytest.raises(KeyError):
        error.raise_exception()


def test_composite_error_survives_pickling() -> None:
    error = CompositeError("2 failed", [over_the_wire(KeyError("k")), EngineError("g")])

    again = pickle.loads(pickle.dumps(error))

    assert str(again) == str(error)
    assert again.elist == error.elist


def test_results_without_an_error_are_given_back() -> None:
    results = [1, ValueError("a result like any other"), None]

    assert collect_exceptions(results, "apply") is results
    assert collect_exceptions({0: 1}) == {0: 1}


def test_errors_among_results_are_collected_and_flattened() -> None:
    nested = CompositeError("inner", [remote("E", "a", 0), remote("E", "b", 1)])

    with pytest.raises(CompositeError, match="2 of 3 calls failed in map") as caught:
        collect_exceptions([nested, 1, remote("E", "c", 2)], "map")

    assert [one.evalue for one in caught.value.elist] == ["a", "b", "c"]
