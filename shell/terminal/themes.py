"""Themes of the terminal: what prompts and code look like.

The colours of code are the interpreter's (`engines/interpreter/colours.py`), so what is
typed looks as it does in a traceback; prompts are added to them here. Both are numbers
of ANSI sequences: before the line editor is loaded, a prompt is drawn from the same
table, so nothing flickers when it comes. The line editor wants them in words.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_PROMPTS = {
    "neutral": ("32", "92;1", "31", "91;1"),
    "linux": ("32", "92;1", "31", "91;1"),
    "lightbg": ("34", "94;1", "31", "91;1"),
    "pride": ("38;5;208", "38;5;197;1", "38;5;34", "38;5;135;1"),
    "gruvbox-dark": ("38;5;142", "38;5;214;1", "38;5;167", "38;5;208;1"),
}
_TOKENS = ("Prompt", "PromptNum", "OutPrompt", "OutPromptNum")

_COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "gray")
_WORDS = {"bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7"}


class Theme:
    """The looks of tokens, by their names; what has none looks as its parent does."""

    def __init__(self, name: str, overrides: Mapping[Any, str] | None = None) -> None:
        self.name = name.lower()
        self.prompts: dict[str, str] = {}
        if self.name != "nocolor":
            looks = _PROMPTS.get(self.name, _PROMPTS["neutral"])
            self.prompts = dict(zip(_TOKENS, looks, strict=True))
            for token, style in (overrides or {}).items():
                self.prompts[dotted(token)] = codes_of(style)

    @property
    def codes(self) -> dict[str, str]:
        """Of code and of prompts."""
        from ipcluster.engines.interpreter.colours import THEMES

        theme = THEMES.get(self.name, THEMES["neutral"])
        return {**theme.codes, **self.prompts} if self.prompts else {}

    def coloured(self, fragments: Iterable[tuple[Any, str]]) -> str:
        """The texts of a prompt, with their colours."""
        parts = []
        for token, text in fragments:
            codes = self._codes_of(token) if text else ""
            parts.append(f"\x1b[{codes}m{text}\x1b[0m" if codes else text)
        return "".join(parts)

    def _codes_of(self, token: Any) -> str:
        name = dotted(token)
        while name:
            if name in self.prompts:
                return self.prompts[name]
            name = name.rpartition(".")[0]
        return ""


def dotted(token: Any) -> str:
    """`Prompt.Mode` of a token, or of its name."""
    return str(token).removeprefix("Token.").removeprefix("Token")


# --- in words and in numbers ----------------------------------------------------------


def codes_of(style: str) -> str:
    """The numbers of a style in the words of pygments: `bold #ff8700 bg:ansiblack`."""
    found = []
    for word in style.split():
        if word in _WORDS:
            found.append(_WORDS[word])
        elif word.startswith("bg:"):
            found.append(_number(word[3:], 10))
        elif not word.startswith(("no", "border:")):
            found.append(_number(word, 0))
    return ";".join(filter(None, found))


def _number(word: str, offset: int) -> str:
    """A colour's numbers; `offset` 10 for one that lies behind the letters."""
    name = word.removeprefix("#")
    if name == "ansiwhite":
        return str(97 + offset)
    base = 90 if name.startswith("ansibright") else 30
    plain = name.removeprefix("ansi").removeprefix("bright")
    if name.startswith("ansi") and plain in _COLOURS:
        return str(base + _COLOURS.index(plain) + offset)
    if len(name) == 3:
        name = "".join(2 * letter for letter in name)
    try:
        number = int(name, 16)
    except ValueError:
        return ""
    red, green, blue = number >> 16, number >> 8 & 255, number & 255
    return f"{38 + offset};2;{red};{green};{blue}"


def words_of(codes: str) -> str:
    """The words of numbers, for the line editor: the other way round."""
    found = []
    left = codes.split(";") if codes else []
    while left:
        code = int(left.pop(0) or 0)
        behind = "bg:" if code in (48, *range(40, 48), *range(100, 108)) else ""
        if code in (38, 48) and left[:1] == ["5"]:
            found.append(f"{behind}#{_palette(int(left[1])):06x}")
            del left[:2]
        elif code in (38, 48) and left[:1] == ["2"]:
            red, green, blue = (int(one) for one in left[1:4])
            found.append(f"{behind}#{red << 16 | green << 8 | blue:06x}")
            del left[:4]
        elif code >= 30:
            bright = "bright" if code >= 90 else ""
            name = f"ansi{bright}{_COLOURS[code % 10]}"
            found.append(behind + name.replace("ansibrightgray", "ansiwhite"))
        else:
            found += [word for word, number in _WORDS.items() if int(number) == code]
    return " ".join(found)


# Shares of red, green and blue in a terminal's cube of 6 by 6 by 6 colours.
_STEPS = (0, 95, 135, 175, 215, 255)


def _palette(number: int) -> int:
    """One of a terminal's 256 colours, from the 16th on, as red, green and blue."""
    if number >= 232:
        return (8 + 10 * (number - 232)) * 0x010101
    number = max(number - 16, 0)
    red, green, blue = number // 36, number // 6 % 6, number % 6
    return _STEPS[red] << 16 | _STEPS[green] << 8 | _STEPS[blue]
