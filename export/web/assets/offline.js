// Offline use: registers the service worker, and forgets files that the page no longer has.

/** Resolves to whether the page will work without a connection. */
export async function makeOffline(site) {
  if (!('serviceWorker' in navigator)) return false;
  try {
    const address = new URL('./service_worker.js', import.meta.url);
    const registration = await navigator.serviceWorker.register(address);
    await navigator.serviceWorker.ready;
    await controlled();
    await forgetOthers(`tfi2i${registration.scope}`, site);
    return true;
  } catch (error) {
    console.warn('no offline use:', error);
    return false;
  }
}

/** What is loaded from now on passes the service worker. */
async function controlled() {
  if (navigator.serviceWorker.controller) return;
  await new Promise((resolve) => {
    navigator.serviceWorker.addEventListener('controllerchange', resolve, {once: true});
    setTimeout(resolve, 2000); // A forced reload leaves a page without one.
  });
}

async function forgetOthers(name, site) {
  const models = Object.values(site.views).flatMap((view) => view.models.map((one) => one.file));
  const cache = await caches.open(name);
  for (const {url} of await cache.keys()) {
    const old = url.includes('/models/') && !models.some((file) => url.endsWith(file));
    if (old) await cache.delete(url);
  }
}
