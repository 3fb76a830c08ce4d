"""Modules and their names in `import` statements; nothing is imported for it.

What is loaded already is asked; of other modules the source is read for the names that
it defines. Which modules a folder of `sys.path` has is known until the folder changes.
"""

from __future__ import annotations

import os
import sys

from ipcluster.engines.interpreter.completion import attributes as a
from ipcluster.engines.interpreter.completion.matching import select
from ipcluster.engines.interpreter.completion.results import SimpleCompletion
from ipcluster.engines.interpreter.completion.scanning import CODE, NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import ModuleType

    from ipcluster.engines.interpreter.completion.completer import IPCompleter
    from ipcluster.engines.interpreter.completion.results import (
        CompletionContext,
        MatcherResult,
    )
    from ipcluster.engines.interpreter.completion.scanning import Place, Token

# A longer source is not read for its names.
SOURCE_AT_MOST = 2_000_000

_folders: dict[str, tuple[float, frozenset[str]]] = {}


def import_matches(
    completer: IPCompleter, context: CompletionContext
) -> MatcherResult | None:
    """Modules, and names of modules, where an import statement wants them."""
    place = completer.place_of(context)
    statement = _statement(place)
    if statement is None:
        return None
    found = _wanted(statement, place)
    names = select(found, place.fragment, fuzzy=completer.fuzzy) if found else []
    kind = "module"
    return {
        "completions": [
            SimpleCompletion(name, type=found.get(name) or kind) for name in names
        ],
        "matched_fragment": place.fragment,
        "ordered": True,
        "suppress": True,
    }


def is_import(place: Place) -> bool:
    """Whether an import statement is being typed."""
    return _statement(place) is not None


def _statement(place: Place) -> list[Token] | None:
    """The tokens of the import statement before the typed name; None: there is none."""
    if place.kind != CODE:
        return None
    tokens = place.tokens[place.first : place.before_fragment()]
    for number in range(len(tokens) - 1, -1, -1):
        token = tokens[number]
        if token.text == "from" or (
            token.text == "import"
            and not any(one.text == "from" for one in tokens[:number])
        ):
            if number and tokens[number - 1].text != ":":
                return None  # `yield from`, `raise ... from`
            return tokens[number:]
        if token.kind != NAME and token.text not in (".", "...", ",", "(", "*"):
            return None
    return None


def _wanted(statement: list[Token], place: Place) -> dict[str, str]:
    """What may stand behind the tokens of an import statement, with its kind."""
    texts = [token.text for token in statement]
    if texts[0] == "import":
        part = (
            texts[len(texts) - texts[::-1].index(",") :] if "," in texts else texts[1:]
        )
        if part and part[-1] != ".":
            return {} if "as" in part else {"as": "keyword"}
        return modules_below("".join(part[:-1]), place)
    if "import" not in texts:
        path = texts[1:]
        if path and path[-1] not in (".", "..."):
            return {"import": "keyword"}
        dotted = "".join(path)
        if not dotted.strip("."):  # `from .`
            return modules_below(dotted, place)
        return modules_below(dotted.rpartition(".")[0], place)
    at = texts.index("import")
    after = [text for text in texts[at + 1 :] if text != "("]
    if after and after[-1] != ",":
        return {} if after[-1] == "as" or "as" in after[-2:] else {"as": "keyword"}
    module = "".join(texts[1:at])
    taken = set(after)
    names = names_of_module(absolute(module, place), place)
    return {name: kind for name, kind in names.items() if name not in taken}


def absolute(module: str, _place: Place) -> str:
    """The full name of a module that is named relative to the session's package."""
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        return module
    package = str(vars(sys.modules.get("__main__", sys)).get("__package__") or "")
    parts = package.split(".") if package else []
    kept = parts[: len(parts) - dots + 1]
    return ".".join([*kept, *filter(None, [module[dots:]])])


# --- modules --------------------------------------------------------------------------


def modules_below(dotted: str, place: Place) -> dict[str, str]:
    """Names of modules: at the top, or in a package."""
    full = absolute(dotted, place)
    if not full:
        return {} if dotted else dict.fromkeys(top_modules(), "module")
    names = set(submodules(full))
    start = f"{full}."
    for loaded in list(sys.modules):
        if loaded.startswith(start):
            names.add(loaded[len(start) :].partition(".")[0])
    return dict.fromkeys(names, "module")


def top_modules() -> set[str]:
    """All modules that `import` could find."""
    names = set(sys.builtin_module_names) | set(sys.stdlib_module_names)
    for folder in sys.path:
        names |= modules_in(folder or os.curdir)
    return {name for name in names if not name.startswith("__")}


def submodules(package: str) -> Iterable[str]:
    """The modules in a package."""
    for folder in _folders_of(package):
        yield from modules_in(folder)


