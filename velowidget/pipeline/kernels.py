"""Kernels of what stages have computed."""

from __future__ import annotations

from anndata import AnnData

from velowidget.analyses.modes import name_of
from velowidget.analyses.probabilities import above_threshold
from velowidget.core.chain import Chain
from velowidget.kernels.base import Kernel
from velowidget.kernels.connectivity import ConnectivityKernel
from velowidget.kernels.velocity import VelocityKernel
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.parameters import Parameters


def kernel_of(inputs: Inputs, parameters: Parameters, velocity: Chain, adata: AnnData) -> Kernel:
    """The kernel of the chain that the stage ``'T'`` makes of what ``'velocity'`` has computed; shares its arrays."""
    if inputs.kernel is not None:
        return inputs.kernel.on(adata)
    data = inputs.data(parameters.settings)
    assert data is not None  # or a kernel was given
    params = {
        **parameters.mode_params,
        "scheme": name_of(parameters.asked),
        "softmax_scale": velocity.softmax_scale,
        **({"bwd_mode": parameters.backward_mode} if parameters.backward else {}),
        "degenerate": parameters.degenerate,
        **({"threshold": parameters.threshold} if parameters.threshold > 0 else {}),
    }
    chain, of_graph = above_threshold(velocity, parameters.threshold), parameters.settings.of_graph
    kernel = VelocityKernel.of_chain(adata, data, parameters.asked, chain, params, of_graph)
    weight = parameters.connectivity_weight
    if weight == 0:
        return kernel
    other = inputs.connectivity(parameters.settings)
    connectivity = ConnectivityKernel.of_chain(adata, parameters.conn_key, other.weights, other.chain)
    return connectivity if weight == 1 else (1 - weight) * kernel + weight * connectivity
