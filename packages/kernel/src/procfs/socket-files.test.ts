import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SocketRow } from '../socket-row.ts';
import { parseSocketFile, readSocketFiles } from './socket-files.ts';

const heading =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     \n';
const tcp = `${heading}   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 62125 1 0000000000000000 100 0 0 10 0
   1: 0202A8C0:C350 0100A8C0:01BB 01 00000000:00000000 00:00000000 00000000     0        0 62130 1 0000000000000000 20 4 30 10 -1
   2: 0202A8C0:C351 0100A8C0:01BB 06 00000000:00000000 03:00000A2B 00000000     0        0 0 3 0000000000000000
`;
const tcp6 = `${heading}   0: 00000000000000000000000001000000:D7D0 00000000000000000000000001000000:A367 01 00000000:00000000 00:00000000 00000000     0        0 62131 1
   1: 0000000000000000FFFF00000100007F:A44B 0000000000000000FFFF00000100007F:CB64 01 00000000:00000000 00:00000000 00000000     0        0 62132 1
`;

describe('parseSocketFile', () => {
  it('reads IPv4 sockets', () => {
    expect(parseSocketFile(tcp, 'tcp')).toMatchObject([
      { state: 'listening', local: { address: '127.0.0.1', port: 8080 }, uid: 1000, inode: 62_125, identity: 62_125 },
      {
        state: 'connected',
        local: { address: '192.168.2.2', port: 50_000 },
        peer: { address: '192.168.0.1', port: 443 },
      },
      { state: 'other', inode: 0 },
    ]);
  });

  it('reads IPv6 sockets, mapped ones as IPv4', () => {
    expect(parseSocketFile(tcp6, 'tcp').map((row) => row.local)).toEqual([
      { address: '::1', port: 55_248 },
      { address: '127.0.0.1', port: 42_059 },
    ]);
  });

  it('leaves out lines that are none', () => {
    expect(parseSocketFile('', 'tcp')).toEqual([]);
    expect(parseSocketFile('nonsense\n 0: XX:YY 00000000:0000 01\n 1: 0100007F:1F90\n', 'udp')).toEqual([]);
  });
});

describe('readSocketFiles', () => {
  it('reads what is there, up to the limit, and says when there was more', () => {
    const folder = mkdtempSync(join(tmpdir(), 'parapet-sockets-'));
    try {
      writeFileSync(join(folder, 'tcp'), tcp);
      writeFileSync(join(folder, 'udp'), heading);
      const rows: SocketRow[] = [];
      expect(readSocketFiles(folder, (row) => rows.push(row), 2)).toEqual({ ok: true, value: { complete: false } });
      expect(rows).toHaveLength(2);
      expect(readSocketFiles(folder, () => {}, 3)).toEqual({ ok: true, value: { complete: true } });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('fails when there is nothing to read', () => {
    expect(readSocketFiles('/nonexistent', () => {}, 10)).toMatchObject({ ok: false, error: { code: 'unreadable' } });
  });
});
