"""The ends that the controller itself gives to tasks, with their errors in words."""

from __future__ import annotations

import msgspec

from ipcluster.controller.queues import Engine
from ipcluster.wire.messages import ErrorInfo, Outcome, Status

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ErrorInfo).decode

# Characters of an engine's reason that the task's error repeats.
REASON = 300


def _end(status: Status, task: int, info: ErrorInfo) -> Outcome:
    return Outcome(task, status, _encode(info))


def _info(kind: str, text: str, task: int, engine: Engine | None = None) -> ErrorInfo:
    if engine is None:
        return ErrorInfo(kind, kind, text, task=task)
    return ErrorInfo(
        kind, kind, text, "", engine.id, engine.uuid, task=task, host=engine.host
    )


def reason_of(outcome: Outcome) -> str:
    """What an engine said in the outcome of a task that it refused; short."""
    try:
        return _decode(outcome.payload).evalue[:REASON]
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def aborted(task: int) -> Outcome:
    text = "taken back before it started"
    return _end(Status.ABORTED, task, _info("TaskAborted", text, task))


def timed_out(task: int, timeout: float | None) -> Outcome:
    text = f"not started within its timeout of {timeout:g} s"
    return _end(Status.TIMEOUT, task, _info("TaskTimeout", text, task))


def lost(task: int, engine: Engine, cause: str) -> Outcome:
    where = f" on {engine.host}" if engine.host else ""
    text = f"engine {engine.id}{where} ended: {cause}"
    return _end(Status.LOST, task, _info("EngineError", text, task, engine))


def absent(task: int, engine: int) -> Outcome:
    """It was addressed to an engine that is not there."""
    text = f"there is no engine {engine}: it has ended or never was"
    info = ErrorInfo("EngineError", "EngineError", text, engine=engine, task=task)
    return _end(Status.LOST, task, info)


def impossible(task: int, text: str) -> Outcome:
    info = _info("ImpossibleDependency", text, task)
    return _end(Status.IMPOSSIBLE, task, info)


def invalid(task: int, text: str) -> Outcome:
    return _end(Status.IMPOSSIBLE, task, _info("InvalidDependency", text, task))


def nowhere(task: int, text: str) -> Outcome:
    return _end(Status.IMPOSSIBLE, task, _info("NoEnginesRegistered", text, task))
