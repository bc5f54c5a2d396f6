"""From a file to readings: one reader per format, all of them wary of what they are given.

`graph.documents.read.read` is the way in. Import from the modules, not from here.
"""
