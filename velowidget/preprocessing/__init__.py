"""From counts to velocities: what a velocity kernel reads, made of spliced and unspliced counts with scanpy's help.

Each public function has a module: :func:`velowidget.filter_genes`, :func:`velowidget.moments` and
:func:`velowidget.velocity`. All write into the AnnData they are given, as those of scVelo do.
"""
