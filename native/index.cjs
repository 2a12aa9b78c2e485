// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
// CORDBOARD_ADDON names another build of the addon (a sanitizer build, say).
module.exports = require(process.env.CORDBOARD_ADDON || './build/Release/cordboard.node');
