// The rows of an answer as a graph: two columns of IRIs make an edge, with a third between them as its name.

const MOST = 120;

/** Nodes and edges from the table's rows; at most 120 nodes. */
export function fromRows(table) {
  const nodes = new Map();
  const edges = new Map();
  for (const row of table.tBodies[0].rows) {
    const cells = [...row.cells].filter((cell) => cell.dataset.iri);
    const named = cells.length === 3 && isEdge(table);
    const ends = named ? [cells[0], cells[2]] : cells;
    for (let at = 1; at < ends.length; at += 1) {
      const [one, other] = [node(nodes, ends[at - 1]), node(nodes, ends[at])];
      if (!one || !other || one === other) continue;
      const label = named ? cells[1].textContent.trim() : "";
      const id = `${one.id} ${label} ${other.id}`;
      edges.set(id, { id, source: one.id, target: other.id, label });
      one.degree += 1;
      other.degree += 1;
    }
  }
  const tied = [...nodes.values()].filter((each) => each.degree);
  return { nodes: tied, edges: [...edges.values()] };
}

function isEdge(table) {
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.replace(/[↑↓\s]/g, ""));
  return [["subject", "predicate", "object"], ["subject", "relation", "object"], ["s", "p", "o"]].some((edge) =>
    edge.every((name, at) => names[at] === name),
  );
}

function node(nodes, cell) {
  const id = cell.dataset.iri;
  if (!nodes.has(id)) {
    if (nodes.size >= MOST) return null;
    const link = cell.querySelector("a");
    nodes.set(id, {
      id,
      label: cell.textContent.trim().slice(0, 80),
      tone: "other",
      degree: 0,
      href: link?.getAttribute("href") ?? "",
      neighbours: `/entity/neighbours?${new URLSearchParams({ iri: id, limit: 20 })}`,
    });
  }
  return nodes.get(id);
}
