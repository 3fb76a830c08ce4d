"""`jupyter_kernel_test`, with every optional check filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

kernel_test = pytest.importorskip("jupyter_kernel_test")


@pytest.mark.usefixtures("folders")
class TestProtocol(kernel_test.KernelTests):  # type: ignore[misc,name-defined]  # imported only where it is
    """The test kit calls these its samples."""

    kernel_name = "ipshell-test"
    language_name = "python"
    file_extension = ".py"

    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('test', file=sys.stderr)"
    completion_samples: ClassVar[list[Any]] = [
        {"text": "zi", "matches": {"zip"}},
        {"text": "import zipim", "matches": {"zipimport"}},
        {"text": "'a'.isascii().bit_le", "matches": {"bit_length"}},
    ]
    complete_code_samples: ClassVar[list[Any]] = [
        "1",
        "print('hello, world')",
        "def f(x):\n  return x*2\n\n\n",
        "%timeit 1",
        "!ls",
    ]
    incomplete_code_samples: ClassVar[list[Any]] = [
        "print('''hello",
        "def f(x):\n  x*2",
        "for i in range(3):",
        "%%timeit",
    ]
    invalid_code_samples: ClassVar[list[Any]] = ["import = 7q", "1 +* 2"]
    code_page_something = "%page zip"
    code_generate_error = "raise ValueError('on purpose')"
    code_execute_result: ClassVar[list[Any]] = [
        {"code": "1+2+3", "result": "6"},
        {"code": "[n*n for n in range(1, 4)]", "result": "[1, 4, 9]"},
        {
            "code": "from IPython.display import HTML\nHTML('<b>bold</b>')",
            "result": "<b>bold</b>",
            "mime": "text/html",
        },
    ]
    code_display_data: ClassVar[list[Any]] = [
        {
            "code": "from IPython.display import HTML\ndisplay(HTML('<b>b</b>'))",
            "mime": "text/html",
        },
        {
            "code": "from IPython.display import Math\ndisplay(Math('\\\\pi'))",
            "mime": "text/latex",
        },
        {
            "code": "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()",
            "mime": "image/png",
        },
    ]
    code_history_pattern = "1?2*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "zip"
    code_clear_output = "from IPython.display import clear_output\nclear_output()"


def test_every_optional_check_is_filled_in(folders: Path) -> None:
    kit = kernel_test.KernelTests

    empty = [
        name
        for name, value in vars(kit).items()
        if not name.startswith("_")
        and not value
        and not getattr(TestProtocol, name, None)
    ]

    assert empty == []
