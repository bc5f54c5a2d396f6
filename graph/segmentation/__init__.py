"""From a reading to headings, sentences and passages. Pure functions over text."""
