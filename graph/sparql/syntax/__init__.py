"""SPARQL text: lexer, guard, and what can be told of a query without running it."""
