// Graph of a query result, from the compact form in the page.

/** Nodes and edges in the form that `drawData` takes. */
export function graphData(text) {
  const { nodes, edges } = JSON.parse(text);
  const degrees = nodes.map((_, index) => edges.filter(([start, end]) => start === index || end === index).length);
  return {
    nodes: nodes.map(([id, label, href], index) => ({
      id,
      label,
      href,
      tone: "other",
      degree: degrees[index],
      neighbours: `/entity/neighbours?${new URLSearchParams({ iri: id, limit: 20 })}`,
    })),
    edges: edges.map(([start, end, label]) => {
      const [source, target] = [nodes[start][0], nodes[end][0]];
      return { id: `${source} ${label} ${target}`, source, target, label };
    }),
  };
}
