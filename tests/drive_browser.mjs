// Opens a page in headless Chromium, evaluates an expression in it, and prints the value as JSON.
//
//     node drive_browser.mjs CHROMIUM URL EXPRESSION [WIDTHxHEIGHT SCREENSHOT.png [dark]]
//
// It speaks the DevTools protocol itself, so that tests need no package that drives browsers.

import { spawn } from "node:child_process";
import { mkdtempSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [chromium, url, expression, size = "1200x900", screenshot, theme] = process.argv.slice(2);
const [width, height] = size.split("x").map(Number);
const profile = mkdtempSync(join(tmpdir(), "browser-"));
const browser = spawn(chromium, [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-extensions", "--no-first-run",
  "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank",
], { stdio: "ignore" });

async function debuggerAddress() {
  const file = join(profile, "DevToolsActivePort");
  for (let tries = 0; tries < 600; tries += 1) {
    if (existsSync(file)) {
      const [port, path] = readFileSync(file, "utf8").split("\n");
      if (path) return `ws://127.0.0.1:${port}${path}`;
    }
    await new Promise((done) => { setTimeout(done, 100); });
  }
  throw new Error("Chromium did not start");
}

function connection(socket) {
  const waiting = new Map();
  const events = new Map();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.id) {
      waiting.get(message.id)(message);
    } else {
      events.get(message.method)?.(message.params);
    }
  };
  return {
    send(method, params = {}, sessionId = undefined) {
      last += 1;
      socket.send(JSON.stringify({ id: last, method, params, sessionId }));
      return new Promise((done, failed) => {
        waiting.set(last, ({ result, error }) => (error ? failed(new Error(error.message)) : done(result)));
      });
    },
    once: (method) => new Promise((done) => { events.set(method, done); }),
  };
}

try {
  const socket = new WebSocket(await debuggerAddress());
  await new Promise((done) => { socket.onopen = done; });
  const { send, once } = connection(socket);
  const { targetId } = await send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
  await send("Page.enable", {}, sessionId);
  await send("Emulation.setDeviceMetricsOverride", {
    width, height, deviceScaleFactor: 1, mobile: width < 600,
  }, sessionId);
  await send("Emulation.setEmulatedMedia", {
    features: [{ name: "prefers-color-scheme", value: theme ?? "light" }],
  }, sessionId);
  const loaded = once("Page.loadEventFired");
  await send("Page.navigate", { url }, sessionId);
  await loaded;
  const found = await send("Runtime.evaluate", {
    expression, awaitPromise: true, returnByValue: true,
  }, sessionId);
  if (found.exceptionDetails) throw new Error(JSON.stringify(found.exceptionDetails));
  if (screenshot) {
    const { data } = await send("Page.captureScreenshot", { format: "png" }, sessionId);
    writeFileSync(screenshot, Buffer.from(data, "base64"));
  }
  console.log(JSON.stringify(found.result.value));
  socket.close();
} finally {
  browser.kill("SIGKILL");
  await new Promise((done) => { browser.on("exit", done); });
  rmSync(profile, { recursive: true, force: true });
}
