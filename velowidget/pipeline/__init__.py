"""Parameters to results: the live model behind every face."""

from velowidget.pipeline.pipeline import VelocityPipeline

__all__ = ["VelocityPipeline"]
