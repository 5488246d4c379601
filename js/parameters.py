"""The synced traits as TypeScript: ``python js/parameters.py`` writes ``js/src/state/parameters.ts``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from velowidget.pipeline.traits import TABLE
from velowidget.pipeline.values import (
    Automatic,
    Bound,
    Columns,
    Flag,
    Genes,
    Layer,
    Number,
    Real,
    Rule,
    Text,
    TextOrNone,
    Whole,
    WholeOrNone,
)

PATH = Path(__file__).parent / "src" / "state" / "parameters.ts"

_HEAD = """\
/** The parameters of `velowidget/pipeline/traits.py`; written by `python js/parameters.py`. */

/** Cells by categories or a range of a column, or by name or number; null for all, or for none. */
export type CellRule = Record<string, readonly (string | number)[]> | readonly (string | number)[] | null;

/** The velocity genes (null), a name, the best of a column, or genes by name (or one boolean for each). */
export type GeneSubset = null | string | Record<string, number> | readonly (string | boolean)[];

/** A number, a percentile such as "p99", or null for the automatic limit. */
export type Limit = number | string | null;
"""

_TYPES: dict[type[Any], str] = {
    Automatic: "number | null",
    Bound: "Limit",
    Columns: "number[]",
    Flag: "boolean",
    Genes: "GeneSubset",
    Layer: "string",
    Number: "number",
    Real: "number",
    Rule: "CellRule",
    Text: "string",
    TextOrNone: "string | null",
    Whole: "number",
    WholeOrNone: "number | null",
}


def written() -> str:
    """The file."""
    members = "\n".join(f"  {name}: {_TYPES[type(trait)]};" for name, trait in TABLE.items())
    defaults = "\n".join(f"  {name}: {_default(trait)}," for name, trait in TABLE.items())
    return (
        f"{_HEAD}\nexport interface Traits {{\n{members}\n}}\n\n"
        f"export const DEFAULTS: Traits = {{\n{defaults}\n}};\n\n"
        "export const NAMES = Object.keys(DEFAULTS) as (keyof Traits)[];\n"
    )


def _default(trait: Any) -> str:
    value = [] if isinstance(trait, Columns) else trait.default_value
    return json.dumps(int(value) if isinstance(value, float) and value.is_integer() else value)


if __name__ == "__main__":
    PATH.write_text(written(), encoding="utf-8")
