"""Entity linking: which spans of a text name which entity. Pure functions over text."""
