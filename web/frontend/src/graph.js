// The neighbourhood as a drawing. The list beside it says the same in words.

import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";

cytoscape.use(fcose);

const MOST_NODES = 400; // with the neighbours that are added
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

/** Draw into `holder`, whose data-graph is the address of the first neighbourhood. */
export async function draw(holder) {
  const narrow = window.matchMedia("(max-width: 40rem)").matches;
  const data = await fetched(narrow ? holder.dataset.graphNarrow : holder.dataset.graph);
  if (data) drawData(holder, data);
}

/** Draw `{nodes, edges}` into `holder`. */
export function drawData(holder, data) {
  if (data.nodes.length < 2) return;
  keepStyleOut();
  holder.hidden = false;
  const graph = cytoscape({
    container: holder,
    elements: elements(data),
    style: style(),
    layout: layout(false),
    minZoom: 0.25,
    maxZoom: 3,
    userZoomingEnabled: false, // until the drawing is clicked: the page must still scroll
  });
  graph.on("tap", () => graph.userZoomingEnabled(true));
  holder.addEventListener("mouseleave", () => graph.userZoomingEnabled(false));
  dark.addEventListener("change", () => graph.style(style()));
  caption(graph, holder);
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
}

// cytoscape adds a <style> that the page's policy refuses; it does not where an element with this id exists.
// The one rule in it stands in our own style sheet.
function keepStyleOut() {
  const sheet = document.querySelector('link[rel="stylesheet"]');
  if (sheet && !sheet.id) sheet.id = "__________cytoscape_stylesheet";
}

function elements({ nodes, edges }) {
  return [
    ...nodes.map((node, index) => ({ group: "nodes", data: { ...node, centre: index === 0 ? 1 : 0 } })),
    ...edges.map((edge) => ({ group: "edges", data: edge })),
  ];
}

function layout(more) {
  return {
    name: "fcose",
    animate: !still.matches && more,
    randomize: !more,
    quality: "proof",
    nodeDimensionsIncludeLabels: true,
    nodeSeparation: 130,
    idealEdgeLength: 120,
    nodeRepulsion: 30000,
    gravity: 0.1,
    padding: 16,
  };
}

function style() {
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [
    {
      selector: "node",
      style: {
        width: "mapData(degree, 1, 40, 10, 24)",
        height: "mapData(degree, 1, 40, 10, 24)",
        "background-color": ink("link"),
        label: "data(label)",
        color: ink("ink"),
        "font-family": getComputedStyle(document.body).fontFamily,
        "font-size": 12,
        "text-wrap": "ellipsis",
        "text-max-width": 130,
        "text-valign": "bottom",
        "text-margin-y": 4,
        "text-background-color": ink("paper"),
        "text-background-opacity": 0.85,
        "text-background-padding": 1,
        "min-zoomed-font-size": 7,
      },
    },
    { selector: 'node[tone = "person"]', style: { "background-color": ink("person") } },
    { selector: 'node[tone = "place"]', style: { "background-color": ink("place"), shape: "diamond" } },
    { selector: "node[centre = 1]", style: { "background-color": ink("ink"), "font-weight": 700, "font-size": 14 } },
    { selector: "node:selected", style: { "border-width": 3, "border-color": ink("accent") } },
    {
      selector: "edge",
      style: {
        width: 1,
        "line-color": ink("control"),
        "target-arrow-color": ink("control"),
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.7,
        "curve-style": "bezier",
      },
    },
    {
      selector: "edge.near",
      style: {
        label: "data(label)",
        width: 1.5,
        "line-color": ink("accent"),
        "target-arrow-color": ink("accent"),
        color: ink("ink"),
        "font-size": 11,
        "text-rotation": "autorotate",
        "text-background-color": ink("paper"),
        "text-background-opacity": 0.9,
      },
    },
  ];
}

// Under the drawing: the node that was chosen, as a link, and a way to go on from it.
function caption(graph, holder) {
  const line = holder.parentElement.querySelector("[data-graph-caption]");
  const link = line.querySelector("a");
  const more = line.querySelector("button");
  let chosen = null;
  graph.on("tap", "node", ({ target }) => {
    chosen = target;
    graph.edges().removeClass("near");
    target.connectedEdges().addClass("near");
    link.textContent = target.data("label");
    link.href = target.data("href");
    more.disabled = false;
    line.hidden = false;
  });
  more.addEventListener("click", async () => {
    const data = chosen && (await fetched(chosen.data("neighbours")));
    if (!data) return;
    more.disabled = true;
    const room = MOST_NODES - graph.nodes().length;
    const fresh = data.nodes.filter((node) => graph.getElementById(node.id).empty()).slice(0, Math.max(0, room));
    const origin = chosen.position();
    graph.add(fresh.map((node) => ({ group: "nodes", data: { ...node, centre: 0 }, position: { ...origin } })));
    const drawable = (edge) => ["source", "target"].every((end) => graph.getElementById(edge[end]).nonempty());
    const edges = data.edges.filter((edge) => graph.getElementById(edge.id).empty() && drawable(edge));
    graph.add(edges.map((edge) => ({ group: "edges", data: edge })));
    chosen.connectedEdges().addClass("near");
    graph.layout(layout(true)).run();
  });
}
