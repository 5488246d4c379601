"""The arrays that an AnnData holds by name: its ``layers``, ``obsm`` and ``obsp``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from anndata import AnnData


class _Named(Mapping[str, Any]):
    """Those of a mapping's entries that have a name: from 0.13 on, AnnData has ``X`` among the layers, under None."""

    def __init__(self, mapping: Mapping[Any, Any]) -> None:
        self._mapping = mapping

    def __getitem__(self, key: str) -> Any:
        return self._mapping[key]

    def __contains__(self, key: object) -> bool:
        return key is not None and key in self._mapping  # without getting the entry, which a view makes on the spot

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._mapping if key is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def entries(adata: AnnData, store: str) -> Mapping[str, Any]:
    """The ``layers``, ``obsm`` or ``obsp`` of an AnnData, by name; whether an entry fits is for its reader to check.

    Raises
    ------
    ValueError
        If one of the entries does not fit, and AnnData therefore gives out none of them, as it does before 0.13.
    """
    try:
        return _Named(getattr(adata, store))
    except (ValueError, AttributeError, IndexError) as error:
        raise ValueError(
            f"adata.{store} is damaged, and AnnData refuses to open it: {error} "
            "Read the file again, or make a new AnnData without the entry that does not fit."
        ) from error


def of_shape(stored: Any, shape: tuple[int, int], what: str) -> Any:
    """Return an entry if it has this shape; `what` names it in the error."""
    if shape_of(stored) != shape:
        raise ValueError(
            f"{what} has shape {shape_of(stored)} where {shape} is expected. Store it again with the right shape."
        )
    return stored


def shape_of(stored: Any) -> tuple[int, ...]:
    """The shape of an entry, which may be None or anything else; that of a single value where it has none."""
    return tuple(getattr(stored, "shape", ()))
