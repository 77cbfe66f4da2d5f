"""Other systems' usage: files read by a mapping, rated, and put into the lake, each record once."""
