'use strict';
// Runs before the application (NODE_OPTIONS=--require): ports it insists on become those it was given, on the loopback
// address only, and its admin server answers nobody but the platform.
const net = require('node:net');
const { timingSafeEqual } = require('node:crypto');

const ADMIN_PORT = 3001;
const ports = new Map(
  (process.env.SLIPWAY_PORTS || '').split(',').filter(Boolean).map((pair) => pair.split(':').map(Number)));
const bind = process.env.SLIPWAY_BIND || '127.0.0.1';
const token = Buffer.from(process.env.SLIPWAY_ADMIN_TOKEN || '');
const LOCAL = new Set(['localhost', '127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', '', undefined, null]);

function admitted(request) {
  const shown = Buffer.from(String(request.headers['x-slipway-admin'] || ''));
  return token.length > 0 && shown.length === token.length && timingSafeEqual(shown, token);
}

function guard(server) {
  const emit = server.emit;
  server.emit = function (event, ...rest) {
    if ((event === 'request' || event === 'checkContinue' || event === 'checkExpectation') && !admitted(rest[0])) {
      rest[1].statusCode = 403;
      rest[1].end();
      return true;
    }
    if ((event === 'upgrade' || event === 'connect') && !admitted(rest[0])) {
      rest[1].destroy();
      return true;
    }
    return emit.call(this, event, ...rest);
  };
}

// Arguments as net.connect() passes them on are an array already, marked by a symbol.
function mapped(args, change) {
  const list = Array.isArray(args[0]) ? args[0] : args;
  change(list);
  return args;
}

if (ports.size) {
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...args) {
    const first = args[0];
    const options = first !== null && typeof first === 'object';
    const wanted = Number(options ? first.port : first);
    const numeric = typeof first === 'number' || (typeof first === 'string' && /^\d+$/.test(first));
    if (options ? !first.path && first.fd === undefined && first.port !== undefined : numeric) {
      if (wanted === ADMIN_PORT && ports.has(wanted)) guard(this);
      if (ports.has(wanted) && options) {
        args[0] = { ...first, port: ports.get(wanted), host: bind };
      } else if (ports.has(wanted)) {
        args[0] = ports.get(wanted);
        if (typeof args[1] === 'string') args[1] = bind;
        else args.splice(1, args[1] === undefined || args[1] === null ? 1 : 0, bind);
      }
    }
    return listen.apply(this, args);
  };

  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    return connect.apply(this, mapped(args, (list) => {
      const first = list[0];
      if (first !== null && typeof first === 'object') {
        if (!first.path && ports.has(Number(first.port)) && LOCAL.has(first.host)) {
          list[0] = { ...first, port: ports.get(Number(first.port)), host: bind };
        }
      } else if (ports.has(Number(first)) && (typeof list[1] !== 'string' || LOCAL.has(list[1]))) {
        list[0] = ports.get(Number(first));
        if (typeof list[1] === 'string') list[1] = bind;
      }
    }));
  };
}
