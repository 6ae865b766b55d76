/** Run as a program: `serve|talk protocol address port holdMs`. Says `ready` once it serves, or once it was answered. */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const [role = '', protocol = '', address = '', portText = '', holdText = ''] = process.argv.slice(2);
const port = Number(portText);
const ready = (): void => console.log('ready');

const serve = (): void => {
  if (protocol === 'tcp')
    createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, address, ready);
  else {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.on('message', (message, from) => socket.send(message, from.port, from.address));
    socket.bind(port, address, ready);
  }
};

const talk = async (): Promise<void> => {
  const hold = async (close: () => void): Promise<void> => {
    ready();
    await sleep(Number(holdText));
    close();
  };
  if (protocol === 'tcp') {
    const socket = connect(port, address);
    socket.once('data', () => void hold(() => socket.destroy()));
    socket.write('hello\r\n\r\n');
  } else {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('message', () => void hold(() => socket.close()));
    socket.send('hello', port, address);
  }
};

if (role === 'serve') serve();
else await talk();
