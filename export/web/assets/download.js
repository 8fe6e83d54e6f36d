// Files of the page's folder, with progress.

/**
 * Loads a file; one that is compressed (.gz) comes back as it was before.
 *
 * @param {string} address
 * @param {function} report Is told bytes that were loaded, and all, where the server says it.
 * @returns {Promise<Uint8Array>}
 */
export async function download(address, report = () => {}) {
  const answer = await fetch(address).catch(() => null);
  const name = new URL(address, location.href).pathname.split('/').pop();
  if (answer === null) throw new Error(`${name} cannot be loaded: there is no connection`);
  if (!answer.ok) throw new Error(`${name} is not on the server (${answer.status})`);
  const all = Number(answer.headers.get('content-length')) || 0;
  const parts = [];
  let loaded = 0;
  for (const reader = answer.body.getReader(); ; ) {
    const {done, value} = await reader.read();
    if (done) break;
    parts.push(value);
    report((loaded += value.length), Math.max(all, loaded));
  }
  const content = new Blob(parts);
  const bytes = new Uint8Array(await content.arrayBuffer());
  // A server may have it decompressed by the browser already.
  if (!address.endsWith('.gz') || bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const whole = content.stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(whole).arrayBuffer());
}

/** What the folder's site.json says. */
export async function loadSite() {
  const bytes = await download(new URL('./site.json', import.meta.url).href);
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** A number of bytes in words. */
export function inMegabytes(bytes) {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
