"""From readings to passages, and from passages to the entities that they name.

Pure functions over text; nothing here reads a file or a store. Import from the modules, not from here.
"""
