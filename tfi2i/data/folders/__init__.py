"""Folders of images: their forms are recognised, their files looked at and paired."""
