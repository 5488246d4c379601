"""Rules that choose cells: by category, range of a number, name, number or mask."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.annotations import CategoricalAnnotation, columns, read_annotation
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.velocity import is_real

_FORMS = (
    "Give {column: categories}, {column: [low, high]}, names of cells, their numbers, a slice, "
    "or a mask with True or False for every cell."
)

# Categories that somebody could choose among.
_MOST_CHOICES = 200


def choose_cells(adata: AnnData, rule: Any, name: str) -> NDArray[np.int32]:
    """The cells that a rule means.

    Parameters
    ----------
    adata
        Annotated data.
    rule
        ``{column: category}`` or ``{column: [categories]}`` for a column of ``adata.obs`` with categories, words or
        truth values; ``{column: [low, high]}``, in either order and inclusive, for one with numbers; names of cells;
        their numbers, where negative ones count from the end; a slice; a mask. Order and repetition do not matter.
    name
        The argument, for errors.

    Returns
    -------
    int32, ascending, each cell once, at least one.

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        If the rule cannot be understood, or no cell obeys it.
    """
    if isinstance(rule, Mapping):
        return _by_column(adata, rule, name)
    if isinstance(rule, slice):
        return _by_slice(adata, rule, name)
    if isinstance(rule, str | numbers.Number | np.bool_):
        rule = [rule]
    if not isinstance(rule, Iterable) or isinstance(rule, bytes | bytearray) or getattr(rule, "ndim", 1) != 1:
        raise TypeError(f"{name} cannot be {shown(rule)}. {_FORMS}")
    values: Any = rule if hasattr(rule, "dtype") else list(rule)
    if len(values) == 0:
        raise ValueError(f"{name} lists no cell. {_FORMS}")
    kind = pd.api.types.infer_dtype(values, skipna=False)
    if kind == "categorical":
        return choose_cells(adata, list(values), name)
    if kind == "boolean":
        if pd.isna(values).any():
            raise ValueError(f"{name}: the mask is missing for some cells; say which with `.fillna(False)`.")
        return _by_mask(adata, np.asarray(values, dtype=bool), name)
    if kind == "integer":
        return _by_number(adata, values, name)
    if kind == "string":
        return _by_name(adata, values, name)
    raise TypeError(f"{name} has {kind} values, {shown(next(iter(values)))} for one. {_FORMS}")


def plain_rule(adata: AnnData, rule: Any, name: str) -> Any:
    """A rule that means the same cells, of nothing but what JSON has; None stays None.

    Columns keep their name: ``{column: [categories, as text]}`` or ``{column: [low, high]}``. Any other rule becomes
    the list of its cells' numbers.

    Parameters
    ----------
    adata, rule, name
        As for `choose_cells`, which it raises the errors of.
    """
    if rule is None:
        return None
    if isinstance(rule, Mapping):
        rule = {key: _listed(wanted) for key, wanted in rule.items()}  # what can be read once only is read here
    cells = choose_cells(adata, rule, name)
    if not isinstance(rule, Mapping) or not all(isinstance(key, str) for key in rule):
        return cells.tolist()
    ((key, wanted),) = rule.items()
    column = adata.obs[key]
    if _holds_numbers(column):
        low, high = sorted(float(bound) for bound in wanted)
        low, high = max(low, float(column.min())), min(high, float(column.max()))
        # JSON has no infinity.
        return {key: [low, high]} if np.isfinite([low, high]).all() else cells.tolist()
    categories = column.astype("category").cat.categories
    codes = _codes(categories, wanted, f"adata.obs[{key!r}]", name)
    return {key: [str(categories[code]) for code in dict.fromkeys(codes)]}


def choices(adata: AnnData) -> dict[str, list[str] | tuple[float, float]]:
    """The columns of ``adata.obs`` to choose cells by: what categories cells have, up to 200, or which range."""
    found: dict[str, list[str] | tuple[float, float]] = {}
    for key in columns(adata):
        annotation = read_annotation(adata, f"obs:{key}")
        if isinstance(annotation, CategoricalAnnotation):
            if 0 < len(annotation.used) <= _MOST_CHOICES:
                found[key] = [annotation.categories[code] for code in annotation.used]
        elif np.isfinite(annotation.values).any():
            found[key] = (float(np.nanmin(annotation.values)), float(np.nanmax(annotation.values)))
    return found


def _holds_numbers(column: pd.Series) -> bool:
    return is_real(column.dtype) and not pd.api.types.is_bool_dtype(column)


def _by_mask(adata: AnnData, mask: NDArray[np.bool_], name: str) -> NDArray[np.int32]:
    if len(mask) != adata.n_obs:
        raise ValueError(f"{name}: a mask needs one entry for each of {adata.n_obs:,} cells, and has {len(mask):,}.")
    return _some(mask, f"{name}: the mask is False for each cell.")


def _by_number(adata: AnnData, values: Any, name: str) -> NDArray[np.int32]:
    outside = [value for value in values if not -adata.n_obs <= value < adata.n_obs]
    if outside:
        raise IndexError(f"{name}: there is no cell number {outside[0]}; {adata.n_obs:,} are numbered from 0.")
    return np.unique(np.asarray(values, dtype=np.int64) % adata.n_obs).astype(np.int32)


def _by_name(adata: AnnData, values: Any, name: str) -> NDArray[np.int32]:
    unknown = [value for value in values if value not in adata.obs_names]
    if unknown:
        hint = " It is a column of adata.obs: give {column: categories}." if unknown[0] in adata.obs else ""
        raise MissingKeyError(
            f"{name}: no cell is called {shown(unknown[0])}{nearest(unknown[0], adata.obs_names)}{hint}"
        )
    return _some(adata.obs_names.isin(list(values)), name)


def _by_slice(adata: AnnData, rule: slice, name: str) -> NDArray[np.int32]:
    try:
        chosen = np.arange(adata.n_obs)[rule]
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name}: {rule} needs whole numbers, and a step other than 0.") from error
    mask = np.zeros(adata.n_obs, dtype=bool)
    mask[chosen] = True
    return _some(mask, f"{name}: {rule} takes none of the {adata.n_obs:,} cells.")


def _by_column(adata: AnnData, rule: Mapping[str, Any], name: str) -> NDArray[np.int32]:
    if len(rule) != 1:
        raise ValueError(
            f"{name} must name one column of adata.obs, not {len(rule)}. To combine several, give a mask such as "
            "`(adata.obs['a'] == 'x') & (adata.obs['b'] > 1)`."
        )
    ((key, wanted),) = rule.items()
    if key not in adata.obs:
        raise MissingKeyError(f"{name}: adata.obs has no column {shown(key)}{nearest(key, adata.obs.columns)}")
    column = adata.obs[key]
    if not isinstance(column, pd.Series):
        raise ValueError(f"{name}: adata.obs has several columns called {key!r}; rename all but one.")
    where = f"adata.obs[{key!r}]"
    if _holds_numbers(column):
        return _in_range(column, wanted, where, name)
    return _in_categories(column, wanted, where, name)


def _in_range(column: pd.Series, wanted: Any, where: str, name: str) -> NDArray[np.int32]:
    bounds = list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str) else []
    if len(bounds) != 2 or not all(isinstance(bound, numbers.Real | np.number) for bound in bounds):
        raise TypeError(f"{name}: {where} holds numbers, and needs a range [low, high], not {shown(wanted)}.")
    low, high = sorted(float(bound) for bound in bounds)
    if np.isnan(low) or np.isnan(high):
        raise ValueError(f"{name}: a range of {where} must not have NaN for a bound.")
    values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
    known = values[~np.isnan(values)]
    reach = f"its values are from {known.min():g} to {known.max():g}" if known.size else "it holds NaN only"
    return _some((values >= low) & (values <= high), f"{name}: no cell has {where} from {low:g} to {high:g}; {reach}.")


def _in_categories(column: pd.Series, wanted: Any, where: str, name: str) -> NDArray[np.int32]:
    try:
        categorical = column.astype("category").cat
    except TypeError as error:
        raise TypeError(f"{name}: {where} holds neither numbers nor categories.") from error
    listed = _listed(wanted)
    codes = _codes(categorical.categories, listed, where, name)
    which = ", ".join(repr(str(category)) for category in listed[:5])
    return _some(np.isin(categorical.codes, codes), f"{name}: no cell has {which} in {where}.")


def _codes(categories: pd.Index, listed: list[Any], where: str, name: str) -> list[int]:
    """Which categories are meant, by themselves or by their names: what a browser or a file says has no other."""
    known: dict[Any, int] = {str(category): i for i, category in enumerate(categories)}
    known |= {category: i for i, category in enumerate(categories)}
    if not listed:
        raise ValueError(f"{name}: no category of {where} is listed.")
    codes = []
    for category in listed:
        code = known.get(category if pd.api.types.is_hashable(category) else None, known.get(str(category)))
        if code is None:
            raise MissingKeyError(f"{name}: {where} has no category {shown(category)}{nearest(category, categories)}")
        codes.append(code)
    return codes


def _listed(wanted: Any) -> list[Any]:
    return list(wanted) if isinstance(wanted, Iterable) and not isinstance(wanted, str) else [wanted]


def _some(mask: NDArray[np.bool_], otherwise: str) -> NDArray[np.int32]:
    """The numbers of the cells in a mask; a ValueError if there is none."""
    if not mask.any():
        raise ValueError(otherwise)
    return np.flatnonzero(mask).astype(np.int32)
