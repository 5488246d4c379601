"""Pictures of what the kernels compute, and the colours that all faces share."""
