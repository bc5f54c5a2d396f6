// Drives a service with sparql-http-client and prints what it got as JSON: node drive.mjs SITE TOKEN

import { Readable } from "node:stream";
import ParsingClient from "sparql-http-client/ParsingClient.js";
import StreamClient from "sparql-http-client/StreamClient.js";

const [site, token] = process.argv.slice(2);
const where = { endpointUrl: `${site}/sparql`, updateUrl: `${site}/update`, storeUrl: `${site}/graph-store` };
const headers = { Authorization: `Bearer ${token}` };
const parsing = new ParsingClient({ ...where, headers });
const stranger = new ParsingClient(where);
const streaming = new StreamClient({ ...where, headers });
const { factory } = streaming;
const graph = factory.namedNode("http://example.org/graph");
const [subject, name] = [factory.namedNode("http://example.org/s"), factory.namedNode("http://example.org/name")];

const LABELS = "SELECT ?s ?label { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?label } ORDER BY ?s ?label";
const found = {};

for (const operation of ["get", "postUrlencoded", "postDirect"]) {
  const rows = await parsing.query.select(LABELS, { operation });
  found[operation] = rows.map((row) => [row.s.value, row.label.value]);
}
found.streamed = [];
for await (const row of streaming.query.select(LABELS)) found.streamed.push([row.s.value, row.label.value]);

const CONSTRUCTED = "CONSTRUCT WHERE { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?label }";
found.constructed = [...(await parsing.query.construct(CONSTRUCTED))].map((quad) => [quad.subject.value, quad.object.value]);
found.asked = [await parsing.query.ask("ASK { ?s ?p ?o }"), await parsing.query.ask("ASK { <a:a> <a:b> <a:c> }")];

await parsing.query.update('INSERT DATA { <http://example.org/s> <http://example.org/name> "snow ☃"@en }');
found.updated = (await parsing.query.select("SELECT ?o { <http://example.org/s> ?p ?o }")).map(({ o }) => [o.value, o.language]);
found.refused = await stranger.query.update("CLEAR ALL").then(() => "", (error) => error.message);
found.wrong = await parsing.query.select("SELECT ?x {").then(() => "", (error) => error.message);

const quads = (...texts) => Readable.from(texts.map((text) => factory.quad(subject, name, factory.literal(text), graph)));
const held = async () => {
  const values = [];
  for await (const quad of streaming.store.get(graph)) values.push(quad.object.value);
  return values.sort();
};
await streaming.store.put(quads("one", "two"), { graph });
found.put = await held();
await streaming.store.post(quads("three"), { graph });
found.posted = await held();
await streaming.store.put(quads("four"), { graph });
found.replaced = await held();

console.log(JSON.stringify(found));
