"""Runs cells in a kernel, by Jupyter's own client: JSON in, JSON out.

A cell that begins with `comm_msg ` is a message to a widget: the rest is JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PATIENCE = 60


def main() -> None:
    from jupyter_client import BlockingKernelClient

    cells = json.load(sys.stdin)
    file = Path.cwd() / "kernel.json"
    kernel = subprocess.Popen(
        [sys.executable, "-m", "ipcluster.shell.kernel.app", "-f", str(file)],
        stdin=subprocess.DEVNULL,
    )
    while not file.exists():
        assert kernel.poll() is None
        time.sleep(0.01)
    client = BlockingKernelClient(connection_file=str(file))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(PATIENCE)
    try:
        found = [run(client, cell) for cell in cells]
    finally:
        client.shutdown()
        client.stop_channels()
        kernel.wait(PATIENCE)
    print(json.dumps(found))


def run(client: Any, cell: str) -> dict[str, Any]:
    if cell.startswith("comm_msg "):
        content = json.loads(cell.partition(" ")[2])
        message = client.session.msg("comm_msg", content)
        client.shell_channel.send(message)
        request = message["header"]["msg_id"]
    else:
        request = client.execute(cell)
    texts = {"stdout": "", "stderr": ""}
    error: str | None = None
    bundles: list[Any] = []
    messages: list[Any] = []
    while True:
        message = client.get_iopub_msg(timeout=PATIENCE)
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        messages.append([kind, content])
        if kind == "stream":
            texts[content["name"]] += content["text"]
        elif kind in ("display_data", "execute_result"):
            bundles.append(content["data"])
        elif kind == "error":
            error = f"{content['ename']}: {content['evalue']}"
        elif kind == "status" and content["execution_state"] == "idle":
            break
    return {
        "out": texts["stdout"],
        "err": texts["stderr"],
        "error": error,
        "bundles": bundles,
        "messages": messages,
    }


if __name__ == "__main__":
    main()
