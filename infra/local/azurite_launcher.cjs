// Starts Azurite with an autosave every 100 ms instead of every 5 s: metadata lives in memory until it is saved.
// A SIGKILL of Azurite can still lose the last 100 ms; SIGTERM loses nothing. Arguments are Azurite's own.
// With SLUICE_AZURITE_SAVES_FIRST nothing is acknowledged before it is saved: a SIGKILL then loses nothing, and
// everything takes longer, the more so the larger the database is.
"use strict";
const http = require("http");
const azurite = require.resolve("azurite/dist/src/azurite.js");
const Loki = require(require.resolve("lokijs", { paths: [azurite] }));

const databases = new Set();

const configure = Loki.prototype.configureOptions;
Loki.prototype.configureOptions = function (options, initial) {
  if (options && options.autosave) {
    options.autosaveInterval = 100;
    databases.add(this);
  }
  return configure.call(this, options, initial);
};

// A save takes its copy when it begins, so one that is under way may miss what came since: Loki then makes another,
// for all who asked meanwhile.
function saved() {
  const unsaved = [...databases].filter((each) => each.autosaveDirty() || each.throttledSavePending);
  return Promise.all(unsaved.map((each) => new Promise((resolve, reject) => {
    each.saveDatabase((error) => (error ? reject(error) : resolve()));
  })));
}

if (process.env.SLUICE_AZURITE_SAVES_FIRST) {
  const { write, end } = http.ServerResponse.prototype;
  const reads = (response) => ["GET", "HEAD"].includes(response.req.method);
  http.ServerResponse.prototype.write = function (...chunk) {
    if (reads(this)) return write.apply(this, chunk);
    (this.held ??= []).push(chunk);
    return true;
  };
  http.ServerResponse.prototype.end = function (...rest) {
    if (reads(this)) return end.apply(this, rest);
    saved().then(() => {
      for (const chunk of this.held ?? []) write.apply(this, chunk);
      end.apply(this, rest);
    }, () => this.destroy());
    return this;
  };
}

require(azurite);
