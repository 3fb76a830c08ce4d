"""This session's inputs: lists, names, and what is asked of them."""

from __future__ import annotations

from typing import Any

import pytest

from ipcluster.engines.interpreter import events as e
from ipcluster.engines.interpreter.shell import InteractiveShell


def run(shell: InteractiveShell, *cells: str) -> None:
    for cell in cells:
        shell.run_cell(cell, store_history=True)


def texts(entries: Any) -> list[Any]:
    return [one[2] for one in entries]


def test_the_lists_are_the_same_objects_all_session_long(
    shell: InteractiveShell,
) -> None:
    names = ("In", "Out", "_ih", "_oh", "_dh")
    before = {name: shell.user_ns[name] for name in names}

    run(shell, "1", "x = 2", "In, Out")
    shell.history_manager.reset()
    run(shell, "3")

    assert all(shell.user_ns[name] is before[name] for name in names)
    assert before["In"] == ["", "", "", "", "3"]
    assert before["Out"] == {4: 3}


def test_inputs_have_names(shell: InteractiveShell) -> None:
    run(shell, "a = 1", "b = 2", "c = 3", "seen = [_i, _ii, _iii, _i1, _i4]")

    assert shell.user_ns["seen"] == [
        "c = 3",
        "b = 2",
        "a = 1",
        "a = 1",
        "seen = [_i, _ii, _iii, _i1, _i4]",
    ]
    assert shell.user_ns["In"][3] == "c = 3"


def test_in_has_the_python_that_was_run_and_i_what_was_typed(
    shell: InteractiveShell,
) -> None:
    shell.input_transformers_post.append(
        lambda lines: [line.replace("drei", "3") for line in lines]
    )

    run(shell, "a = drei")

    assert shell.user_ns["In"][1] == "a = 3"
    assert shell.user_ns["_i1"] == "a = drei"
    assert texts(shell.history_manager.get_range()) == ["a = drei"]
    assert texts(shell.history_manager.get_range(raw=False)) == ["a = 3"]


def test_what_is_not_to_be_stored_is_not(shell: InteractiveShell) -> None:
    shell.run_cell("a = 1", store_history=False)
    shell.run_cell("b = 1", store_history=True, silent=True)
    run(shell, "c = 1")

    assert shell.history_request("tail", n=5) == [(1, 1, "c = 1")]


def test_a_cell_within_a_cell_has_a_number_of_its_own(shell: InteractiveShell) -> None:
    run(shell, "get_ipython().run_cell('inner = 1', store_history=True)", "x = 1")

    assert shell.user_ns["In"][2] == "inner = 1"
    assert [one[1] for one in shell.history_manager.get_range()] == [1, 2, 3]


def test_numbers_that_jump_leave_a_gap(shell: InteractiveShell) -> None:
    run(shell, "1")
    shell.execution_count = 5
    run(shell, "5")

    assert shell.user_ns["In"] == ["", "1", "", "", "", "5"]


def test_ranges_count_from_the_end_too(shell: InteractiveShell) -> None:
    run(shell, "1", "2", "3", "4")
    manager = shell.history_manager

    assert texts(manager.get_range(0, -2)) == ["3", "4"]
    assert texts(manager.get_range(0, 1, -1)) == ["1", "2", "3"]
    assert texts(manager.get_range(0, 2, 3)) == ["2"]
    assert texts(manager.get_range_by_str("3 1-2")) == ["3", "1", "2"]


def test_outputs_come_with_their_inputs(shell: InteractiveShell) -> None:
    run(shell, "a = 5", "a + 1")

    assert shell.history_request("range", output=True) == [
        (0, 1, ("a = 5", None)),
        (0, 2, ("a + 1", "6")),
    ]


def test_the_tail_leaves_out_the_cell_that_asks(shell: InteractiveShell) -> None:
    run(shell, "1", "2", "3")
    manager = shell.history_manager

    assert texts(manager.get_tail(2)) == ["1", "2"]
    assert texts(manager.get_tail(2, include_latest=True)) == ["2", "3"]
    assert texts(manager.get_tail(None, include_latest=True)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*", ["alpha = 1", "beta = 2", "alpha = 1"]),
        ("al*", ["alpha = 1", "alpha = 1"]),
        ("*[2]", ["beta = 2"]),
        ("*[^1]", ["beta = 2"]),
        ("alpha", []),
        ("?eta*", ["beta = 2"]),
        ("AL*", []),
    ],
)
def test_globs_find_inputs(
    shell: InteractiveShell, pattern: str, found: list[str]
) -> None:
    run(shell, "alpha = 1", "beta = 2", "alpha = 1")

    assert texts(shell.history_manager.search(pattern)) == found


