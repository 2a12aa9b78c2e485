// SPDX-License-Identifier: GPL-2.0-or-later
'use strict';
module.exports = require('./build/Release/cordboard.node');
