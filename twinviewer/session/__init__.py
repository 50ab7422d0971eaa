"""The app without a screen: the Case and its history, the steps, plug-ins, worker processes, case files, settings."""
