/**
 * Whether a web page may open a socket, or have something changed. A browser says where the page came from: that must be the very address it now connects
 * to (the pages are served by us) or a name that was allowed. Programs that are no browsers send no Origin; they need a
 * token all the same.
 */
export function originAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowedHosts: readonly string[],
): boolean {
  if (origin === undefined) return true;
  let url: URL;
  try {
    url = new URL(origin);
  } catch {
    return false;
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  if (host !== undefined && url.host === host.toLowerCase()) return true;
  return allowedHosts.some((allowed) => allowed.toLowerCase() === url.hostname);
}
