"""The process as a whole: workers, signals, exit codes."""
