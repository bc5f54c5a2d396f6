"""What is relevant: encoder, lexical and dense index, fusion. Derived from the graph, so it can be rebuilt."""
