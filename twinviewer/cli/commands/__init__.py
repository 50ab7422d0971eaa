"""One command of the command line a file; ``twinviewer.cli`` lists them."""
