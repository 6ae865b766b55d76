import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordTypes } from './numbers.ts';
import { type AuditedStart, createStartRecords } from './start-records.ts';
import { writeArguments, writeText } from './testing/written-records.ts';

type Written = { readonly type: number; readonly text: string };

const call =
  'arch=c000003e syscall=59 success=yes exit=0 a0=560d88b38d50 a1=560d88b355c0 a2=560d88b3b0e0 a3=5dd7c8b2a91d686c items=2 ' +
  'ppid=27896 pid=28132 auid=4294967295 uid=1000 gid=100 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=4294967295 ' +
  'comm="passwd" exe="/usr/bin/passwd" key="parapet"';

/** The records of one start as Linux 6.18 makes them. */
const write = (serial: number, args: readonly string[] = ['passwd', '-S'], changed = call): readonly Written[] => {
  const at = `audit(1795921200.068:${serial}): `;
  return [
    { type: recordTypes.systemCall, text: at + changed },
    ...writeArguments(args).map((text) => ({ type: recordTypes.arguments, text: at + text })),
    { type: recordTypes.folder, text: `${at}cwd="/srv"` },
    { type: recordTypes.path, text: `${at}item=0 name="/bin/passwd" inode=24 dev=fe:00 mode=0104755 ouid=0 ogid=0` },
    { type: recordTypes.path, text: `${at}item=1 name="/lib64/ld.so" inode=32 dev=fe:00 mode=0100755 ouid=0 ogid=0` },
    { type: 1327, text: `${at}proctitle=736C6565700031` },
    { type: recordTypes.end, text: at },
  ];
};

const read = (records: readonly Written[], architecture = 'x64') => {
  const starts: AuditedStart[] = [];
  const assembly = createStartRecords((start) => starts.push(start), architecture);
  for (const { type, text } of records) assembly.take(type, text);
  return { starts, assembly };
};

describe('createStartRecords', () => {
  it('puts the records of a start together', () => {
    expect(read(write(7)).starts).toEqual([
      {
        ...{ atMs: 1_795_921_200_068, pid: 28_132, parentPid: 27_896, uid: 1000, gid: 100, effectiveUid: 0 },
        ...{ loginUid: undefined, sessionId: undefined, tty: 'pts0', comm: 'passwd', executable: '/usr/bin/passwd' },
        ...{ folder: '/srv', arguments: ['passwd', '-S'], isCut: false, isIncomplete: false, mode: 0o104755 },
      },
    ]);
  });

  it('reads names that hold anything', () => {
    const name = '/tmp/a "b" \n\u001b[31m uid=0 (deleted)';
    const changed = call.replace('"/usr/bin/passwd"', writeText(name)).replace('tty=pts0', 'tty=(none)');
    expect(read(write(7, ['x'], changed)).starts).toMatchObject([{ executable: name, tty: '', uid: 1000 }]);
  });

  it.each([
    ['a call that failed', call.replace('success=yes', 'success=no')],
    ['another call', call.replace('syscall=59', 'syscall=46')],
    ['a call of another processor', call.replace('c000003e', 'c00000b7')],
    ['a call of nobody', call.replace(' pid=28132', '')],
  ])('passes %s over', (_, changed) => {
    expect(read(write(7, ['x'], changed)).starts).toEqual([]);
  });

  it('reads calls of 32-bit programs and of the other processor', () => {
    const of32 = call.replace('c000003e', '40000003').replace('syscall=59', 'syscall=11');
    expect(read(write(7, ['x'], of32)).starts).toHaveLength(1);
    const ofArm = call.replace('c000003e', 'c00000b7').replace('syscall=59', 'syscall=221');
    expect(read(write(7, ['x'], ofArm), 'arm64').starts).toHaveLength(1);
  });

  it('says of a start that lost its arguments that it is not all, and does without the rest', () => {
    const records = write(7);
    for (const [index, lost] of records.entries()) {
      const { starts, assembly } = read(records.filter((_, at) => at !== index));
      assembly.expire();
      assembly.expire();
      if (lost.type === recordTypes.systemCall) expect(starts).toEqual([]);
      else {
        const folder = lost.type === recordTypes.folder ? undefined : '/srv';
        expect(starts).toMatchObject([{ pid: 28_132, folder, isIncomplete: lost.type === recordTypes.arguments }]);
      }
      expect(assembly.waiting()).toBe(0);
    }
  });

  it('keeps those apart that come in each other’s midst', () => {
    const events = Array.from({ length: 6 }, (_, index) =>
      write(100 + index, [`program-${index}`], call.replace('pid=28132', `pid=${500 + index}`)),
    );
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(5)), (turns) => {
        const left = events.map((records) => [...records]);
        const mixed: Written[] = [];
        while (left.some((records) => records.length > 0)) {
          const next = left[turns.next().value ?? 0]?.shift() ?? left.find((records) => records.length > 0)?.shift();
          if (next !== undefined) mixed.push(next);
        }
        const { starts } = read(mixed);
        expect(starts).toHaveLength(6);
        for (const start of starts)
          expect(start).toMatchObject({ arguments: [`program-${start.pid - 500}`], isIncomplete: false });
      }),
    );
  });

  it('waits for no more than it can hold', () => {
    const { starts, assembly } = read(Array.from({ length: 2000 }, (_, serial) => write(serial).slice(0, 1)).flat());
    expect(assembly.waiting()).toBeLessThanOrEqual(512);
    expect(starts.length + assembly.waiting()).toBe(2000);
    expect(starts.every(({ isIncomplete }) => isIncomplete)).toBe(true);
  });

  it('reads any text without an error', () => {
    const type = fc.constantFrom(...Object.values(recordTypes));
    const text = fc.oneof(
      fc.string({ maxLength: 200 }),
      fc
        .string({ unit: fc.constantFrom('a', '0', '1', '_len=', '=', '"', ' ', '[', ']', 'pid='), maxLength: 60 })
        .map((tail) => `audit(1.000:1): ${tail}`),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ type, text }), { maxLength: 20 }), (records) => {
        expect(read(records).assembly.waiting()).toBeLessThanOrEqual(20);
      }),
    );
  });
});
