"""Messages of the Jupyter protocol as events of an interpreter. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ipcluster.engines.interpreter import events as e
from ipcluster.shell.console.remote import Text

if TYPE_CHECKING:
    from ipcluster.engines.interpreter.events import Event


def event_of(msg_type: str, content: dict[str, Any]) -> Event | Text | None:
    """What a message on iopub shows; None: nothing that a terminal could."""
    match msg_type:
        case "stream":
            stream = "stderr" if content.get("name") == "stderr" else "stdout"
            return Text(stream, str(content.get("text", "")))
        case "execute_input":
            return e.Input(str(content.get("code", "")), _count(content))
        case "execute_result":
            return e.Result(_count(content), _data(content), _metadata(content))
        case "display_data" | "update_display_data":
            return e.Display(
                _data(content),
                _metadata(content),
                content.get("transient") or {},
                msg_type == "update_display_data",
            )
        case "clear_output":
            return e.Clear(bool(content.get("wait")))
        case "error":
            lines = [str(line) for line in content.get("traceback") or ()]
            ename, evalue = str(content.get("ename")), str(content.get("evalue"))
            return e.Error(ename, evalue, lines or [f"{ename}: {evalue}"])
    return None


def events_of_reply(content: dict[str, Any]) -> list[Event]:
    """What the reply to a cell asks of whoever typed it ("Payloads")."""
    found: list[Event] = []
    for payload in content.get("payload") or ():
        match payload.get("source"):
            case "page":
                found.append(e.Page(_data(payload), int(payload.get("start") or 0)))
            case "set_next_input":
                text = str(payload.get("text", ""))
                found.append(e.NextInput(text, bool(payload.get("replace"))))
            case "edit_magic":
                line = payload.get("line_number")
                found.append(e.EditMagic(str(payload.get("filename")), line))
            case "ask_exit":
                found.append(e.ExitWanted(bool(payload.get("keepkernel"))))
    return found


def _count(content: dict[str, Any]) -> int:
    count = content.get("execution_count")
    return count if isinstance(count, int) else 0


def _data(content: dict[str, Any]) -> dict[str, Any]:
    data = content.get("data")
    return data if isinstance(data, dict) else {}


def _metadata(content: dict[str, Any]) -> dict[str, Any]:
    metadata = content.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
