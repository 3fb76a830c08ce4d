"""Cells on engines of a running cluster, side by side with its tasks."""

from __future__ import annotations

import os
import queue
import threading
from typing import Any

import pytest

from ipcluster import Client
from ipcluster.client.conversation import CellResult
from ipcluster.wire.codec import pack_body
from ipcluster.wire.messages import Aside, Typed

pytestmark = pytest.mark.cluster


class Screen:
    """What a conversation has shown, as its thread is told."""

    def __init__(self) -> None:
        self.events: queue.Queue[list[Any]] = queue.Queue()

    def __call__(self, result: CellResult, event: list[Any]) -> None:
        self.events.put(event)

    def next(self, kind: str) -> list[Any]:
        while True:
            event = self.events.get(timeout=20)
            if event[0] == kind:
                return event


def test_a_cell_sees_what_tasks_left_and_leaves_names_for_them(rc: Client) -> None:
    rc[0]["a"] = 5
    talk = rc[0].converse()

    reply = talk.run_cell("b = a + 1; b").get(timeout=20)

    assert reply["status"] == "ok"
    assert (
        talk.run_cell("").get(timeout=20)["execution_count"]
        == (reply["execution_count"])
    )
    assert rc[0]["b"] == 6
    assert rc[0].apply_sync(lambda: b) == 6  # type: ignore[name-defined]  # noqa: F821  (a name there)


def test_what_a_cell_shows_comes_in_order_while_it_runs(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)

    done = talk.run_cell("print('one'); display(2); print('three'); 4")
    done.get(timeout=20)

    kinds = [screen.events.get(timeout=20) for _ in range(screen.events.qsize())]
    assert [event[0] for event in kinds] == [
        "input",
        "stream",
        "display",
        "stream",
        "result",
    ]
    assert kinds[1] == ["stream", "stdout", "one\n"]
    assert kinds[4][2] == {"text/plain": "4"}
    assert done.events[1][1] == {"text/plain": "2"}


def test_an_error_in_a_cell_is_an_event_and_in_its_reply(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)

    reply = talk.run_cell("1/0").get(timeout=20)

    assert (reply["status"], reply["ename"]) == ("error", "ZeroDivisionError")
    assert screen.next("error")[1] == "ZeroDivisionError"
    following = talk.run_cell("7").get(timeout=20)
    assert following["execution_count"] == reply["execution_count"] + 1


