"""Entity linking: the spans of a text that name entities. Pure functions over text."""
