// better-sse as its documentation shows it: a channel for each topic, and a broadcast for each event.
// node better-sse.mjs FOLDER_WITH_NODE_MODULES PORT
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [folder, port] = process.argv.slice(2);
const { createChannel, createSession } = createRequire(`${folder}/`)("better-sse");

const channels = new Map();
const channel = (topic) => {
  if (!channels.has(topic)) channels.set(topic, createChannel());
  return channels.get(topic);
};

const server = createServer(async (request, response) => {
  const [, kind, topic] = request.url.split("/");
  if (request.method === "GET" && kind === "sub") {
    channel(topic).register(await createSession(request, response));
  } else if (request.method === "POST" && kind === "pub") {
    let body = "";
    for await (const chunk of request) body += chunk;
    channel(topic).broadcast(JSON.parse(body));
    response.writeHead(204).end();
  } else {
    response.writeHead(404).end();
  }
});
// A publisher's connection may be silent for longer than Node's five seconds.
server.keepAliveTimeout = 600_000;
server.listen({ host: "127.0.0.1", port: Number(port), backlog: 4096 });
