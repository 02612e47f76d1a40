// Runs a wasm test in Chromium beside a server of event streams; see README.md.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const TIMEOUT_MS = 120_000;

// Connections by name, so that tests do not see each other's.
const counts = new Map();

function count(name) {
  if (!counts.has(name)) counts.set(name, { opened: 0, open: 0 });
  return counts.get(name);
}

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://sse.test");
  const numbers = count(url.searchParams.get("name"));
  response.setHeader("access-control-allow-origin", "*");
  if (url.pathname === "/counts") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(numbers));
    return;
  }
  numbers.opened += 1;
  if (url.pathname === "/refused") {
    response.statusCode = 500;
    response.end();
    return;
  }
  numbers.open += 1;
  response.on("close", () => (numbers.open -= 1));
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.write(`id: 6\ndata: hello ${numbers.opened}\n\n`);
  response.write('id: 7\nevent: tick\ndata: {"n":1}\n\n');
  response.write("event: words\ndata: not json\n\n");
  response.write("event: unheard\ndata: 1\n\n");
  if (url.pathname === "/ending") setTimeout(() => response.end(), 30);
});

server.listen(0, "127.0.0.1", () => {
  const folder = mkdtempSync(join(tmpdir(), "tidings-ui-"));
  const capabilities = join(folder, "webdriver.json");
  const args = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    `--user-data-dir=${join(folder, "profile")}`,
    `--host-resolver-rules=MAP sse.test 127.0.0.1:${server.address().port}`,
  ];
  writeFileSync(capabilities, JSON.stringify({ "goog:chromeOptions": { args } }));
  const env = {
    ...process.env,
    CHROMEDRIVER: process.env.CHROMEDRIVER || onPath("chromedriver"),
    WASM_BINDGEN_TEST_WEBDRIVER_JSON: capabilities,
  };
  // A group of its own, so that the browser ends with the runner.
  const runner = spawn("wasm-bindgen-test-runner", process.argv.slice(2), {
    stdio: "inherit",
    detached: true,
    env,
  });
  const timer = setTimeout(() => {
    console.error(`no end after ${TIMEOUT_MS / 1_000} s`);
    end(1);
  }, TIMEOUT_MS);
  let ended = false;
  function end(code) {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    try {
      process.kill(-runner.pid, "SIGKILL");
    } catch {
      // All of the group is gone already.
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    process.exit(code);
  }
  runner.on("error", (error) => {
    console.error(`cannot start wasm-bindgen-test-runner: ${error.message}`);
    end(1);
  });
  runner.on("exit", (code) => end(code ?? 1));
  process.on("SIGTERM", () => end(1));
  process.on("SIGINT", () => end(1));
});

function onPath(program) {
  const folders = (process.env.PATH || "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find(existsSync) || "";
}