def test_of_equal_inputs_the_last_is_enough(shell: InteractiveShell) -> None:
    run(shell, "a = 1", "b = 2", "a = 1")

    found = list(shell.history_manager.search(unique=True))

    assert [(line, text) for _, line, text in found] == [(2, "b = 2"), (3, "a = 1")]
    assert texts(shell.history_manager.search(n=1)) == ["a = 1"]


def test_how_cells_ran_is_known(shell: InteractiveShell) -> None:
    from ipcluster.engines.interpreter.history.searching import Wanted

    run(shell, "1", "1/0", "raise SystemExit", "for")
    cells = shell.history_manager.find(Wanted())

    assert [cell.error for cell in cells] == [
        "",
        "ZeroDivisionError",
        "SystemExit",
        "SyntaxError",
    ]
    assert [cell.status for cell in cells] == ["ok", "failed", "failed", "failed"]
    assert all((cell.duration or 0) > 0 for cell in cells)


def test_a_command_that_fails_is_a_failure(shell: InteractiveShell) -> None:
    from ipcluster.engines.interpreter.history.searching import Wanted

    run(shell, "get_ipython().system('exit 3')", "get_ipython().system('true')")
    first, second = shell.history_manager.find(Wanted())

    assert (first.status, first.exit_code, first.error) == ("failed", 3, "")
    assert (second.status, second.exit_code) == ("ok", 0)


def test_outputs_are_kept_as_they_were_shown(shell: InteractiveShell) -> None:
    run(
        shell,
        "a = [1]; a",
        "a.append(2)",
        "1/0",
        "display(3); display(4); 5",
    )
    outputs = shell.history_manager.outputs

    assert [one.output_type for one in outputs[4]] == [
        "display_data",
        "display_data",
        "execute_result",
    ]
    assert outputs[1][0].bundle["text/plain"] == "[1]"
    assert outputs[2] == []
    assert outputs[3][0].bundle["ename"] == "ZeroDivisionError"


def test_an_update_changes_what_was_shown_and_a_clear_forgets_it(
    shell: InteractiveShell,
) -> None:
    outputs = shell.history_manager.outputs
    for event in (
        e.Display({"text/plain": "1"}, {}, {"display_id": "x"}),
        e.Display({"text/plain": "2"}, {}, {"display_id": "x"}, True),
    ):
        outputs.note(1, event)
    outputs.note(2, e.Display({"text/plain": "3"}, {}))
    outputs.note(2, e.Clear(False))

    assert [one.bundle for one in outputs[1]] == [{"text/plain": "2"}]
    assert outputs[2] == []


def test_outputs_do_not_fill_the_memory(
    shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipcluster.engines.interpreter.history import outputs as module

    monkeypatch.setattr(module, "MOST", 3000)
    outputs = module.Outputs()
    for line in range(10):
        outputs.note(line, e.Result(line, {"text/plain": "x" * 1000}, {}))

    assert sorted(outputs) == [8, 9]


def test_a_shell_without_a_profile_keeps_nothing(
    shell: InteractiveShell, tmp_path: Any
) -> None:
    run(shell, "1")
    manager = shell.history_manager

    assert manager.hist_file == ":memory:"
    assert manager.db is None
    assert manager.session_number == 1
    assert manager.get_session_info()[0] == 1
    assert not list(tmp_path.rglob("*.sqlite"))


def test_the_profiles_folder_says_where_the_file_is(
    shell: InteractiveShell, tmp_path: Any
) -> None:
    from ipcluster.engines.interpreter.configuration.profiles import ProfileDir

    shell.profile_dir = ProfileDir(str(tmp_path / "mine"))
    run(shell, "1")

    assert shell.history_manager.session_number == 1
    assert (tmp_path / "mine" / "history.sqlite").exists()
