"""The Account Balance Management Function (TS 32.296): whose money and gigabytes, and where they are kept."""
