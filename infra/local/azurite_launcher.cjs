// Starts Azurite with an autosave every 100 ms instead of every 5 s: metadata lives in memory until it is saved.
// A SIGKILL of Azurite can still lose the last 100 ms; SIGTERM loses nothing. Arguments are Azurite's own.
"use strict";
const azurite = require.resolve("azurite/dist/src/azurite.js");
const Loki = require(require.resolve("lokijs", { paths: [azurite] }));

const configure = Loki.prototype.configureOptions;
Loki.prototype.configureOptions = function (options, initial) {
  if (options && options.autosave) options.autosaveInterval = 100;
  return configure.call(this, options, initial);
};

require(azurite);
