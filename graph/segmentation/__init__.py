"""Segmentation of a reading into headings, sentences and passages. Pure functions over text."""
