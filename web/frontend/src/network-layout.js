// Drawing of a graph, such as a neighbourhood. The list or table beside it says the same in words.

import cytoscape from "cytoscape";
import fcose from "cytoscape-fcose";

cytoscape.use(fcose);

const MAX_NODES = 400; // with the neighbours that readers add
const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");
const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");

/** Draw into `container`, whose data-graph is the address of the first neighbourhood. */
export async function draw(container) {
  const narrow = window.matchMedia("(max-width: 40rem)").matches;
  const data = await fetchGraph(narrow ? container.dataset.graphNarrow : container.dataset.graph);
  if (data) drawData(container, data);
}

/** Draw `{nodes, edges}` into `container`. */
export function drawData(container, data) {
  if (data.nodes.length < 2) return;
  preventInlineStyle();
  container.hidden = false;
  const graph = cytoscape({
    container: container,
    elements: elements(data),
    style: style(),
    layout: layout(false),
    minZoom: 0.25,
    maxZoom: 3,
    userZoomingEnabled: false, // until the drawing is clicked: the page must still scroll
  });
  graph.on("tap", () => graph.userZoomingEnabled(true));
  container.addEventListener("mouseleave", () => graph.userZoomingEnabled(false));
  darkScheme.addEventListener("change", () => graph.style(style()));
  caption(graph, container);
}

async function fetchGraph(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  return response.ok ? response.json() : null;
}

// cytoscape adds a <style> that the page's policy refuses, unless an element with this id exists.
// The only rule in it is in our own style sheet.
function preventInlineStyle() {
  const sheet = document.querySelector('link[rel="stylesheet"]');
  if (sheet && !sheet.id) sheet.id = "__________cytoscape_stylesheet";
}

function elements({ nodes, edges }) {
  return [
    ...nodes.map((node, index) => ({ group: "nodes", data: { ...node, centre: index === 0 ? 1 : 0 } })),
    ...edges.map((edge) => ({ group: "edges", data: edge })),
  ];
}

function layout(isExtended) {
  return {
    name: "fcose",
    animate: !reducedMotion.matches && isExtended,
    randomize: !isExtended,
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
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [
    {
      selector: "node",
      style: {
        width: "mapData(degree, 1, 40, 10, 24)",
        height: "mapData(degree, 1, 40, 10, 24)",
        "background-color": color("link"),
        label: "data(label)",
        color: color("ink"),
        "font-family": getComputedStyle(document.body).fontFamily,
        "font-size": 12,
        "text-wrap": "ellipsis",
        "text-max-width": 130,
        "text-valign": "bottom",
        "text-margin-y": 4,
        "text-background-color": color("paper"),
        "text-background-opacity": 0.85,
        "text-background-padding": 1,
        "min-zoomed-font-size": 7,
      },
    },
    { selector: 'node[tone = "person"]', style: { "background-color": color("person") } },
    { selector: 'node[tone = "place"]', style: { "background-color": color("place"), shape: "diamond" } },
    { selector: "node[centre = 1]", style: { "background-color": color("ink"), "font-weight": 700, "font-size": 14 } },
    { selector: "node:selected", style: { "border-width": 3, "border-color": color("accent") } },
    {
      selector: "edge",
      style: {
        width: 1,
        "line-color": color("control"),
        "target-arrow-color": color("control"),
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
        "line-color": color("accent"),
        "target-arrow-color": color("accent"),
        color: color("ink"),
        "font-size": 11,
        "text-rotation": "autorotate",
        "text-background-color": color("paper"),
        "text-background-opacity": 0.9,
      },
    },
  ];
}

// Below the drawing: a link to the chosen node, and a button that adds its neighbours.
function caption(graph, container) {
  const line = container.parentElement.querySelector("[data-graph-caption]");
  const link = line.querySelector("a");
  const button = line.querySelector("button");
  let chosen = null;
  graph.on("tap", "node", ({ target }) => {
    chosen = target;
    graph.edges().removeClass("near");
    target.connectedEdges().addClass("near");
    link.textContent = target.data("label");
    link.href = target.data("href");
    button.disabled = false;
    line.hidden = false;
  });
  button.addEventListener("click", async () => {
    const data = chosen && (await fetchGraph(chosen.data("neighbours")));
    if (!data) return;
    button.disabled = true;
    const room = MAX_NODES - graph.nodes().length;
    const added = data.nodes.filter((node) => graph.getElementById(node.id).empty()).slice(0, Math.max(0, room));
    const origin = chosen.position();
    graph.add(added.map((node) => ({ group: "nodes", data: { ...node, centre: 0 }, position: { ...origin } })));
    const drawable = (edge) => ["source", "target"].every((end) => graph.getElementById(edge[end]).nonempty());
    const edges = data.edges.filter((edge) => graph.getElementById(edge.id).empty() && drawable(edge));
    graph.add(edges.map((edge) => ({ group: "edges", data: edge })));
    chosen.connectedEdges().addClass("near");
    graph.layout(layout(true)).run();
  });
}
