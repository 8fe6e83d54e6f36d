"""Folders of images made from packages of drawings: each module is a command of its own."""