def _folders_of(package: str) -> list[str]:
    """Where a package's modules are; it need not be loaded."""
    module = sys.modules.get(package)
    if module is not None:
        path = a.own_dict(module).get("__path__", ())
        try:
            return [str(folder) for folder in path]
        except Exception:  # a namespace package whose parent is gone
            return []
    parent, _, name = package.rpartition(".")
    above = _folders_of(parent) if parent else sys.path
    found = [os.path.join(folder or os.curdir, name) for folder in above]
    return [folder for folder in found if os.path.isdir(folder)]


def modules_in(folder: str) -> frozenset[str]:
    """The modules and packages in a folder, or in an archive."""
    try:
        changed = os.stat(folder).st_mtime
    except OSError:
        return frozenset()
    known = _folders.get(folder)
    if known is not None and known[0] == changed:
        return known[1]
    names = _read_folder(folder) if os.path.isdir(folder) else _read_archive(folder)
    _folders[folder] = changed, names
    return names


def _read_folder(folder: str) -> frozenset[str]:
    from importlib.machinery import all_suffixes

    suffixes = tuple(sorted(all_suffixes(), key=len, reverse=True))
    names = set()
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return frozenset()
    for entry in entries:
        name = entry.name
        for suffix in suffixes:
            if name.endswith(suffix):
                name = name[: -len(suffix)]
                break
        else:
            if "." in name or name == "__pycache__" or not entry.is_dir():
                continue
        if name.isidentifier() and name != "__init__":
            names.add(name)
    return frozenset(names)


def _read_archive(path: str) -> frozenset[str]:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            files = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return frozenset()
    tops = {name.partition("/")[0].partition(".")[0] for name in files}
    return frozenset(name for name in tops if name.isidentifier())


# --- names in modules -----------------------------------------------------------------


def names_of_module(module: str, place: Place) -> dict[str, str]:
    """What `from module import` may name, with its kind."""
    if not module:
        return {}
    found: dict[str, str] = {}
    loaded = sys.modules.get(module)
    if loaded is None and module.partition(".")[0] in sys.stdlib_module_names:
        loaded = _stdlib_extension(module)
    if loaded is not None:
        own = a.own_dict(loaded)
        for name in a.attribute_names(loaded):
            found[name] = a.type_name(own[name]) if name in own else "instance"
    else:
        found.update(_names_in_source(module))
    for name, kind in modules_below(module, place).items():
        found.setdefault(name, kind)
    return {name: kind for name, kind in found.items() if not name.startswith("__")}


def _stdlib_extension(module: str) -> ModuleType | None:
    """A module of Python's own that is no source: importing it does nothing else."""
    from importlib import import_module
    from importlib.util import find_spec

    try:
        spec = find_spec(module) if "." not in module else None
        origin = spec.origin if spec is not None else None
        if origin is not None and not origin.endswith(".py"):
            return import_module(module)
    except Exception:
        pass
    return None


def _names_in_source(module: str) -> dict[str, str]:
    """Names that a module's source defines at its top."""
    parent, _, name = module.rpartition(".")
    for folder in _folders_of(parent) if parent else sys.path:
        base = os.path.join(folder or os.curdir, name)
        for path in (os.path.join(base, "__init__.py"), f"{base}.py"):
            try:
                if os.path.getsize(path) > SOURCE_AT_MOST:
                    return {}
                with open(path, "rb") as file:
                    return _defined_names(file.read())
            except (OSError, SyntaxError, ValueError, RecursionError):
                continue
    return {}


def _defined_names(source: bytes) -> dict[str, str]:
    import ast

    from ipcluster.engines.interpreter.completion.parsing import parse

    found: dict[str, str] = {}
    for node in _top_statements(parse(source).body):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found[name] = "function"
            case ast.ClassDef(name=name):
                found[name] = "class"
            case ast.Import(names=aliases):
                for alias in aliases:
                    name = alias.asname or alias.name.partition(".")[0]
                    found[name] = "module"
            case ast.ImportFrom(names=aliases):
                for alias in aliases:
                    found[alias.asname or alias.name] = "instance"
            case ast.Assign() | ast.AnnAssign():
                found.update(_assigned_names(node))
    found.pop("*", None)
    return found


def _assigned_names(node: ast.Assign | ast.AnnAssign) -> dict[str, str]:
    import ast

    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    found: dict[str, str] = {}
    for target in targets:
        for part in ast.walk(target):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                found[part.id] = "instance"
    if "__all__" in found and isinstance(node.value, ast.List | ast.Tuple):
        for element in node.value.elts:
            if isinstance(element, ast.Constant) and isinstance(element.value, str):
                found.setdefault(element.value, "instance")
    return found


def _top_statements(body: list[ast.stmt]) -> Iterable[ast.stmt]:
    """Statements at the top of a module, those under `if` and `try` too."""
    import ast

    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With):
            yield from _top_statements(node.body)
            yield from _top_statements(getattr(node, "orelse", []))
            for handler in getattr(node, "handlers", []):
                yield from _top_statements(handler.body)


if TYPE_CHECKING:
    import ast
