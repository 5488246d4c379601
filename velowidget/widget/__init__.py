"""The notebook's face of the pipeline."""

from velowidget.widget.widget import VelocityWidget

__all__ = ["VelocityWidget"]
