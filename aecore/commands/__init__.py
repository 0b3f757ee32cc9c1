"""The commands of the command line, a module for what belongs together; each enters its own by `add_to`."""
