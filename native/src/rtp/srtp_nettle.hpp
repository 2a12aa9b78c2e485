// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

namespace cordboard::rtp {

/// Has libsrtp2 encrypt (AES-CM, RFC 3711 4.1.1, RFC 6188) and authenticate (HMAC-SHA1, RFC 3711 4.2.1) by Nettle. Debian's takes NSS for
/// them, which allocates, locks and looks up objects for every packet: half of what a packet cost. After srtp_init(), once. false: what
/// was there before stays, and works.
bool use_nettle();

}  // namespace cordboard::rtp
