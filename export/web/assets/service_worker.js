// Keeps what was loaded, so that the page works without a connection. Models and
// the runtime never change under one name; all else is asked of the server first.

const KEPT = 'tfi2i';
const LASTING = /\/(models|litertjs-[^/]+)\//;

self.addEventListener('install', (event) => event.waitUntil(keepShell()));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const own = new URL(event.request.url).href.startsWith(self.registration.scope);
  if (event.request.method === 'GET' && own) event.respondWith(answer(event.request));
});

async function keepShell() {
  const cache = await caches.open(KEPT + self.registration.scope);
  const site = await (await fetch('site.json', {cache: 'no-cache'})).json();
  await cache.addAll([...site.shell, 'site.json']);
  await self.skipWaiting();
}

async function answer(request) {
  const cache = await caches.open(KEPT + self.registration.scope);
  const address = request.url.split('#')[0];
  const kept = await cache.match(address);
  if (kept && LASTING.test(address)) return kept;
  try {
    const fresh = await fetch(request);
    if (fresh.status === 200) await cache.put(address, fresh.clone());
    return fresh;
  } catch (error) {
    if (kept) return kept;
    throw error;
  }
}
