import { api, told } from '@/api/client';
import { CONFIRM_QUERY } from './network-draft';

/** It leaves the bar when this is loaded, before the router reads the address there: nobody shall keep it or send it once more. */
const code = takeCode();

function takeCode(): string | null {
  const here = new URL(window.location.href);
  const found = here.searchParams.get(CONFIRM_QUERY);
  if (found === null) return null;
  here.searchParams.delete(CONFIRM_QUERY);
  window.history.replaceState(null, '', here);
  return found;
}

/**
 * Opened at the new address of the box, by the link that was given at the old one: that this page is here shows that the address can be
 * reached, and the code in the link says so to the box.
 */
export function confirmNetworkHere(): void {
  // why it was not confirmed is said by the page of the network, whose old address comes back
  if (code !== null) void told(api.POST('/api/v1/network/confirm', { body: { code } })).catch(() => undefined);
}
