"""The parameters of the random walks."""

from __future__ import annotations

from functools import partial
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QFormLayout, QVBoxLayout, QWidget

from velowidget.analyses.walks import checked_steps
from velowidget.data.annotations import CategoricalAnnotation
from velowidget.napari_plugin.controls import control_of, title_of
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.table import entry_of
from velowidget.pipeline.traits import TABLE


class WalkControls(QWidget):
    """Emits `wanted` with whether walks are to be shown, and `changed` with parameters by name."""

    wanted = Signal(bool)
    changed = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._key = ""
        self.shown = QCheckBox("show", toolTip="Random walks of the chain as tracks.")
        self.shown.clicked.connect(self.wanted.emit)
        self.rules = {name: self._rule(name) for name in ("start_ixs", "stop_ixs")}
        self.numbers = {name: control_of(name) for name in ("n_sims", "max_iter", "seed")}
        for name, number in self.numbers.items():
            number.chosen.connect(partial(self._give, name))
        self._details = QWidget()
        form = QFormLayout(self._details)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, control in (self.rules | self.numbers).items():
            form.addRow(title_of(name), control)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.shown)
        layout.addWidget(self._details)

    def fill(self, clusters: CategoricalAnnotation | None) -> None:
        """Offer the clusters as starts and stops."""
        self._key = "" if clusters is None else clusters.key
        for name, combo in self.rules.items():
            combo.clear()
            combo.addItems([offer.title for offer in entry_of(TABLE[name]).control.offers(None)])
            combo.addItems([] if clusters is None else clusters.categories)

    def show_walks(self, pipeline: VelocityPipeline, *, wanted: bool) -> None:
        """Show the present parameters."""
        self.shown.setChecked(wanted)
        self._details.setVisible(wanted)
        steps = checked_steps(pipeline.max_iter, pipeline.inputs.adata.n_obs)
        for name, value in {"n_sims": pipeline.n_sims, "max_iter": steps, "seed": pipeline.seed}.items():
            self.numbers[name].show_value(value)
        for name, combo in self.rules.items():
            combo.setCurrentIndex(self._index(combo, getattr(pipeline, name)))

    def _index(self, combo: QComboBox, rule: Any) -> int:
        """The item that a rule is; -1 for one that only Python or a browser can set."""
        if rule is None:
            return 0
        named = rule.get(self._key) if isinstance(rule, dict) and list(rule) == [self._key] else None
        named = named[0] if isinstance(named, list) and len(named) == 1 else named
        return combo.findText(named) if isinstance(named, str) else -1

    def _give(self, name: str, value: object) -> None:
        self.changed.emit({name: value})

    def _rule(self, name: str) -> QComboBox:
        combo = QComboBox(toolTip=TABLE[name].help)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        combo.setMinimumContentsLength(10)
        combo.setPlaceholderText("chosen elsewhere")
        combo.activated.connect(
            lambda i: self.changed.emit({name: None if i == 0 else {self._key: [combo.itemText(i)]}})
        )
        return combo