def test_a_cell_asks_for_input_and_gets_it(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    code = "from getpass import getpass; x = input('name? ') + getpass('word? ')"

    done = talk.run_cell(code, allow_stdin=True)
    assert screen.next("input_wanted") == ["input_wanted", "name? ", False]
    talk.answer(done, "ada")
    assert screen.next("input_wanted") == ["input_wanted", "word? ", True]
    talk.answer(done, "byron")

    assert done.get(timeout=20)["status"] == "ok"
    assert rc[0]["x"] == "adabyron"


def test_a_line_of_the_debuggers_can_be_completed_while_it_waits(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    talk.run_cell("whatever = 5; 1 / 0").get(timeout=20)

    done = talk.run_cell("%debug", allow_stdin=True)
    wanted = screen.next("input_wanted")
    talk.ask_candidates(done, "p whate", 7)
    found = screen.next("candidates")
    talk.answer(done, "q")

    assert wanted[3] is True
    assert found == ["candidates", "p whate", 7, 2, ["whatever"]]
    done.get(timeout=20)


def test_an_aside_is_about_ones_own_task_alone(rc: Client, shared: Any) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    done = talk.run_cell("input('who? ')", allow_stdin=True)
    screen.next("input_wanted")

    with shared.connect_client_sync() as other:
        task = done._calls[0].task
        other.connection.post(Aside(0, task, pack_body(["tab", "", 0]), 1))
        other.queue_status()  # it is answered after that
    talk.answer(done, "ada")

    done.get(timeout=20)
    assert not [event for event in done.events if event[0] == "candidates"]


COMMS = """
import comm
heard = []
def opened(one, message):
    one.on_msg(lambda m: one.send({"n": m["content"]["data"]["n"] + 1}))
    one.on_close(lambda m: heard.append(m["content"]["comm_id"]))
comm.get_comm_manager().register_target("count", opened)
"""


def test_comms_are_talked_to_from_python(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    talk.run_cell(COMMS).get(timeout=20)
    opening = {"comm_id": "one", "target_name": "count", "data": {}}
    talk.send_comm("comm_open", opening).get(timeout=20)

    talk.send_comm("comm_msg", {"comm_id": "one", "data": {"n": 1}}).get(timeout=20)
    told = screen.next("comm")
    known = talk.comm_info("count")
    talk.close()

    assert told[1:3] == ["comm_msg", {"data": {"n": 2}, "comm_id": "one"}]
    assert known == {"one": {"target_name": "count"}}
    assert rc[0].converse().comm_info("count") == {}
    assert rc[0]["heard"] == ["one"]


def test_what_json_does_not_know_travels_in_comms_as_plain_values(rc: Client) -> None:
    np = pytest.importorskip("numpy")
    screen = Screen()
    code = (
        "import comm, datetime, numpy as np\n"
        "comm.create_comm(target_name='t', data={'i': np.int64(5),"
        " 'f': np.float32(0.5), 'g': np.float64(2.5), 'b': np.bool_(True),"
        " 'a': np.arange(3), 'd': datetime.date(2020, 1, 2)},"
        " buffers=[np.arange(2, dtype='u1')]).close()"
    )

    rc[0].converse(screen).run_cell(code).get(timeout=20)

    told = screen.next("comm")
    assert told[2]["data"] == {
        "i": 5,
        "f": 0.5,
        "g": 2.5,
        "b": True,
        "a": [0, 1, 2],
        "d": "2020-01-02",
    }
    assert told[4] == [np.arange(2, dtype="u1").tobytes()]


def test_a_message_of_a_comms_that_is_too_large_is_an_error_where_it_is_sent(
    rc: Client,
) -> None:
    talk = rc[0].converse()

    reply = talk.run_cell(
        "import comm; one = comm.create_comm(target_name='t', data={})\n"
        "one.send({}, buffers=[bytes(50 << 20)])"
    ).get(timeout=20)

    assert (reply["status"], reply["ename"]) == ("error", "ValueError")
    assert "too large" in reply["evalue"]
    talk.run_cell("one.close()").get(timeout=20)


def test_an_engine_pays_nothing_for_comms_and_debugger_that_nobody_uses(
    rc: Client,
) -> None:
    talk = rc[1].converse()
    talk.run_cell("1").get(timeout=20)

    reply = talk.run_cell(
        "import sys, threading\n"
        "wanted = ['comm', 'ipcluster.engines.debugging', 'debugpy', 'zmq']\n"
        "[m for m in wanted if m in sys.modules], threading.active_count()",
        user_expressions={"found": "_"},
    ).get(timeout=20)

    assert reply["user_expressions"]["found"]["data"]["text/plain"].startswith("([],")


def test_where_nobody_can_type_input_says_so(rc: Client) -> None:
    reply = rc[0].converse().run_cell("input()").get(timeout=20)

    assert reply["ename"] == "StdinNotAvailable"


def test_a_cell_that_waits_for_input_can_be_interrupted(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    done = talk.run_cell("input('forever? ')", allow_stdin=True)
    screen.next("input_wanted")

    done.cancel()

    assert done.get(timeout=20)["ename"] == "KeyboardInterrupt"
    assert rc[0].apply_sync(int, "7") == 7


def test_a_person_who_goes_away_ends_the_input(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    done = talk.run_cell("input()", allow_stdin=True)
    screen.next("input_wanted")

    talk.answer(done, None)

    assert done.get(timeout=20)["ename"] == "EOFError"


def test_a_person_whose_client_leaves_ends_the_input(rc: Client, shared: Any) -> None:
    with shared.connect_client_sync() as other:
        screen = Screen()
        code = "try: input()\nexcept EOFError: a = 4"
        other[0].converse(screen).run_cell(code, allow_stdin=True)
        screen.next("input_wanted")

    assert rc[0]["a"] == 4


def test_threads_of_a_cell_ask_as_well_while_it_runs(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    code = (
        "from threading import Thread\n"
        "lines = []\n"
        "def ask(): lines.append(input())\n"
        "one = Thread(target=ask); one.start(); one.join(); lines"
    )
    done = talk.run_cell(code, allow_stdin=True)
    screen.next("input_wanted")
    talk.answer(done, "a line")

    assert screen.next("result")[2]["text/plain"] == "['a line']"
    # One that outlives its cell is told that nobody types.
    code = code.replace("one.join(); lines", "").replace("(input", "(0); (input")
    done = talk.run_cell(code, allow_stdin=True)
    done.get(timeout=20)
    talk.run_cell("one.join()").get(timeout=20)
    assert rc[0]["lines"] == [0]


def test_a_child_of_a_cell_has_nobody_who_types(rc: Client) -> None:
    code = (
        "import os\n"
        "child = os.fork()\n"
        "if not child:\n"
        "    try: input()\n"
        "    except EOFError: os._exit(3)\n"
        "os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])"
    )
    screen = Screen()

    rc[0].converse(screen).run_cell(code, allow_stdin=True)

    assert screen.next("result")[2]["text/plain"] == "3"


def test_an_answer_is_for_one_wish_alone(rc: Client) -> None:
    screen = Screen()
    talk = rc[0].converse(screen)
    done = talk.run_cell("int(input()) - int(input())", allow_stdin=True)
    screen.next("input_wanted")
    talk.answer(done, "7")
    screen.next("input_wanted")
    task = done._calls[0].task

    rc.connection.post(Typed(task, "70", 1))
    talk.answer(done, "5")

    done.get(timeout=20)
    assert screen.next("result")[2]["text/plain"] == "2"


def test_what_cannot_travel_is_shown_as_text(rc: Client) -> None:
    screen = Screen()
    code = (
        "get_ipython().display_pub.publish({'text/plain': 'big', 'x/y': 10**30,"
        " 'a/b': {1, 2}})"
    )

    rc[0].converse(screen).run_cell(code).get(timeout=20)

    assert screen.next("display")[1]["x/y"] == str(10**30)


class Onlooker:
    """What a watching conversation is told of others' cells."""

    def __init__(self) -> None:
        self.told: queue.Queue[tuple[str, list[Any]]] = queue.Queue()

    def __call__(self, who: str, event: list[Any]) -> None:
        self.told.put((who, event))

    def take(self, count: int) -> list[tuple[str, list[Any]]]:
        return [self.told.get(timeout=20) for _ in range(count)]


def test_who_watches_sees_what_others_type_and_what_it_shows(
    rc: Client, shared: Any
) -> None:
    onlooker = Onlooker()
    with shared.connect_client_sync() as other:
        talk = other[0].converse(watch=onlooker)

        count = rc[0].converse().run_cell("print('hm'); 6 * 7").get(timeout=20)

        told = onlooker.take(3)
        talk.close()
    number = count["execution_count"]
    assert [event for _, event in told] == [
        ["input", "print('hm'); 6 * 7", number],
        ["stream", "stdout", "hm\n"],
        ["result", number, {"text/plain": "42"}, {}],
    ]
    (who,) = {who for who, _ in told}
    assert who.endswith(f":{os.getpid()}")


def test_a_watcher_is_not_told_of_its_own_cells_nor_of_other_engines(
    rc: Client, shared: Any
) -> None:
    onlooker = Onlooker()
    with shared.connect_client_sync() as other:
        talk = other[0].converse(watch=onlooker)

        talk.run_cell("'mine'").get(timeout=20)
        rc[1].converse().run_cell("'elsewhere'").get(timeout=20)
        rc[0].apply_sync(print, "a task's")
        rc[0].converse().run_cell("'theirs'").get(timeout=20)

        assert onlooker.take(1)[0][1][:2] == ["input", "'theirs'"]
        talk.close()


def test_questions_and_pages_are_for_the_typist_alone(rc: Client, shared: Any) -> None:
    onlooker, screen = Onlooker(), Screen()
    with shared.connect_client_sync() as other:
        talk = other[0].converse(watch=onlooker)
        typist = rc[0].converse(screen)

        done = typist.run_cell("int?\nname = input('who? ')\nname", allow_stdin=True)
        screen.next("input_wanted")
        typist.answer(done, "ada")
        done.get(timeout=20)

        kinds = [event[0] for _, event in onlooker.take(2)]
        talk.close()
    assert kinds == ["input", "result"]
    assert "page" in [event[0] for event in done.events]


def test_who_stops_watching_is_told_nothing_more(rc: Client, shared: Any) -> None:
    first, second = Onlooker(), Onlooker()
    with shared.connect_client_sync() as other:
        closed = other[0].converse(watch=first)
        talk = other[0].converse(watch=second)
        closed.close()

        rc[0].converse().run_cell("1").get(timeout=20)

        second.take(2)
        talk.close()
    assert first.told.empty()


def test_a_watcher_that_does_not_read_holds_up_nobody_and_is_told(
    rc: Client, shared: Any
) -> None:
    onlooker, goes_on = Onlooker(), threading.Event()

    def see(who: str, event: list[Any]) -> None:
        goes_on.wait(60)
        onlooker(who, event)

    with shared.connect_client_sync() as other:
        talk = other[0].converse(watch=see)

        # In parts of which each is read: who runs them is not left behind as well.
        mine = rc[0].converse()
        for _ in range(12):
            done = mine.run_cell("for i in range(4): print('x' * (1 << 20))")
            assert done.get(timeout=60)["status"] == "ok"
            assert len(done.stdout) > 4 << 20
        goes_on.set()

        told = onlooker.take(1)
        while told[-1][1][0] != "left_out":
            told += onlooker.take(1)
        talk.close()
    size = sum(len(event[2]) for _, event in told if event[0] == "stream")
    assert 0 < size < 40 << 20
    who, (_, count) = told[-1]
    assert (who, count > 0) == ("", True)


def test_a_conversation_is_with_one_engine(rc: Client) -> None:
    with pytest.raises(ValueError, match="with one engine"):
        rc[:].converse()
