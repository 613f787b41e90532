"""The command line (contract 3): one file per command. What a command needs is imported when it runs."""
