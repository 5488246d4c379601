"""From AnnData to arrays: what is read is checked, and what is wrong is said."""
