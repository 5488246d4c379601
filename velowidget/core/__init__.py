"""Arrays in, arrays out: the mathematics, free of AnnData, input, output and threads of its own."""
