// The graph of an answer, from the short form in which the page holds it.

/** Nodes and edges as the drawing takes them. */
export function fromPage(text) {
  const { nodes, edges } = JSON.parse(text);
  const degrees = nodes.map((_, at) => edges.filter(([one, other]) => one === at || other === at).length);
  return {
    nodes: nodes.map(([id, label, href], at) => ({
      id,
      label,
      href,
      tone: "other",
      degree: degrees[at],
      neighbours: `/entity/neighbours?${new URLSearchParams({ iri: id, limit: 20 })}`,
    })),
    edges: edges.map(([one, other, label]) => {
      const [source, target] = [nodes[one][0], nodes[other][0]];
      return { id: `${source} ${label} ${target}`, source, target, label };
    }),
  };
}
