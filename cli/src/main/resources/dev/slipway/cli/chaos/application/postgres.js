// A client of Postgres without packages, so that nothing has to be installed: TLS, SCRAM, simple queries.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';

const hmac = (key, text) => createHmac('sha256', key).update(text).digest();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest();

export async function connect(address) {
  const url = new URL(address);
  const plain = net.connect({ host: url.hostname, port: Number(url.port) });
  await once(plain, 'connect');
  plain.write(Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]));
  const [willing] = await once(plain, 'data');
  if (willing.toString() !== 'S') throw new Error('the server speaks no TLS');
  const socket = tls.connect({
    socket: plain,
    servername: url.hostname,
    ca: readFileSync(url.searchParams.get('sslrootcert')),
  });
  await once(socket, 'secureConnect');

  let rest = Buffer.alloc(0);
  let waiting = null;
  let lost = null;
  const messages = [];
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 5 && rest.length >= 1 + rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      messages.push({ type: String.fromCharCode(rest[0]), body: rest.subarray(5, end) });
      rest = rest.subarray(end);
    }
    wake();
  });
  const fail = (failure) => {
    lost = failure ?? new Error('the connection was lost');
    wake();
  };
  socket.on('error', fail);
  socket.on('close', () => fail());
  function wake() {
    if (waiting) {
      waiting();
      waiting = null;
    }
  }
  async function next() {
    while (messages.length === 0) {
      if (lost) throw lost;
      await new Promise((resolve) => (waiting = resolve));
    }
    const message = messages.shift();
    if (message.type === 'E') {
      const text = message.body.toString().split('\0').find((field) => field.startsWith('M'));
      throw Object.assign(new Error(text ? text.slice(1) : 'refused'), { server: true });
    }
    return message;
  }
  const send = (type, body) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(4 + body.length);
    socket.write(Buffer.concat([Buffer.from(type), length, body]));
  };
  const text = (value) => Buffer.from(value + '\0');

  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1));
  send('', Buffer.concat([Buffer.from([0, 3, 0, 0]), text('user'), text(user), text('database'), text(database), text('')]));

  // RFC 5802 without channel binding.
  let bare = '';
  let authenticated = '';
  for (;;) {
    const { type, body } = await next();
    if (type === 'Z') break;
    if (type !== 'R') continue;
    const kind = body.readInt32BE(0);
    if (kind === 10) {
      bare = `n=,r=${randomBytes(18).toString('base64')}`;
      const first = Buffer.from('n,,' + bare);
      const length = Buffer.alloc(4);
      length.writeInt32BE(first.length);
      send('p', Buffer.concat([text('SCRAM-SHA-256'), length, first]));
    } else if (kind === 11) {
      const challenge = body.subarray(4).toString();
      const part = (name) => challenge.split(',').find((it) => it.startsWith(name + '=')).slice(2);
      const salted = pbkdf2Sync(decodeURIComponent(url.password), Buffer.from(part('s'), 'base64'), Number(part('i')), 32, 'sha256');
      const key = hmac(salted, 'Client Key');
      const final = `c=biws,r=${part('r')}`;
      authenticated = `${bare},${challenge},${final}`;
      const signature = hmac(sha256(key), authenticated);
      const proof = key.map((byte, index) => byte ^ signature[index]);
      send('p', Buffer.from(`${final},p=${Buffer.from(proof).toString('base64')}`));
    }
  }

  return {
    /// The rows of the last statement, each an array of texts.
    async query(sql) {
      send('Q', text(sql));
      const rows = [];
      let failure = null;
      for (;;) {
        let message;
        try {
          message = await next();
        } catch (refusal) {
          if (!refusal.server) throw refusal;
          failure = refusal;
          continue;
        }
        if (message.type === 'D') rows.push(columns(message.body));
        if (message.type === 'Z') break;
      }
      if (failure) throw failure;
      return rows;
    },
    end() {
      send('X', Buffer.alloc(0));
      socket.end();
    },
  };
}

function columns(body) {
  const values = [];
  let at = 2;
  for (let i = body.readInt16BE(0); i > 0; i--) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.subarray(at, at + length).toString());
    at += Math.max(0, length);
  }
  return values;
}

function once(emitter, event) {
  return new Promise((resolve, reject) => {
    const failed = (failure) => reject(failure ?? new Error('the connection was closed'));
    emitter.once('error', failed);
    emitter.once('close', failed);
    emitter.once(event, (...values) => {
      emitter.off('error', failed);
      emitter.off('close', failed);
      resolve(values);
    });
  });
}
