"""A similarity, a panel and example data for velowidget; `plugin.toml` says where they are."""
