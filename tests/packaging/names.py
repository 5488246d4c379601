"""What no import statement shows: modules named in texts, loaded by name, and names that are another module's own.

``python tests/packaging/names.py [FOLDER]`` says what is wrong with a package, by default velowidget, and fails then.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2] / "velowidget"
# Public names are loaded when they are asked for, and what a manifest names, when it is used.
LOADERS = ("__init__.py", "plugins/registry.py")
# Of other packages, whose public names do not do; the comments there say why.
FOREIGN = {"_adata_ref", "_oidx", "_vidx", "_inplace_subset_var", "_is_owned"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name != "_"


class Module:
    """One file: what it is called, what it imports from where, and which private names are its own."""

    def __init__(self, path: Path, root: Path) -> None:
        self.tree = ast.parse(path.read_text())
        self.file = path.relative_to(root).as_posix()
        parts = path.relative_to(root.parent).with_suffix("").parts
        self.name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        self.classes = [node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)]
        imports = [node for node in ast.walk(self.tree) if isinstance(node, ast.ImportFrom)]
        self.origins = {alias.asname or alias.name: node.module for node in imports for alias in node.names}
        self.own = set(self._own())

    def _own(self):
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
                yield node.attr

    def bases(self):
        """The modules of the classes that its classes are made of."""
        names = (base.id for node in self.classes for base in node.bases if isinstance(base, ast.Name))
        return {self.origins[name] for name in names if name in self.origins}


def is_self(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in ("super", "type")
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def own_names(module: Module, modules: dict[str, Module]) -> set[str]:
    """Private names that a module may use: its own, and those of the classes that its classes inherit from."""
    return module.own.union(*(own_names(modules[base], modules) for base in module.bases() if base in modules))


def violations(root: Path = ROOT):
    """What is wrong, one text each."""
    modules = {module.name: module for module in (Module(path, root) for path in sorted(root.rglob("*.py")))}
    package = re.compile(rf"{root.name}(\.\w+)*(:[\w.]+)?")
    for module in modules.values():
        may_use = own_names(module, modules) | FOREIGN
        for node in ast.walk(module.tree):
            found = None
            if isinstance(node, ast.ImportFrom):
                if node.level:
                    found = "imports relatively, which is not understood here"
                elif node.module == root.name:
                    public = [alias.name for alias in node.names if f"{root.name}.{alias.name}" not in modules]
                    found = f"takes {public[0]} from the whole package, not its module" if public else None
                elif node.module and node.module.split(".")[0] == root.name:
                    private = [alias.name for alias in node.names if is_private(alias.name)]
                    found = f"imports {private[0]}, which is {node.module}'s own" if private else None
            elif isinstance(node, ast.Import):
                whole = [alias for alias in node.names if alias.name == root.name]
                found = "imports the whole package, which imports everything" if whole else None
            elif isinstance(node, ast.Attribute) and is_private(node.attr):
                if not is_self(node.value) and node.attr not in may_use:
                    found = f"uses {node.attr}, which is another module's own"
            elif module.file not in LOADERS:
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and package.fullmatch(node.value):
                    named = node.value.split(":")[0]
                    is_module = node.value != root.name and (named in modules or named.rpartition(".")[0] in modules)
                    found = f"names the module {node.value!r} in a text" if is_module else None
                elif isinstance(node, ast.Name | ast.Attribute):
                    name = node.id if isinstance(node, ast.Name) else node.attr
                    found = f"loads by name, with {name}" if name in ("import_module", "__import__") else None
            if found:
                yield f"{root.name}/{module.file}:{node.lineno}: {found}"


if __name__ == "__main__":
    wrong = list(violations(*map(Path, sys.argv[1:2])))
    print(*wrong, sep="\n")
    sys.exit(bool(wrong))
