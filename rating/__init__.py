"""The Rating Function (TS 32.296): what usage costs. Pure."""
